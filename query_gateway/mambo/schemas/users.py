"""Users as Mambo writes them, and the coupons in their hands (CONTRACTS 4.2)."""

from typing import Any

from marshmallow import fields

from coupon_core.schemas.base import Strict, Tolerant
from coupon_core.schemas.fields import (
    Choice,
    StrictBoolean,
    StrictList,
    StrictObject,
)
from coupon_core.schemas.identifiers import UserId
from query_gateway.mambo.schemas.coupons import COUPON, MamboCoupon, Tag

USER = "john@doe.com"
NEW_USER = {"uuid": USER, "isMember": True, "details": {"firstName": "John"}}
USER_DOCUMENT: dict[str, Any] = {
    **NEW_USER,
    "tagTags": [],
    "points": [{"pointId": "gold", "balance": 350}],
    "createdOn": "2025-01-15T10:00:00.000Z",
    "updatedOn": "2025-01-15T10:00:00.000Z",
}


class MamboUserChanges(Strict):
    """What is to change of a user."""

    isMember = StrictBoolean(attribute="is_member")
    details = StrictObject()
    tagTags = StrictList(Tag(), most=100, attribute="tags")


class MamboUserBody(MamboUserChanges):
    """A user to make known."""

    uuid = UserId(required=True, attribute="user_id")


class MamboPoints(Tolerant):
    """How many points of a kind a user has."""

    pointId = fields.String(required=True)
    balance = fields.Integer(required=True)


class MamboUser(Tolerant):
    """A user."""

    uuid = fields.String(required=True)
    isMember = fields.Boolean(required=True)
    details = fields.Dict(required=True)
    tagTags = fields.List(fields.String(), required=True)
    points = fields.List(fields.Nested(MamboPoints), required=True)
    createdOn = fields.DateTime(required=True)
    updatedOn = fields.DateTime(required=True)


HELD: dict[str, Any] = {
    "id": "cc0e8400-e29b-41d4-a716-446655440007",
    "code": "SHIP1",
    "state": "AVAILABLE",
    "awardedOn": "2025-01-15T10:00:00.000Z",
    "redeemedOn": None,
    "expiresOn": None,
    "coupon": COUPON,
}


class MamboHeldCoupon(Tolerant):
    """A coupon in a user's hands, or one that the user could buy."""

    id = fields.UUID(required=True, allow_none=True)
    code = fields.String(required=True, allow_none=True)
    state = Choice(
        "AVAILABLE", "REDEEMED", "EXPIRED", "REVOKED", "BUYABLE", required=True
    )
    awardedOn = fields.DateTime(required=True, allow_none=True)
    redeemedOn = fields.DateTime(required=True, allow_none=True)
    expiresOn = fields.DateTime(required=True, allow_none=True)
    coupon = fields.Nested(MamboCoupon, required=True)
