"""What each milestone looks like in either envelope, as documents tell it."""

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from coupon_core.domain.models import MILESTONE_TYPES
from coupon_core.schemas.fields import Choice, StrictNested
from coupon_core.schemas.identifiers import TenantId
from coupon_core.schemas.milestone_events import DATA, CloudEvent, PhoenixEvent

CLOUD, PHOENIX = "", ".phoenix"
# Both envelopes, and what they call an event's type, its data and its tenant.
ENVELOPES: Mapping[str, tuple[type[Schema], str, str, str]] = {
    CLOUD: (CloudEvent, "type", "data", "tenantid"),
    PHOENIX: (PhoenixEvent, "event_type", "attributes", "tenant_id"),
}


def milestone_shape(
    event_type: str, envelope: str, *, tells_tenant: bool
) -> type[Schema]:
    """An envelope for one type of milestone; on the bus it must tell its tenant."""
    base, type_name, data_name, tenant_name = ENVELOPES[envelope]
    data = type(DATA[MILESTONE_TYPES[event_type]][0])
    members: dict[str, fields.Field[Any]] = {
        type_name: Choice(event_type, required=True),
        data_name: StrictNested(data, required=True),
        tenant_name: TenantId(required=tells_tenant),
    }
    return shaped(base, event_type + envelope, members)


def shaped(
    base: type[Schema], name: str, members: Mapping[str, fields.Field[Any]]
) -> type[Schema]:
    """A schema with more members than `base`, and its sentence."""
    made = base.from_dict(dict(members), name=word(name))
    made.__doc__ = base.__doc__
    return made


def word(name: str) -> str:
    """One word for an event, such as StreakMilestoneReached."""
    return "".join(part.capitalize() for part in re.split(r"[._]", name))


# Over HTTP the API key tells the tenant.
SHAPES = [
    milestone_shape(event_type, envelope, tells_tenant=False)
    for event_type in MILESTONE_TYPES
    for envelope in ENVELOPES
]
