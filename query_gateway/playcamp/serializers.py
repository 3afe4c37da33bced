"""Serializers of validations and redemptions (the PlayCamp specification)."""

from coupon_core.domain.codes import to_lookup_key
from coupon_core.domain.models import Reason, RedemptionResult, RewardItem
from coupon_core.domain.models.packages import Attribution
from coupon_core.domain.pasted_text import clean_pasted_code
from coupon_core.domain.rules.reward_lines import to_reward_lines
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.schemas.base import Document
from coupon_core.web.coupon_refusals import REFUSALS


def serialize_invalid(code: str, reason: Reason) -> Document:
    """Return the reason why a code is invalid, with the code as it was sent."""
    _, error_code, text = REFUSALS[reason].playcamp
    error_members = {"errorCode": error_code, "errorMessage": text}
    return {"valid": False, "couponCode": code, **error_members}


def serialize_valid(code: str, item: RewardItem, attribution: Attribution) -> Document:
    """Return what a valid code grants, and its creator."""
    normalized_code = to_lookup_key(clean_pasted_code(code))
    return {
        "valid": True,
        "couponCode": normalized_code,
        **_serialize_grant(item, attribution),
    }


def serialize_redemption(
    redeemed: RedemptionResult, attribution: Attribution
) -> Document:
    """Return a redemption: what the code granted, and its creator."""
    redemption, issued = redeemed.redemption, redeemed.issued
    grant = _serialize_grant(issued.reward_item, attribution)
    return {
        "success": True,
        "usageId": redemption.redemption_id,
        "couponCode": issued.coupon.code,
        "userId": redemption.user_id,
        "packageId": attribution.package.package_id if attribution.package else None,
        "quantity": grant["reward"][0]["itemQuantity"],
        **grant,
        "redeemedAt": format_timestamp_milliseconds(redemption.redeemed_at),
    }


def _serialize_grant(item: RewardItem, attribution: Attribution) -> Document:
    package = attribution.package
    name = dict(package.item_name) if package else {"en": item.name}
    lines = (
        package.rewards
        if package
        else to_reward_lines(item.name, item.reward_type, item.payload)
    )
    return {
        "reward": [*lines],
        "packageName": name,
        "itemName": name,
        "creatorKey": attribution.creator_key or None,
        "campaignId": package.campaign_id if package else None,
    }
