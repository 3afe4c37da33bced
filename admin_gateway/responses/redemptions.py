"""Response schemas and examples of redemptions."""

from typing import Any

from marshmallow import fields

from coupon_core.domain.models import Dialect, RedemptionRecord
from coupon_core.schemas.base import Document, ResponseSchema, Serializer
from coupon_core.schemas.fields import ChoiceField, UtcDateTime
from coupon_core.schemas.metadata import MetadataField
from coupon_core.schemas.phoenix_documents import EXAMPLE_COUPON

REDEMPTION: dict[str, Any] = {
    "redemption_id": 245883838423042,
    "coupon_id": EXAMPLE_COUPON["id"],
    "definition_id": EXAMPLE_COUPON["definition_id"],
    "code": EXAMPLE_COUPON["code"],
    "user_id": "user_123",
    "dialect": "phoenix",
    "reference": "order-4711",
    "metadata": {"shop": "berlin"},
    "redeemed_at": "2025-01-15T14:30:00Z",
    "reversed_at": None,
    "reversal_reason": None,
}
REVERSED_REDEMPTION = {
    **REDEMPTION,
    "reversed_at": "2025-01-16T09:00:00Z",
    "reversal_reason": "Order cancelled",
}
REDEMPTION_PAGE = {"redemptions": [REDEMPTION], "next": None, "has_more": False}


class RedemptionSchema(ResponseSchema):
    """One use of a coupon."""

    example = REDEMPTION

    redemption_id = fields.Integer(required=True)
    coupon_id = fields.UUID(required=True)
    definition_id = fields.UUID(required=True)
    code = fields.String(required=True)
    user_id = fields.String(required=True)
    dialect = ChoiceField(*Dialect, required=True)
    reference = fields.String(required=True, allow_none=True)
    metadata = MetadataField(required=True)
    redeemed_at = UtcDateTime(required=True)
    reversed_at = UtcDateTime(
        required=True,
        allow_none=True,
        metadata={"description": "When the use was given back; null if it was not."},
    )
    reversal_reason = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "Why the use was given back; null if it was not."},
    )


class RedemptionPageSchema(ResponseSchema):
    """A page of redemptions, newest first; `next` is the cursor of the next page."""

    example = REDEMPTION_PAGE

    redemptions = fields.List(fields.Nested(RedemptionSchema), required=True)
    next = fields.String(required=True, allow_none=True)
    has_more = fields.Boolean(
        required=True, metadata={"description": "True if there is another page."}
    )


serialize_redemption: Serializer = RedemptionSchema().dump


def to_redemption_page(
    page: tuple[list[RedemptionRecord], int | None],
) -> Document:
    """Return a page of redemptions as the value of `RedemptionPageSchema`."""
    rows, last_id = page
    return {
        "redemptions": rows,
        "next": None if last_id is None else str(last_id),
        "has_more": last_id is not None,
    }
