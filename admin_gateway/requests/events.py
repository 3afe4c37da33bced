"""Milestones as other services send them over HTTP (CONTRACTS 0.17)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from marshmallow import ValidationError

from admin_gateway.requests.milestones import SHAPES
from coupon_core.domain.models import AuthReason, Milestone, Refused
from coupon_core.schemas.base import Strict
from coupon_core.schemas.fields import StrictList, StrictObject
from coupon_core.schemas.milestone_events import milestone_of

MOST_EVENTS = 100

Document = Mapping[str, Any]
Taken = tuple[Milestone, Document]

# Which envelope it is, `specversion` tells.
ANY_MILESTONE: Mapping[str, Any] = {"anyOf": SHAPES}
REFERENCES = [{"$ref": f"#/components/schemas/{one.__name__}"} for one in SHAPES]


class EventBatch(Strict):
    """Up to a hundred events, of either envelope."""

    events = StrictList(
        StrictObject(metadata={"anyOf": REFERENCES}),
        required=True,
        least=1,
        most=MOST_EVENTS,
    )


def read_event(document: Document, tenant_id: str, now: datetime) -> Taken:
    """The milestone in an event and the event itself, which says its tenant.

    ValidationError; Refused when the event is another tenant's.
    """
    milestone = milestone_of(document, now, tenant_id)
    if milestone.tenant_id != tenant_id:
        raise Refused(AuthReason.WRONG_TENANT)
    name = "tenantid" if "specversion" in document else "tenant_id"
    return milestone, {**document, name: tenant_id}


def read_events(
    documents: Sequence[Document], tenant_id: str, now: datetime
) -> list[Taken]:
    """All of them, or one ValidationError for all that is wrong."""
    taken: list[Taken] = []
    wrong: dict[int, Any] = {}
    for number, document in enumerate(documents):
        try:
            taken.append(read_event(document, tenant_id, now))
        except ValidationError as error:
            wrong[number] = error.messages
    if wrong:
        raise ValidationError({"events": wrong})
    return taken
