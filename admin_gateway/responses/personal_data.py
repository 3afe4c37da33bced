"""Response schemas and examples of the export and the erasure of personal data."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from coupon_core.schemas.base import Document, ResponseSchema
from coupon_core.schemas.fields import UtcDateTime
from coupon_core.services.privacy.personal_data import Erasure

EXPORT: dict[str, Any] = {
    "user_id": "user_123",
    "exported_at": "2025-01-16T10:00:00Z",
    "data": {
        "wallet": [
            {
                "user_id": "user_123",
                "point_id": "gold",
                "balance": 5,
                "updated_at": "2025-01-15T10:00:00Z",
            }
        ]
    },
}
ERASURE: dict[str, Any] = {
    "pseudonym": "erased-0f3c5a7d9b1e24680f3c5a7d9b1e2468",
    "rows": {"coupon": 2, "redemption": 1},
    "documents": 3,
    "dry_run": False,
}


class PersonalDataSchema(ResponseSchema):
    """Everything that is stored about a user."""

    example = EXPORT

    user_id = fields.String(required=True)
    exported_at = UtcDateTime(
        required=True, metadata={"description": "Time of the export."}
    )
    data = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.Dict()),
        required=True,
        metadata={"description": "Rows by the name of their table."},
    )


class ErasureSchema(ResponseSchema):
    """What an erasure has changed, or would change (`dry_run`)."""

    example = ERASURE

    pseudonym = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Replaces the user ID; null with `dry_run`."},
    )
    rows = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        required=True,
        metadata={"description": "Number of changed rows by the name of their table."},
    )
    documents = fields.Integer(
        required=True,
        metadata={
            "description": "Number of rewritten events and deliveries; 0 if `dry_run`."
        },
    )
    dry_run = fields.Boolean(
        required=True, metadata={"description": "True if nothing was changed."}
    )


def to_erasure_document(erasure: Erasure) -> Document:
    """Return an erasure as the value of `ErasureSchema`."""
    return {
        "pseudonym": erasure.pseudonym,
        "rows": dict(erasure.row_counts),
        "documents": erasure.document_count,
        "dry_run": False,
    }


def to_preview_document(row_counts: Mapping[str, int]) -> Document:
    """Return what an erasure would change as the value of `ErasureSchema`."""
    return {"pseudonym": None, "rows": row_counts, "documents": 0, "dry_run": True}
