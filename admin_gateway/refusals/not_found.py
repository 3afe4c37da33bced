"""Refusals for objects that do not exist or belong to another tenant."""

from collections.abc import Mapping

from coupon_core.domain.models import (
    AdminReason,
    AnyReason,
    PurchaseReason,
    Reason,
)
from coupon_core.web.dialects import RefusalResponse

_COUPON_NOT_FOUND = (404, "COUPON_NOT_FOUND", "Coupon not found")

NOT_FOUND: Mapping[AnyReason, RefusalResponse] = {
    Reason.COUPON_NOT_FOUND: _COUPON_NOT_FOUND,
    AdminReason.COUPON_NOT_FOUND: _COUPON_NOT_FOUND,
    AdminReason.DEFINITION_NOT_FOUND: (
        404,
        "DEFINITION_NOT_FOUND",
        "Coupon definition not found",
    ),
    AdminReason.REWARD_ITEM_NOT_FOUND: (
        404,
        "REWARD_ITEM_NOT_FOUND",
        "Reward item not found",
    ),
    AdminReason.API_KEY_NOT_FOUND: (404, "API_KEY_NOT_FOUND", "API key not found"),
    AdminReason.CLIENT_KEY_NOT_FOUND: (
        404,
        "CLIENT_KEY_NOT_FOUND",
        "Client key not found",
    ),
    AdminReason.CAMPAIGN_NOT_FOUND: (404, "CAMPAIGN_NOT_FOUND", "Campaign not found"),
    AdminReason.CREATOR_NOT_FOUND: (404, "CREATOR_NOT_FOUND", "Creator not found"),
    AdminReason.PACKAGE_NOT_FOUND: (404, "PACKAGE_NOT_FOUND", "Package not found"),
    AdminReason.CREATOR_CODE_NOT_FOUND: (
        404,
        "CREATOR_CODE_NOT_FOUND",
        "codes: expected only codes of this creator",
    ),
    AdminReason.SECRET_NOT_FOUND: (404, "SECRET_NOT_FOUND", "Secret not found"),
    AdminReason.TENANT_NOT_FOUND: (404, "TENANT_NOT_FOUND", "Tenant not found"),
    PurchaseReason.USER_NOT_FOUND: (404, "USER_NOT_FOUND", "User not found"),
    AdminReason.NO_CODE_SPACE: (
        404,
        "NO_CODE_SPACE",
        "The codes of this definition are not random, so they have no capacity",
    ),
    AdminReason.BATCH_NOT_FOUND: (404, "BATCH_NOT_FOUND", "Batch not found"),
    AdminReason.JOB_NOT_FOUND: (404, "JOB_NOT_FOUND", "Job not found"),
    AdminReason.DEAD_LETTER_NOT_FOUND: (
        404,
        "DEAD_LETTER_NOT_FOUND",
        "Dead letter not found",
    ),
    AdminReason.WEBHOOK_NOT_FOUND: (404, "WEBHOOK_NOT_FOUND", "Webhook not found"),
}
