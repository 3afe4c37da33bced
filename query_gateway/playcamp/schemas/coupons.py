"""Schemas and examples of PlayCamp responses about codes."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from marshmallow import fields, pre_dump

from coupon_core.domain.models.packages import CodeUsage
from coupon_core.schemas.base import Document, ResponseSchema
from coupon_core.schemas.response_fields import MillisecondsDateTime
from query_gateway.playcamp.schemas.base import (
    PlayCampSchema,
    build_localized_field,
    build_nullable_field,
    build_object_envelope,
    build_page_envelope,
)

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


class RewardLineSchema(ResponseSchema):
    """A granted item and its quantity."""

    itemId = fields.String(required=True)
    itemQuantity = fields.Integer(required=True)
    itemName = build_localized_field()
    itemImageUrl = fields.String()


class CodeValidationSchema(ResponseSchema):
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


class CodeRedemptionSchema(ResponseSchema):
    """A redemption of a code."""

    example = EXAMPLE_REDEMPTION

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


class CodeUsageSchema(PlayCampSchema):
    """A redemption in a user's history."""

    example = EXAMPLE_CODE_USAGE

    id = fields.Integer(required=True, attribute="redemption_id")
    userId = fields.String(required=True)
    couponCode = fields.String(required=True, attribute="code")
    packageId = build_nullable_field(fields.Integer)
    campaignId = build_nullable_field(fields.String)
    creatorKey = build_nullable_field(fields.String)
    usedAt = MillisecondsDateTime(required=True)
    rewardDelivered = fields.Boolean(required=True)
    rewardDeliveredAt = build_nullable_field(MillisecondsDateTime)

    @pre_dump
    def add_delivery(self, usage: CodeUsage, **_: Any) -> Document:
        """Add the delivery of the reward, which is the response to the redeem."""
        delivery = {"reward_delivered": True, "reward_delivered_at": usage.used_at}
        return asdict(usage) | delivery


CodeValidationResponseSchema = build_object_envelope(
    "CodeValidationResponse", CodeValidationSchema
)
CodeRedemptionResponseSchema = build_object_envelope(
    "CodeRedemptionResponse", CodeRedemptionSchema
)
CodeUsagePageSchema = build_page_envelope("CodeUsagePage", CodeUsageSchema)
