"""What the Mambo dialect takes and answers, each with an example (CONTRACTS 4.3)."""

from typing import Any

from marshmallow import ValidationError, fields, post_load, validates_schema

from coupon_core.domain.models import Page as CorePage
from coupon_core.domain.models.purchases import Action, ActivityStatus
from coupon_core.schemas.base import LenientSchema, StrictSchema
from coupon_core.schemas.fields import (
    ChoiceField,
    StrictList,
    StrictNested,
    StrictObject,
    StrictQueryInteger,
    StrictString,
)
from coupon_core.schemas.identifiers import UserIdField, UuidField
from coupon_core.web.responses import JSON_MEDIA_TYPE
from query_gateway.mambo.schemas.coupons import (
    EXAMPLE_CLONED_COUPON,
    EXAMPLE_COUPON,
    EXAMPLE_COUPON_BODY,
    EXAMPLE_REGULAR_COUPON,
    MamboCouponBodySchema,
    MamboCouponSchema,
    TagField,
)
from query_gateway.mambo.schemas.users import (
    EXAMPLE_HELD_COUPON,
    EXAMPLE_USER,
    EXAMPLE_USER_BODY,
    EXAMPLE_USER_ID,
    MamboHeldCouponSchema,
    MamboUserBodySchema,
    MamboUserChangesSchema,
    MamboUserSchema,
)

__all__ = [
    "EXAMPLE_CLONED_COUPON",
    "EXAMPLE_COUPON",
    "EXAMPLE_COUPON_BODY",
    "EXAMPLE_HELD_COUPON",
    "EXAMPLE_REGULAR_COUPON",
    "EXAMPLE_USER",
    "EXAMPLE_USER_BODY",
    "MamboCouponBodySchema",
    "MamboCouponSchema",
    "MamboHeldCouponSchema",
    "MamboUserBodySchema",
    "MamboUserChangesSchema",
    "MamboUserSchema",
]

MAX_TAGS = 20
MAX_IDS = 100

EXAMPLE_TOKEN = {
    "access_token": "eyJhbGci…",
    "token_type": "bearer",
    "expires_in": 3600,
}
TOKEN_ERROR_RESPONSES = {
    "401": {
        "description": "The keys are wrong, revoked or expired",
        "content": {
            JSON_MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/OAuthError"},
                "example": {
                    "error": "invalid_client",
                    "error_description": "The keys are wrong, revoked or expired",
                },
            }
        },
    }
}


class MamboTokenSchema(LenientSchema):
    """A bearer token."""

    access_token = fields.String(required=True)
    token_type = fields.String(required=True)
    expires_in = fields.Integer(required=True)


class MamboGrantSchema(LenientSchema):
    """What is asked for; as well in a form as in the query."""

    grant_type = StrictString(metadata={"description": "client_credentials"})


EXAMPLE_ID: dict[str, Any] = {"id": "bb0e8400-e29b-41d4-a716-446655440006"}
EXAMPLE_CODE_BODY = {"uuid": EXAMPLE_USER_ID, "code": "SHIP1"}
EXAMPLE_ACTIVITY_BODY: dict[str, Any] = {
    "uuid": EXAMPLE_USER_ID,
    "attrs": {"type": "coupon", "action": "redeem", "code": "SHIP1"},
}
EXAMPLE_ACTIVITY: dict[str, Any] = {
    **EXAMPLE_ID,
    **EXAMPLE_ACTIVITY_BODY,
    "status": "COMPLETED",
    "exception": None,
    "couponId": EXAMPLE_COUPON["id"],
    "userCouponId": "cc0e8400-e29b-41d4-a716-446655440007",
    "rejectionReason": None,
    "createdOn": "2025-01-15T10:00:00.000Z",
}
EXAMPLE_REJECTED_ACTIVITY = {
    **EXAMPLE_ACTIVITY,
    "status": "REJECTED",
    "rejectionReason": "By mistake",
}


class MamboIdSchema(LenientSchema):
    """The id of what was done."""

    id = fields.UUID(required=True)


