"""Schemas of Mambo activities and validations (docs/api-contracts.md 4.2)."""

from typing import Any

from marshmallow import fields

from coupon_core.domain.models.purchases import Action, ActivityStatus
from coupon_core.schemas.base import LenientSchema
from coupon_core.schemas.codes import EnteredCodeField
from coupon_core.schemas.fields import (
    ChoiceField,
    StrictList,
    StrictString,
    UtcDateTime,
)
from coupon_core.schemas.identifiers import UserIdField
from coupon_core.schemas.nested_fields import StrictNested
from query_gateway.mambo.schemas.base import MamboBodySchema
from query_gateway.mambo.schemas.coupons import EXAMPLE_COUPON, MamboCouponSchema
from query_gateway.mambo.schemas.fields import PhpObject, TagField
from query_gateway.mambo.schemas.users import EXAMPLE_USER_ID

MAX_TAGS = 20
ACTIVITY_STATUSES = tuple(status.value.upper() for status in ActivityStatus)

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
    """The ID of an activity."""

    id = fields.UUID(required=True)


class MamboCodeBodySchema(MamboBodySchema):
    """A user and a code."""

    uuid = UserIdField(required=True)
    code = EnteredCodeField(required=True)


class MamboActivityAttributesSchema(MamboBodySchema):
    """The action and the code of the coupon."""

    type = ChoiceField("coupon", required=True)
    action = ChoiceField(*Action, required=True)
    code = EnteredCodeField(required=True)


class MamboActivityBodySchema(MamboBodySchema):
    """A coupon activity; the optional members are stored with it."""

    uuid = UserIdField(required=True)
    attrs = StrictNested(MamboActivityAttributesSchema, required=True)
    url = StrictString(min_length=0, max_length=2_000)
    reason = StrictString(min_length=0, max_length=2_000, multiline=True)
    content = PhpObject()
    target = PhpObject()
    createdOnOverride = UtcDateTime(
        metadata={
            "description": "The time to show as createdOn. It affects neither the "
            "order of activities nor whether a coupon is valid."
        }
    )
    tagIds = StrictList(TagField(), max_length=MAX_TAGS)
    tagTags = StrictList(TagField(), max_length=MAX_TAGS)


class MamboActivitySchema(LenientSchema):
    """An activity: what a user did with a coupon, or tried to do.

    The members that are not required are those of the request.
    """

    id = fields.UUID(required=True)
    uuid = fields.String(required=True)
    attrs = fields.Nested(MamboActivityAttributesSchema, required=True)
    status = ChoiceField(*ACTIVITY_STATUSES, required=True)
    exception = fields.String(required=True, allow_none=True)
    couponId = fields.UUID(required=True, allow_none=True)
    userCouponId = fields.UUID(required=True, allow_none=True)
    rejectionReason = fields.String(required=True, allow_none=True)
    createdOn = fields.DateTime(required=True)
    createdOnOverride = fields.DateTime()
    url = fields.String()
    reason = fields.String()
    content = fields.Dict()
    target = fields.Dict()
    tagIds = fields.List(fields.String())
    tagTags = fields.List(fields.String())


class MamboRejectionSchema(MamboBodySchema):
    """The reason for rejecting an activity."""

    reason = StrictString(
        min_length=0, max_length=2_000, multiline=True, load_default=""
    )


EXAMPLE_VALIDATION = {"valid": True, "coupon": EXAMPLE_COUPON}


class MamboValidationSchema(LenientSchema):
    """The result of validating a code that the user can redeem now."""

    valid = fields.Boolean(required=True)
    coupon = fields.Nested(MamboCouponSchema, required=True)
