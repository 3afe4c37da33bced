"""Schemas of each milestone in each envelope, for the API documents."""

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from coupon_core.domain.models import MILESTONE_TYPES
from coupon_core.schemas.fields import ChoiceField
from coupon_core.schemas.identifiers import TenantIdField
from coupon_core.schemas.milestone_events import (
    DATA_READERS,
    CloudEventSchema,
    PhoenixEventSchema,
)
from coupon_core.schemas.nested_fields import StrictNested

CLOUD_EVENT_SUFFIX = ""
PHOENIX_EVENT_SUFFIX = ".phoenix"
# Both envelopes, and their member names for the type, the data and the tenant.
ENVELOPES: Mapping[str, tuple[type[Schema], str, str, str]] = {
    CLOUD_EVENT_SUFFIX: (CloudEventSchema, "type", "data", "tenantid"),
    PHOENIX_EVENT_SUFFIX: (PhoenixEventSchema, "event_type", "attributes", "tenant_id"),
}


def build_milestone_schema(
    event_type: str, envelope: str, *, requires_tenant: bool
) -> type[Schema]:
    """Return the schema of one milestone type in one envelope.

    On the broker an event must name its tenant (`requires_tenant`).
    """
    base, type_name, data_name, tenant_name = ENVELOPES[envelope]
    data = type(DATA_READERS[MILESTONE_TYPES[event_type]][0])
    members: dict[str, fields.Field[Any]] = {
        type_name: ChoiceField(event_type, required=True),
        data_name: StrictNested(data, required=True),
        tenant_name: TenantIdField(required=requires_tenant),
    }
    return extend_schema(base, event_type + envelope, members=members)


def extend_schema(
    base: type[Schema], name: str, members: Mapping[str, fields.Field[Any]]
) -> type[Schema]:
    """Return a schema with additional members and the docstring of `base`."""
    schema = base.from_dict(dict(members), name=to_class_name(name))
    schema.__doc__ = base.__doc__
    return schema


def to_class_name(name: str) -> str:
    """Return an event name as one word, such as StreakMilestoneReached."""
    return "".join(part.capitalize() for part in re.split(r"[._]", name))


# Over HTTP the API key identifies the tenant.
MILESTONE_SCHEMAS = [
    build_milestone_schema(event_type, envelope, requires_tenant=False)
    for event_type in MILESTONE_TYPES
    for envelope in ENVELOPES
]
