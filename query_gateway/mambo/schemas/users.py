"""Schemas of Mambo users and the coupons they hold (docs/api-contracts.md 4.2)."""

from typing import Any

from marshmallow import fields

from coupon_core.schemas.base import LenientSchema, StrictSchema
from coupon_core.schemas.fields import (
    ChoiceField,
    StrictBoolean,
    StrictList,
    StrictObject,
)
from coupon_core.schemas.identifiers import UserIdField
from query_gateway.mambo.schemas.coupons import (
    EXAMPLE_COUPON,
    MamboCouponSchema,
)
from query_gateway.mambo.schemas.fields import TagField

EXAMPLE_USER_ID = "john@doe.com"
EXAMPLE_USER_BODY = {
    "uuid": EXAMPLE_USER_ID,
    "isMember": True,
    "details": {"firstName": "John"},
}
EXAMPLE_USER: dict[str, Any] = {
    **EXAMPLE_USER_BODY,
    "tagTags": [],
    "points": [{"pointId": "gold", "balance": 350}],
    "createdOn": "2025-01-15T10:00:00.000Z",
    "updatedOn": "2025-01-15T10:00:00.000Z",
}


class MamboUserChangesSchema(StrictSchema):
    """Changes to a user."""

    isMember = StrictBoolean(attribute="is_member")
    details = StrictObject()
    tagTags = StrictList(TagField(), max_length=100, attribute="tags")


class MamboUserBodySchema(MamboUserChangesSchema):
    """A user to register."""

    uuid = UserIdField(required=True, attribute="user_id")


class MamboPointsSchema(LenientSchema):
    """A user's balance of one kind of points."""

    pointId = fields.String(required=True)
    balance = fields.Integer(required=True)


class MamboUserSchema(LenientSchema):
    """A registered user."""

    uuid = fields.String(required=True)
    isMember = fields.Boolean(required=True)
    details = fields.Dict(required=True)
    tagTags = fields.List(fields.String(), required=True)
    points = fields.List(fields.Nested(MamboPointsSchema), required=True)
    createdOn = fields.DateTime(required=True)
    updatedOn = fields.DateTime(required=True)


EXAMPLE_HELD_COUPON: dict[str, Any] = {
    "id": "cc0e8400-e29b-41d4-a716-446655440007",
    "code": "SHIP1",
    "state": "AVAILABLE",
    "awardedOn": "2025-01-15T10:00:00.000Z",
    "redeemedOn": None,
    "expiresOn": None,
    "coupon": EXAMPLE_COUPON,
}


class MamboHeldCouponSchema(LenientSchema):
    """A coupon that a user holds, or one that the user can buy."""

    id = fields.UUID(required=True, allow_none=True)
    code = fields.String(required=True, allow_none=True)
    state = ChoiceField(
        "AVAILABLE", "REDEEMED", "EXPIRED", "REVOKED", "BUYABLE", required=True
    )
    awardedOn = fields.DateTime(required=True, allow_none=True)
    redeemedOn = fields.DateTime(required=True, allow_none=True)
    expiresOn = fields.DateTime(required=True, allow_none=True)
    coupon = fields.Nested(MamboCouponSchema, required=True)
