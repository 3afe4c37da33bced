"""Schemas, envelopes and examples of PlayCamp responses about codes."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from coupon_core.schemas.base import LenientSchema

# Examples of the PlayCamp specification, with members from the vendor's reference.
EXAMPLE_VALIDATE_BODY = {"couponCode": "CREATOR-ABC12-001", "userId": "user_12345"}
EXAMPLE_REDEEM_BODY = {**EXAMPLE_VALIDATE_BODY, "callbackId": "order-77"}
EXAMPLE_NAMES = {"ko": "Welcome Package", "en": "Welcome Package"}
EXAMPLE_GRANT: dict[str, Any] = {
    "reward": [{"itemId": "gem", "itemQuantity": 100}],
    "packageName": EXAMPLE_NAMES,
    "itemName": EXAMPLE_NAMES,
    "creatorKey": "ABC12",
    "campaignId": "campaign_001",
}
EXAMPLE_VALID = {"valid": True, "couponCode": "CREATOR-ABC12-001", **EXAMPLE_GRANT}
EXAMPLE_INVALID = {
    "valid": False,
    "couponCode": "INVALID-CODE",
    "errorCode": "COUPON_NOT_FOUND",
    "errorMessage": "Coupon not found",
}
EXAMPLE_VALIDATIONS: Mapping[str, Any] = {
    "valid": {"value": {"data": EXAMPLE_VALID}},
    "invalid": {"value": {"data": EXAMPLE_INVALID}},
}
EXAMPLE_REDEMPTION: dict[str, Any] = {
    "success": True,
    "usageId": 5678,
    "couponCode": "CREATOR-ABC12-001",
    "userId": "user_12345",
    "packageId": 1,
    "quantity": 100,
    **EXAMPLE_GRANT,
    "redeemedAt": "2024-01-15T10:30:00.000Z",
}
EXAMPLE_NOT_FOUND = {
    "error": "Coupon not found",
    "message": "Coupon not found",
    "code": "COUPON_NOT_FOUND",
    "errorCode": "COUPON_NOT_FOUND",
    "errorMessage": "Coupon not found",
    "request_id": "f81d4fae",
}
EXAMPLE_EXPIRED = {
    "error": "Coupon has expired",
    "message": "Coupon has expired",
    "code": "COUPON_EXPIRED",
    "errorCode": "COUPON_EXPIRED",
    "errorMessage": "Coupon has expired",
    "request_id": "f81d4fae",
}
EXAMPLE_CODE_USAGE = {
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
EXAMPLE_PAGINATION = {"page": 1, "limit": 20, "total": 1, "totalPages": 1}
EXAMPLE_CODE_USAGE_PAGE = {
    "data": [EXAMPLE_CODE_USAGE],
    "pagination": EXAMPLE_PAGINATION,
}


def build_localized_field(**options: Any) -> fields.Dict:
    """Return a field for a text in several languages."""
    metadata = {"description": "The text in each language; the keys are locales."}
    return fields.Dict(values=fields.String(), metadata=metadata, **options)


def build_nullable_field(field: type[fields.Field[Any]]) -> fields.Field[Any]:
    """Return a required field that may be null."""
    return field(required=True, allow_none=True)


class RewardLineSchema(LenientSchema):
    """A granted item and its quantity."""

    itemId = fields.String(required=True)
    itemQuantity = fields.Integer(required=True)
    itemName = build_localized_field()
    itemImageUrl = fields.String()


class CodeValidationSchema(LenientSchema):
    """The result of a validation: what the code grants, or the error."""

    valid = fields.Boolean(required=True)
    couponCode = fields.String(required=True)
    reward = fields.List(fields.Nested(RewardLineSchema))
    packageName = build_localized_field()
    itemName = build_localized_field()
    creatorKey = fields.String(allow_none=True)
    campaignId = fields.String(allow_none=True)
    errorCode = fields.String()
    errorMessage = fields.String()


class CodeRedemptionSchema(LenientSchema):
    """A redemption of a code."""

    success = fields.Boolean(required=True)
    usageId = fields.Integer(required=True)
    couponCode = fields.String(required=True)
    userId = fields.String(required=True)
    packageId = build_nullable_field(fields.Integer)
    quantity = fields.Integer(required=True)
    reward = fields.List(fields.Nested(RewardLineSchema), required=True)
    packageName = build_localized_field(required=True)
    itemName = build_localized_field(required=True)
    creatorKey = build_nullable_field(fields.String)
    campaignId = build_nullable_field(fields.String)
    redeemedAt = fields.DateTime(required=True)


class CodeUsageSchema(LenientSchema):
    """A redemption in a user's history."""

    id = fields.Integer(required=True)
    userId = fields.String(required=True)
    couponCode = fields.String(required=True)
    packageId = build_nullable_field(fields.Integer)
    campaignId = build_nullable_field(fields.String)
    creatorKey = build_nullable_field(fields.String)
    usedAt = fields.DateTime(required=True)
    rewardDelivered = fields.Boolean(required=True)
    rewardDeliveredAt = build_nullable_field(fields.DateTime)


class PaginationSchema(LenientSchema):
    """The position of a page in its list."""

    page = fields.Integer(required=True)
    limit = fields.Integer(required=True)
    total = fields.Integer(required=True)
    totalPages = fields.Integer(required=True)


def build_object_envelope(name: str, schema: type[LenientSchema]) -> type[Schema]:
    """Return the schema of an envelope with one object."""
    return LenientSchema.from_dict(
        {"data": fields.Nested(schema, required=True)}, name=name
    )


def build_list_envelope(
    name: str, schema: type[LenientSchema], **extra_fields: Any
) -> type[Schema]:
    """Return the schema of an envelope with a list."""
    rows = fields.List(fields.Nested(schema), required=True)
    return LenientSchema.from_dict({"data": rows, **extra_fields}, name=name)


def build_page_envelope(name: str, schema: type[LenientSchema]) -> type[Schema]:
    """Return the schema of an envelope with one page of a list."""
    return build_list_envelope(
        name, schema, pagination=fields.Nested(PaginationSchema, required=True)
    )


CodeValidationResponseSchema = build_object_envelope(
    "CodeValidationResponse", CodeValidationSchema
)
CodeRedemptionResponseSchema = build_object_envelope(
    "CodeRedemptionResponse", CodeRedemptionSchema
)
CodeUsagePageSchema = build_page_envelope("CodeUsagePage", CodeUsageSchema)
