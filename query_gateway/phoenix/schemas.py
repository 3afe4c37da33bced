"""How the Phoenix endpoints stand in the OpenAPI document: parameters, examples."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from coupon_core.domain.identifiers import LONGEST_USER_ID
from coupon_core.domain.models import CouponStatus
from coupon_core.schemas.base import Page, Tolerant
from coupon_core.schemas.fields import Choice
from coupon_core.schemas.identifiers import (
    TENANT_ID,
    USER_ID,
    UUID,
    UserId,
)
from coupon_core.schemas.phoenix_documents import COUPON, DEFINITION, Coupon

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
# What the parts of the paths look like; any other code is simply not found.
PATH_PARTS: Mapping[str, Mapping[str, Any]] = {
    "tenant_id": {"type": "string", "pattern": TENANT_ID},
    "user_id": {"type": "string", "pattern": USER_ID, "maxLength": LONGEST_USER_ID},
    "coupon_id": {"type": "string", "pattern": UUID},
}
REDEEMED = {
    **COUPON,
    "status": "redeemed",
    "redeemed_at": "2025-01-15T14:30:00Z",
    "redemption_count": 1,
}


def parameters_of(rule: str) -> list[dict[str, Any]]:
    """The parts of a rule that have a form of their own, as OpenAPI parameters."""
    return [
        {"name": name, "in": "path", "required": True, "schema": dict(schema)}
        for name, schema in PATH_PARTS.items()
        if f"{name}>" in rule
    ]


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
