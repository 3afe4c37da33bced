"""What the Mambo dialect takes and answers, each with an example (CONTRACTS 4.3)."""

from typing import Any

from marshmallow import ValidationError, fields, post_load, validates_schema

from coupon_core.domain.models import Page as CorePage
from coupon_core.domain.models.purchases import Action, ActivityStatus
from coupon_core.schemas.base import Strict, Tolerant
from coupon_core.schemas.fields import (
    Choice,
    StrictList,
    StrictNested,
    StrictObject,
    StrictQueryInteger,
    StrictString,
)
from coupon_core.schemas.identifiers import UserId, UuidText
from coupon_core.web.responses import JSON
from query_gateway.mambo.schemas.coupons import (
    CLONED,
    COUPON,
    NEW_COUPON,
    REGULAR,
    MamboCoupon,
    MamboCouponBody,
    Tag,
)
from query_gateway.mambo.schemas.users import (
    HELD,
    NEW_USER,
    USER,
    USER_DOCUMENT,
    MamboHeldCoupon,
    MamboUser,
    MamboUserBody,
    MamboUserChanges,
)

__all__ = [
    "CLONED",
    "COUPON",
    "HELD",
    "NEW_COUPON",
    "NEW_USER",
    "REGULAR",
    "USER_DOCUMENT",
    "MamboCoupon",
    "MamboCouponBody",
    "MamboHeldCoupon",
    "MamboUser",
    "MamboUserBody",
    "MamboUserChanges",
]

MOST_TAGS = 20
MOST_IDS = 100

TOKEN = {"access_token": "eyJhbGci…", "token_type": "bearer", "expires_in": 3600}
REFUSED_TOKEN = {
    "401": {
        "description": "The keys are wrong, revoked or expired",
        "content": {
            JSON: {
                "schema": {"$ref": "#/components/schemas/OAuthError"},
                "example": {
                    "error": "invalid_client",
                    "error_description": "The keys are wrong, revoked or expired",
                },
            }
        },
    }
}


class MamboToken(Tolerant):
    """A bearer token."""

    access_token = fields.String(required=True)
    token_type = fields.String(required=True)
    expires_in = fields.Integer(required=True)


class MamboGrant(Tolerant):
    """What is asked for; as well in a form as in the query."""

    grant_type = StrictString(metadata={"description": "client_credentials"})


ID: dict[str, Any] = {"id": "bb0e8400-e29b-41d4-a716-446655440006"}
CODE_BODY = {"uuid": USER, "code": "SHIP1"}
NEW_ACTIVITY: dict[str, Any] = {
    "uuid": USER,
    "attrs": {"type": "coupon", "action": "redeem", "code": "SHIP1"},
}
ACTIVITY: dict[str, Any] = {
    **ID,
    **NEW_ACTIVITY,
    "status": "COMPLETED",
    "exception": None,
    "couponId": COUPON["id"],
    "userCouponId": "cc0e8400-e29b-41d4-a716-446655440007",
    "rejectionReason": None,
    "createdOn": "2025-01-15T10:00:00.000Z",
}
REJECTED = {**ACTIVITY, "status": "REJECTED", "rejectionReason": "By mistake"}


class MamboId(Tolerant):
    """The id of what was done."""

    id = fields.UUID(required=True)


class MamboCodeBody(Tolerant):
    """A user and a code."""

    uuid = UserId(required=True)
    code = StrictString(required=True)


class MamboActivityAttributes(Tolerant):
    """What is to be done with which coupon."""

    type = Choice("coupon", required=True)
    action = Choice(*Action, required=True)
    code = StrictString(required=True)


class MamboActivityBody(Tolerant):
    """A coupon activity; what else it tells is kept with it."""

    uuid = UserId(required=True)
    attrs = StrictNested(MamboActivityAttributes, required=True)
    url = StrictString(least=0, most=2_000)
    reason = StrictString(least=0, most=2_000, multiline=True)
    content = StrictObject()
    target = StrictObject()
    tagIds = StrictList(Tag(), most=MOST_TAGS)
    tagTags = StrictList(Tag(), most=MOST_TAGS)


class MamboActivity(Tolerant):
    """What a user did with a coupon, or tried to."""

    id = fields.UUID(required=True)
    uuid = fields.String(required=True)
    attrs = fields.Nested(MamboActivityAttributes, required=True)
    status = Choice(*(one.value.upper() for one in ActivityStatus), required=True)
    exception = fields.String(required=True, allow_none=True)
    couponId = fields.UUID(required=True, allow_none=True)
    userCouponId = fields.UUID(required=True, allow_none=True)
    rejectionReason = fields.String(required=True, allow_none=True)
    createdOn = fields.DateTime(required=True)


class MamboRejection(Strict):
    """Why an activity is rejected."""

    reason = StrictString(least=0, most=2_000, multiline=True, load_default="")


class MamboPageQuery(Tolerant):
    """Which page of a list, from 0, and how many entries a page has."""

    page = StrictQueryInteger(least=0, most=1_000_000, load_default=0)
    count = StrictQueryInteger(least=1, most=500, load_default=100)

    @post_load
    def cut(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Put page and count together as the core takes them."""
        page, count = members.pop("page"), members.pop("count")
        return {**members, "page": CorePage(count, page * count)}


class MamboActivityQuery(MamboPageQuery):
    """Whose activities a list shows."""

    uuid = UserId()


JOINS = {"hasAnyOf": "any_of", "hasAllOf": "all_of"}


class MamboCouponQuery(MamboPageQuery):
    """Which coupons a list shows, by their tags."""

    tags = StrictString(
        most=2_000, metadata={"description": "Tags, with commas between them."}
    )
    tagsJoin = Choice(*JOINS, load_default="hasAnyOf")
    tagUuid = UserId(
        data_key="tagUuid",
        attribute="uuid",
        metadata={"description": "What this user's tags let them see."},
    )

    @validates_schema
    def count_tags(self, members: dict[str, Any], **_: Any) -> None:
        """Refuse more tags than one query should hold."""
        if members.get("tags", "").count(",") >= MOST_TAGS:
            raise ValidationError(f"expected at most {MOST_TAGS} tags", "tags")

    @post_load
    def choose(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Put the tags where the join wants them."""
        join = JOINS[members.pop("tagsJoin")]
        given = [tag.strip() for tag in members.pop("tags", "").split(",")]
        tags = tuple(tag for tag in given if tag)
        return {**members, join: tags} if tags else members


class MamboIds(Strict):
    """Ids of coupons."""

    ids = StrictList(UuidText(), required=True, least=1, most=MOST_IDS)


VALIDATED = {"valid": True, "coupon": COUPON}


class MamboValidated(Tolerant):
    """A code that the user could redeem now."""

    valid = fields.Boolean(required=True)
    coupon = fields.Nested(MamboCoupon, required=True)
