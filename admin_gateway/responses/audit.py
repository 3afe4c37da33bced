"""Responses for entries of the audit log: schemas and examples."""

from typing import Any

from marshmallow import fields

from coupon_core.schemas.base import ResponseSchema, Serializer
from coupon_core.schemas.fields import UtcDateTime
from coupon_core.schemas.response_fields import NullableString, build_list_schema

AUDIT_ENTRY: dict[str, Any] = {
    "entry_id": "01936f2e-7e4f-7f61-8d88-5b8d9d40cc43",
    "happened_at": "2025-01-15T10:00:00Z",
    "actor": "880e8400-e29b-41d4-a716-446655440003",
    "actor_name": "key:Marketing",
    "action": "definition.changed",
    "object_id": "660e8400-e29b-41d4-a716-446655440001",
    "object_name": "Summer sale",
    "request_id": "5f115e26645805f7e9306f6a",
    "detail": {"changed": ["expires_at", "total_limit"]},
    "changes": {
        "expires_at": {"from": None, "to": "2025-12-31T23:59:59Z"},
        "total_limit": {"from": 100, "to": 250},
    },
}


class AuditEntrySchema(ResponseSchema):
    """One audited action."""

    example = AUDIT_ENTRY

    entry_id = fields.UUID(required=True)
    happened_at = UtcDateTime(required=True)
    actor = fields.String(
        required=True,
        metadata={
            "description": "ID of an API key, or cli, system, server (the tenant's)."
        },
    )
    actor_name = fields.String(
        required=True,
        attribute="actor_label",
        metadata={
            "description": "key:NAME with the name of the key then, os:USER for the "
            "operating system's user of couponctl, otherwise as actor."
        },
    )
    action = fields.String(
        required=True, metadata={"description": "Action as noun.past_participle."}
    )
    object_id = fields.String(
        required=True,
        metadata={"description": "ID of the changed object; may be empty."},
    )
    object_name = NullableString(
        metadata={"description": "Name of the object at that time, if it has one."}
    )
    request_id = fields.String(
        required=True,
        metadata={"description": "X-Request-Id; empty for actions outside HTTP."},
    )
    detail = fields.Dict(required=True)
    changes = fields.Dict(
        required=True,
        metadata={
            "description": "Values as from and to, of the members that changed or that "
            "a new or deleted object had. Codes and queries of URLs are masked; long "
            "values are replaced by (too long). Empty in entries of earlier releases."
        },
    )


AuditEntryListSchema = build_list_schema("AuditEntryList", entries=AuditEntrySchema)
serialize_audit_entry: Serializer = AuditEntrySchema().dump
