"""Responses for entries of the audit log: schemas and examples."""

from typing import Any

from marshmallow import fields

from coupon_core.schemas.base import ResponseSchema, Serializer
from coupon_core.schemas.fields import UtcDateTime
from coupon_core.schemas.response_fields import build_list_schema

AUDIT_ENTRY: dict[str, Any] = {
    "entry_id": "01936f2e-7e4f-7f61-8d88-5b8d9d40cc43",
    "happened_at": "2025-01-15T10:00:00Z",
    "actor": "880e8400-e29b-41d4-a716-446655440003",
    "action": "definition.changed",
    "object_id": "660e8400-e29b-41d4-a716-446655440001",
    "request_id": "5f115e26645805f7e9306f6a",
    "detail": {"changed": ["expires_at", "total_limit"]},
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
    action = fields.String(
        required=True, metadata={"description": "Action as noun.past_participle."}
    )
    object_id = fields.String(
        required=True,
        metadata={"description": "ID of the changed object; may be empty."},
    )
    request_id = fields.String(
        required=True,
        metadata={"description": "X-Request-Id; empty for actions outside HTTP."},
    )
    detail = fields.Dict(required=True)


AuditEntryListSchema = build_list_schema("AuditEntryList", entries=AuditEntrySchema)
serialize_audit_entry: Serializer = AuditEntrySchema().dump