class MamboCodeBodySchema(LenientSchema):
    """A user and a code."""

    uuid = UserIdField(required=True)
    code = StrictString(required=True)


class MamboActivityAttributesSchema(LenientSchema):
    """What is to be done with which coupon."""

    type = ChoiceField("coupon", required=True)
    action = ChoiceField(*Action, required=True)
    code = StrictString(required=True)


class MamboActivityBodySchema(LenientSchema):
    """A coupon activity; what else it tells is kept with it."""

    uuid = UserIdField(required=True)
    attrs = StrictNested(MamboActivityAttributesSchema, required=True)
    url = StrictString(min_length=0, max_length=2_000)
    reason = StrictString(min_length=0, max_length=2_000, multiline=True)
    content = StrictObject()
    target = StrictObject()
    tagIds = StrictList(TagField(), max_length=MAX_TAGS)
    tagTags = StrictList(TagField(), max_length=MAX_TAGS)


class MamboActivitySchema(LenientSchema):
    """What a user did with a coupon, or tried to."""

    id = fields.UUID(required=True)
    uuid = fields.String(required=True)
    attrs = fields.Nested(MamboActivityAttributesSchema, required=True)
    status = ChoiceField(*(one.value.upper() for one in ActivityStatus), required=True)
    exception = fields.String(required=True, allow_none=True)
    couponId = fields.UUID(required=True, allow_none=True)
    userCouponId = fields.UUID(required=True, allow_none=True)
    rejectionReason = fields.String(required=True, allow_none=True)
    createdOn = fields.DateTime(required=True)


class MamboRejectionSchema(StrictSchema):
    """Why an activity is rejected."""

    reason = StrictString(
        min_length=0, max_length=2_000, multiline=True, load_default=""
    )


class MamboPageQuerySchema(LenientSchema):
    """Which page of a list, from 0, and how many entries a page has."""

    page = StrictQueryInteger(min_value=0, max_value=1_000_000, load_default=0)
    count = StrictQueryInteger(min_value=1, max_value=500, load_default=100)

    @post_load
    def build_page(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Put page and count together as the core takes them."""
        page, count = members.pop("page"), members.pop("count")
        return {**members, "page": CorePage(count, page * count)}


class MamboActivityQuerySchema(MamboPageQuerySchema):
    """Whose activities a list shows."""

    uuid = UserIdField()


TAGS_JOINS = {"hasAnyOf": "any_of", "hasAllOf": "all_of"}


class MamboCouponQuerySchema(MamboPageQuerySchema):
    """Which coupons a list shows, by their tags."""

    tags = StrictString(
        max_length=2_000, metadata={"description": "Tags, with commas between them."}
    )
    tagsJoin = ChoiceField(*TAGS_JOINS, load_default="hasAnyOf")
    tagUuid = UserIdField(
        data_key="tagUuid",
        attribute="uuid",
        metadata={"description": "What this user's tags let them see."},
    )

    @validates_schema
    def check_tag_count(self, members: dict[str, Any], **_: Any) -> None:
        """Refuse more tags than one query should hold."""
        if members.get("tags", "").count(",") >= MAX_TAGS:
            raise ValidationError(f"expected at most {MAX_TAGS} tags", "tags")

    @post_load
    def apply_tags_join(self, members: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Put the tags where the join wants them."""
        join = TAGS_JOINS[members.pop("tagsJoin")]
        requested_tags = [tag.strip() for tag in members.pop("tags", "").split(",")]
        tags = tuple(tag for tag in requested_tags if tag)
        return {**members, join: tags} if tags else members


class MamboIdsSchema(StrictSchema):
    """Ids of coupons."""

    ids = StrictList(UuidField(), required=True, min_length=1, max_length=MAX_IDS)


EXAMPLE_VALIDATION = {"valid": True, "coupon": EXAMPLE_COUPON}


class MamboValidationSchema(LenientSchema):
    """A code that the user could redeem now."""

    valid = fields.Boolean(required=True)
    coupon = fields.Nested(MamboCouponSchema, required=True)
