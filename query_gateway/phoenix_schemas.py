"""How the Phoenix endpoints stand in the OpenAPI document: parameters, examples."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from coupon_core.model import CouponStatus
from coupon_core.web.fields import Choice
from coupon_core.web.identifiers import UserId
from coupon_core.web.schemas import Page, Tolerant

SECURITY: Mapping[str, Any] = {
    "tenantToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "HS256 with the tenant secret; claims sub (the user), "
        'sub_type "tenant", sub_id (the tenant), iat, exp.',
    },
    "tenantSignature": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Signature",
        "description": "hmac-sha256=<hex> over METHOD, PATH, TIMESTAMP and BODY joined "
        "by line ends, with X-Tenant-Id and X-Timestamp; only where the tenant is in "
        "the path.",
    },
}
REWARD_ITEM = {
    "item_id": "550e8400-e29b-41d4-a716-446655440000",
    "name": "100 Bonus Points",
    "description": "Grants 100 bonus points to the user",
    "reward_type": "points",
    "payload": {"amount": 100},
}
COUPON = {
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
    "reward_item": REWARD_ITEM,
}
REDEEMED = {
    **COUPON,
    "status": "redeemed",
    "redeemed_at": "2025-01-15T14:30:00Z",
    "redemption_count": 1,
}
DEFINITION = {
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


class RewardItem(Tolerant):
    """What a redemption grants."""

    item_id = fields.UUID(required=True)
    name = fields.String(required=True)
    description = fields.String(required=True)
    reward_type = fields.String(required=True)
    payload = fields.Dict(required=True)


class Coupon(Tolerant):
    """A coupon as the documents print it."""

    id = fields.UUID(required=True)
    definition_id = fields.UUID(required=True)
    definition_name = fields.String(required=True)
    tenant_id = fields.String(required=True)
    user_id = fields.String(required=True, allow_none=True)
    code = fields.String(required=True)
    status = Choice(*CouponStatus, required=True)
    generated_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True, allow_none=True)
    redeemed_at = fields.DateTime(required=True, allow_none=True)
    redemption_count = fields.Integer(required=True)
    coupon_type = fields.String(required=True)
    reward_item = fields.Nested(RewardItem, required=True)


class Definition(Tolerant):
    """A definition as players see it."""

    id = fields.UUID(required=True)
    tenant_id = fields.String(required=True)
    name = fields.String(required=True)
    description = fields.String(required=True)
    config = fields.Dict(required=True)
    status = fields.String(required=True)


class Definitions(Tolerant):
    """Definitions and how many there are in all."""

    definitions = fields.List(fields.Nested(Definition), required=True)
    total = fields.Integer(required=True)


class Coupons(Tolerant):
    """A user's coupons and how many match in all."""

    coupons = fields.List(fields.Nested(Coupon), required=True)
    total = fields.Integer(required=True)


class Redemptions(Tolerant):
    """A user's redeemed coupons and how many there are in all."""

    redemptions = fields.List(fields.Nested(Coupon), required=True)
    total = fields.Integer(required=True)


class Validation(Tolerant):
    """Whether a code can be redeemed, and what it stands for."""

    valid = fields.Boolean(required=True)
    coupon = fields.Nested(Coupon, required=True, allow_none=True)
    definition = fields.Nested(Definition, required=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)


class ForUser(Tolerant):
    """Whom a tenant's server asks for; a user's own token says it already."""

    user_id = UserId(
        metadata={"description": "The user to validate for (tenant-wide callers)."}
    )


class RedeemBody(Tolerant):
    """Who redeems."""

    user_id = UserId(required=True)


class CouponPage(Page):
    """A page of a user's coupons, of one status if wanted."""

    status = Choice(
        *CouponStatus, metadata={"description": "Only coupons of this status."}
    )


EXAMPLES: Mapping[str, Any] = {
    "definitions": {"definitions": [DEFINITION], "total": 1},
    "coupons": {"coupons": [COUPON], "total": 1},
    "redemptions": {"redemptions": [REDEEMED], "total": 1},
}
VALIDATIONS: Mapping[str, Any] = {
    "valid": {
        "value": {"valid": True, "coupon": COUPON, "definition": None, "error": None}
    },
    "invalid": {
        "value": {
            "valid": False,
            "coupon": None,
            "definition": None,
            "error": "Coupon has expired",
        }
    },
}
