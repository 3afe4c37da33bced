"""Schemas and examples of coupons and rewards in the format of Phoenix, for OpenAPI."""

from typing import Any

from marshmallow import fields

from coupon_core.domain.models import CouponStatus
from coupon_core.schemas.base import ResponseSchema
from coupon_core.schemas.fields import ChoiceField

# The examples of the Phoenix specification.
EXAMPLE_REWARD_ITEM: dict[str, Any] = {
    "item_id": "550e8400-e29b-41d4-a716-446655440000",
    "name": "100 Bonus Points",
    "description": "Grants 100 bonus points to the user",
    "reward_type": "points",
    "payload": {"amount": 100},
}
EXAMPLE_COUPON: dict[str, Any] = {
    "id": "770e8400-e29b-41d4-a716-446655440002",
    "definition_id": "660e8400-e29b-41d4-a716-446655440001",
    "definition_name": "Welcome Bonus",
    "tenant_id": "your-tenant-id",
    "user_id": "user_123",
    "code": "WELCOME8X4F2K9P",
    "status": "active",
    "generated_at": "2025-01-15T10:00:00Z",
    "expires_at": "2025-12-31T23:59:59Z",
    "redeemed_at": None,
    "redemption_count": 0,
    "coupon_type": "reward",
    "reward_item": EXAMPLE_REWARD_ITEM,
}
EXAMPLE_DEFINITION: dict[str, Any] = {
    "id": "660e8400-e29b-41d4-a716-446655440001",
    "tenant_id": "your-tenant-id",
    "name": "Welcome Bonus",
    "description": "Welcome bonus for new users",
    "config": {
        "reward_item_id": "550e8400-e29b-41d4-a716-446655440000",
        "code_format": "random",
        "code_prefix": "WELCOME",
        "code_length": 8,
        "case_sensitive": False,
        "usage_limit": {"limit_type": "per_user", "max_uses": 1},
    },
    "status": "active",
}


class RewardItemSchema(ResponseSchema):
    """The reward that a redemption grants."""

    item_id = fields.UUID(required=True)
    name = fields.String(required=True)
    description = fields.String(required=True)
    reward_type = fields.String(required=True)
    payload = fields.Dict(required=True)


class CouponSchema(ResponseSchema):
    """A coupon in the format of Phoenix."""

    id = fields.UUID(required=True, metadata={"description": "Coupon ID."})
    definition_id = fields.UUID(required=True)
    definition_name = fields.String(required=True)
    tenant_id = fields.String(required=True)
    user_id = fields.String(required=True, allow_none=True)
    code = fields.String(required=True)
    status = ChoiceField(*CouponStatus, required=True)
    generated_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True, allow_none=True)
    redeemed_at = fields.DateTime(required=True, allow_none=True)
    redemption_count = fields.Integer(required=True)
    coupon_type = fields.String(required=True)
    reward_item = fields.Nested(RewardItemSchema, required=True)


class CouponsSchema(ResponseSchema):
    """A page of coupons and the number of all matches."""

    coupons = fields.List(fields.Nested(CouponSchema), required=True)
    total = fields.Integer(required=True)
