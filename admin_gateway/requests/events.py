"""Parsers of milestones that services send over HTTP (docs/api-contracts.md 0.17)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from marshmallow import ValidationError

from admin_gateway.requests.milestones import MILESTONE_SCHEMAS
from coupon_core.domain.models import AuthReason, Milestone, Refused
from coupon_core.schemas.base import StrictSchema
from coupon_core.schemas.fields import StrictList, StrictObject
from coupon_core.schemas.milestone_events import parse_milestone

MAX_EVENTS = 100

Document = Mapping[str, Any]
ReceivedEvent = tuple[Milestone, Document]

# The member `specversion` distinguishes the envelopes.
ANY_MILESTONE_SCHEMA: Mapping[str, Any] = {"anyOf": MILESTONE_SCHEMAS}
MILESTONE_REFERENCES = [
    {"$ref": f"#/components/schemas/{schema.__name__}"} for schema in MILESTONE_SCHEMAS
]


class EventBatchSchema(StrictSchema):
    """Up to 100 events, each in either envelope."""

    events = StrictList(
        StrictObject(metadata={"anyOf": MILESTONE_REFERENCES}),
        required=True,
        min_length=1,
        max_length=MAX_EVENTS,
    )


def parse_event(document: Document, tenant_id: str, now: datetime) -> ReceivedEvent:
    """Return the milestone in an event, and the event with its tenant id added.

    Raises:
        ValidationError: The event is invalid.
        Refused: The event names another tenant.
    """
    milestone = parse_milestone(document, now, tenant_id=tenant_id)
    if milestone.tenant_id != tenant_id:
        raise Refused(AuthReason.WRONG_TENANT)
    name = "tenantid" if "specversion" in document else "tenant_id"
    return milestone, {**document, name: tenant_id}


def parse_events(
    documents: Sequence[Document], tenant_id: str, now: datetime
) -> list[ReceivedEvent]:
    """Return all milestones with their events.

    Raises:
        ValidationError: At least one event is invalid; names the errors of all.
        Refused: An event names another tenant.
    """
    events: list[ReceivedEvent] = []
    errors: dict[int, Any] = {}
    for index, document in enumerate(documents):
        try:
            events.append(parse_event(document, tenant_id, now=now))
        except ValidationError as error:
            errors[index] = error.messages
    if errors:
        raise ValidationError({"events": errors})
    return events
