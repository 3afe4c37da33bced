"""Schemas of Mambo users and the coupons they hold (docs/api-contracts.md 4.2)."""

from typing import Any

from marshmallow import fields, post_load

from coupon_core.domain.identifiers import MAX_USER_ID_LENGTH
from coupon_core.schemas.base import LenientSchema
from coupon_core.schemas.fields import (
    ChoiceField,
    StrictBoolean,
    StrictList,
    StrictString,
)
from coupon_core.schemas.identifiers import UserIdField
from query_gateway.mambo.schemas.base import MamboBodySchema
from query_gateway.mambo.schemas.coupons import (
    EXAMPLE_COUPON,
    MamboCouponSchema,
)
from query_gateway.mambo.schemas.fields import PhpObject, TagField

MAX_TAGS = 100

EXAMPLE_USER_ID = "john@doe.com"
EXAMPLE_USER_BODY = {
    "uuid": EXAMPLE_USER_ID,
    "isMember": True,
    "details": {"firstName": "John"},
}
EXAMPLE_USER: dict[str, Any] = {
    "id": EXAMPLE_USER_ID,
    **EXAMPLE_USER_BODY,
    "tagTags": [],
    "points": [{"point": {"id": "gold"}, "pointId": "gold", "balance": 350}],
    "createdOn": "2025-01-15T10:00:00.000Z",
    "updatedOn": "2025-01-15T10:00:00.000Z",
}


class _MamboUserMembersSchema(MamboBodySchema):
    isMember = StrictBoolean(attribute="is_member")
    details = PhpObject()
    tagIds = StrictList(TagField(), max_length=MAX_TAGS)
    tagTags = StrictList(TagField(), max_length=MAX_TAGS)

    @post_load
    def join_tags(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Replace tagTags and tagIds, if present, by the tags of both."""
        lists = [members.pop(name, None) for name in ("tagTags", "tagIds")]
        if lists == [None, None]:
            return members
        tags = [tag for tag_list in lists for tag in tag_list or ()]
        return {**members, "tags": list(dict.fromkeys(tags))}


class MamboUserChangesSchema(_MamboUserMembersSchema):
    """Changes to a user."""

    uuid = StrictString(
        max_length=MAX_USER_ID_LENGTH,
        metadata={"description": "Only accepted if it equals the one in the path."},
    )


class MamboUserBodySchema(_MamboUserMembersSchema):
    """A user to register."""

    uuid = UserIdField(required=True, attribute="user_id")


class MamboPointReferenceSchema(LenientSchema):
    """A kind of points."""

    id = fields.String(required=True)


class MamboPointsSchema(LenientSchema):
    """A user's balance of one kind of points."""

    point = fields.Nested(MamboPointReferenceSchema, required=True)
    pointId = fields.String(required=True)
    balance = fields.Integer(required=True)


class MamboUserSchema(LenientSchema):
    """A registered user; `id` equals `uuid`."""

    id = fields.String(required=True)
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
