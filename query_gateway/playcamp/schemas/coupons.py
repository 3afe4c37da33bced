"""How PlayCamp's answers about codes are documented: shapes, envelopes, examples."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from coupon_core.schemas.base import Tolerant
from coupon_core.web.blueprint import Error

# The examples of the document S3, with what other pages of the vendor add.
VALIDATE = {"couponCode": "CREATOR-ABC12-001", "userId": "user_12345"}
REDEEM = {**VALIDATE, "callbackId": "order-77"}
NAME = {"ko": "Welcome Package", "en": "Welcome Package"}
GRANTED: dict[str, Any] = {
    "reward": [{"itemId": "gem", "itemQuantity": 100}],
    "packageName": NAME,
    "itemName": NAME,
    "creatorKey": "ABC12",
    "campaignId": "campaign_001",
}
VALID = {"valid": True, "couponCode": "CREATOR-ABC12-001", **GRANTED}
INVALID = {
    "valid": False,
    "couponCode": "INVALID-CODE",
    "errorCode": "COUPON_NOT_FOUND",
    "errorMessage": "Coupon not found",
}
VALIDATIONS: Mapping[str, Any] = {
    "valid": {"value": {"data": VALID}},
    "invalid": {"value": {"data": INVALID}},
}
REDEEMED: dict[str, Any] = {
    "success": True,
    "usageId": 5678,
    "couponCode": "CREATOR-ABC12-001",
    "userId": "user_12345",
    "packageId": 1,
    "quantity": 100,
    **GRANTED,
    "redeemedAt": "2024-01-15T10:30:00.000Z",
}
NOT_FOUND = {
    "error": "Coupon not found",
    "message": "Coupon not found",
    "code": "COUPON_NOT_FOUND",
    "errorCode": "COUPON_NOT_FOUND",
    "errorMessage": "Coupon not found",
    "request_id": "f81d4fae",
}
EXPIRED = {
    "error": "Coupon has expired",
    "message": "Coupon has expired",
    "code": "COUPON_EXPIRED",
    "errorCode": "COUPON_EXPIRED",
    "errorMessage": "Coupon has expired",
    "request_id": "f81d4fae",
}
CODE_USE = {
    "id": 5678,
    "userId": "user_12345",
    "couponCode": "CREATOR-ABC12-001",
    "packageId": 1,
    "campaignId": "campaign_001",
    "creatorKey": "ABC12",
    "usedAt": "2024-01-15T10:30:00.000Z",
    "rewardDelivered": True,
    "rewardDeliveredAt": "2024-01-15T10:30:00.000Z",
}
PAGINATION = {"page": 1, "limit": 20, "total": 1, "totalPages": 1}
CODE_USES = {"data": [CODE_USE], "pagination": PAGINATION}


def texts(**options: Any) -> fields.Dict:
    """The same text in several languages."""
    about = {"description": "The text in each language, by locale."}
    return fields.Dict(values=fields.String(), metadata=about, **options)


def maybe(field: type[fields.Field[Any]]) -> fields.Field[Any]:
    """A member that is always there, and null when there is nothing to tell."""
    return field(required=True, allow_none=True)


class RewardLine(Tolerant):
    """One thing that is granted, and how much of it."""

    itemId = fields.String(required=True)
    itemQuantity = fields.Integer(required=True)
    itemName = texts()
    itemImageUrl = fields.String()


class CodeValidation(Tolerant):
    """Whether a code can be redeemed, and what for; or why not."""

    valid = fields.Boolean(required=True)
    couponCode = fields.String(required=True)
    reward = fields.List(fields.Nested(RewardLine))
    packageName = texts()
    itemName = texts()
    creatorKey = fields.String(allow_none=True)
    campaignId = fields.String(allow_none=True)
    errorCode = fields.String()
    errorMessage = fields.String()


class CodeRedeemed(Tolerant):
    """A use of a code."""

    success = fields.Boolean(required=True)
    usageId = fields.Integer(required=True)
    couponCode = fields.String(required=True)
    userId = fields.String(required=True)
    packageId = maybe(fields.Integer)
    quantity = fields.Integer(required=True)
    reward = fields.List(fields.Nested(RewardLine), required=True)
    packageName = texts(required=True)
    itemName = texts(required=True)
    creatorKey = maybe(fields.String)
    campaignId = maybe(fields.String)
    redeemedAt = fields.DateTime(required=True)


class CouponError(Error):
    """Why a code was not redeemed; other errors have neither of the two."""

    errorCode = fields.String()
    errorMessage = fields.String()


class CodeUse(Tolerant):
    """One use in a user's history."""

    id = fields.Integer(required=True)
    userId = fields.String(required=True)
    couponCode = fields.String(required=True)
    packageId = maybe(fields.Integer)
    campaignId = maybe(fields.String)
    creatorKey = maybe(fields.String)
    usedAt = fields.DateTime(required=True)
    rewardDelivered = fields.Boolean(required=True)
    rewardDeliveredAt = maybe(fields.DateTime)


class Pagination(Tolerant):
    """Where in a list a page is."""

    page = fields.Integer(required=True)
    limit = fields.Integer(required=True)
    total = fields.Integer(required=True)
    totalPages = fields.Integer(required=True)


def in_one(name: str, schema: type[Tolerant]) -> type[Tolerant]:
    """The envelope of one object."""
    return Tolerant.from_dict({"data": fields.Nested(schema, required=True)}, name=name)


def in_all(name: str, schema: type[Tolerant], **more: Any) -> type[Tolerant]:
    """The envelope of a list."""
    rows = fields.List(fields.Nested(schema), required=True)
    return Tolerant.from_dict({"data": rows, **more}, name=name)


def in_pages(name: str, schema: type[Tolerant]) -> type[Tolerant]:
    """The envelope of a page of a list."""
    return in_all(name, schema, pagination=fields.Nested(Pagination, required=True))


OneValidation = in_one("OneValidation", CodeValidation)
OneRedeemed = in_one("OneRedeemed", CodeRedeemed)
CodeUses = in_pages("CodeUses", CodeUse)
