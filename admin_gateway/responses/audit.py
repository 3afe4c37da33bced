"""Responses for entries of the audit log: serializer, schemas, examples."""

from typing import Any

from marshmallow import fields

from coupon_core.domain.models.audit import AuditEntry
from coupon_core.domain.timestamps import format_timestamp
from coupon_core.schemas.base import LenientSchema

AUDIT_ENTRY: dict[str, Any] = {
    "entry_id": "01936f2e-7e4f-7f61-8d88-5b8d9d40cc43",
    "happened_at": "2025-01-15T10:00:00Z",
    "actor": "880e8400-e29b-41d4-a716-446655440003",
    "action": "definition.changed",
    "object_id": "660e8400-e29b-41d4-a716-446655440001",
    "request_id": "5f115e26645805f7e9306f6a",
    "detail": {"changed": ["expires_at", "total_limit"]},
}
AUDIT_ENTRIES = {"entries": [AUDIT_ENTRY], "total": 1}


def serialize_audit_entry(entry: AuditEntry) -> dict[str, Any]:
    """Return an entry of the audit log as JSON."""
    return {
        "entry_id": entry.entry_id,
        "happened_at": format_timestamp(entry.happened_at),
        "actor": entry.actor,
        "action": entry.action,
        "object_id": entry.object_id,
        "request_id": entry.request_id,
        "detail": dict(entry.detail),
    }


class AuditEntrySchema(LenientSchema):
    """One audited action."""

    entry_id = fields.UUID(required=True)
    happened_at = fields.DateTime(required=True)
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


class AuditEntryListSchema(LenientSchema):
    """A page of audit entries, and the number of all matches."""

    entries = fields.List(fields.Nested(AuditEntrySchema), required=True)
    total = fields.Integer(required=True)
