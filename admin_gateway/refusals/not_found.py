"""Refusals for objects that do not exist or belong to another tenant."""

from collections.abc import Mapping

from coupon_core.domain.models import (
    AdminReason,
    AnyReason,
    PurchaseReason,
    Reason,
)

NOT_FOUND: Mapping[AnyReason, str] = {
    Reason.COUPON_NOT_FOUND: "Coupon not found",
    AdminReason.DEFINITION_NOT_FOUND: "Coupon definition not found",
    AdminReason.REWARD_ITEM_NOT_FOUND: "Reward item not found",
    AdminReason.API_KEY_NOT_FOUND: "API key not found",
    AdminReason.CLIENT_KEY_NOT_FOUND: "Client key not found",
    AdminReason.CAMPAIGN_NOT_FOUND: "Campaign not found",
    AdminReason.CREATOR_NOT_FOUND: "Creator not found",
    AdminReason.PACKAGE_NOT_FOUND: "Package not found",
    AdminReason.CREATOR_CODE_NOT_FOUND: "codes: expected only codes of this creator",
    AdminReason.SECRET_NOT_FOUND: "Secret not found",
    AdminReason.TENANT_NOT_FOUND: "Tenant not found",
    PurchaseReason.USER_NOT_FOUND: "User not found",
    AdminReason.NO_CODE_SPACE: (
        "The codes of this definition are not random, so they have no capacity"
    ),
    AdminReason.BATCH_NOT_FOUND: "Batch not found",
    AdminReason.JOB_NOT_FOUND: "Job not found",
    AdminReason.REDEMPTION_NOT_FOUND: "Redemption not found",
    AdminReason.DEAD_LETTER_NOT_FOUND: "Dead letter not found",
    AdminReason.WEBHOOK_NOT_FOUND: "Webhook not found",
    AdminReason.DELIVERY_NOT_FOUND: "Delivery not found",
}
