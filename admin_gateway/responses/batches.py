"""How batches and the room for codes stand in the OpenAPI document."""

from typing import Any

from marshmallow import fields

from coupon_core.domain.models.batches import BatchKind, BatchState
from coupon_core.schemas.base import LenientSchema
from coupon_core.schemas.fields import ChoiceField

NEW_BATCH: dict[str, Any] = {
    "batch_id": "aa0e8400-e29b-41d4-a716-446655440005",
    "tenant_id": "your-tenant-id",
    "definition_id": "770e8400-e29b-41d4-a716-446655440002",
    "kind": "count",
    "state": "pending",
    "requested": 1_000_000,
    "generated": 0,
    "rate_per_second": None,
    "eta_seconds": None,
    "error": None,
    "expires_at": None,
    "created_at": "2025-01-15T10:00:00Z",
    "started_at": None,
    "updated_at": "2025-01-15T10:00:00Z",
    "finished_at": None,
}
BATCH = {
    **NEW_BATCH,
    "state": "running",
    "generated": 400_000,
    "rate_per_second": 80_000.0,
    "eta_seconds": 7.5,
    "started_at": "2025-01-15T10:00:01Z",
    "updated_at": "2025-01-15T10:00:06Z",
}
CANCELLED_BATCH = {
    **BATCH,
    "state": "cancelled",
    "eta_seconds": None,
    "finished_at": "2025-01-15T10:00:06Z",
}
BATCHES = {"batches": [BATCH], "total": 1}


class BatchSchema(LenientSchema):
    """Coupons that were asked for at once and are made by workers."""

    batch_id = fields.UUID(required=True)
    tenant_id = fields.String(required=True)
    definition_id = fields.UUID(required=True)
    kind = ChoiceField(*BatchKind, required=True)
    state = ChoiceField(*BatchState, required=True)
    requested = fields.Integer(required=True)
    generated = fields.Integer(
        required=True,
        metadata={"description": "Users who held a custom code keep theirs."},
    )
    rate_per_second = fields.Float(required=True, allow_none=True)
    eta_seconds = fields.Float(required=True, allow_none=True)
    error = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Why it failed, or what it waits for."},
    )
    expires_at = fields.DateTime(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    started_at = fields.DateTime(required=True, allow_none=True)
    updated_at = fields.DateTime(required=True)
    finished_at = fields.DateTime(required=True, allow_none=True)


class BatchListSchema(LenientSchema):
    """Batches and how many match in all."""

    batches = fields.List(fields.Nested(BatchSchema), required=True)
    total = fields.Integer(required=True)


CAPACITY: dict[str, Any] = {
    "definition_id": NEW_BATCH["definition_id"],
    "space": 852_891_037_441,
    "limit": 426_445_518_720,
    "used": 400_000,
    "reserved": 600_000,
    "remaining": 426_444_518_720,
    "used_share": 4.7e-07,
    "one_guess_in": 2_132_227,
}


class CodeCapacitySchema(LenientSchema):
    """How full a code space is; half of it may be used up."""

    definition_id = fields.UUID(required=True)
    space = fields.Integer(required=True)
    limit = fields.Integer(required=True)
    used = fields.Integer(required=True)
    reserved = fields.Integer(
        required=True,
        metadata={"description": "What unfinished batches will still make."},
    )
    remaining = fields.Integer(required=True)
    used_share = fields.Float(required=True)
    one_guess_in = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "Of so many guesses of the right form one hits."},
    )
