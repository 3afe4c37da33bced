"""PlayCamp's shapes: values of the core in, dictionaries out (document S3)."""

from collections.abc import Mapping, Sequence
from typing import Any

from coupon_core.domain.codes import lookup_key
from coupon_core.domain.models import Reason, Redeemed, RewardItem
from coupon_core.domain.models.campaigns import Campaign
from coupon_core.domain.models.creators import Creator, CreatorCode
from coupon_core.domain.models.packages import (
    Attribution,
    CodeUse,
    DefinedPackage,
    RewardLine,
)
from query_gateway.playcamp.responses import Document, time_text
from query_gateway.refusals import REFUSALS

# Under which names a reward's payload tells what it grants, and how much of it.
ITEM_NAMES = ("item_id", "currency_id", "badge_id")
QUANTITY_NAMES = ("quantity", "amount")


def invalid(code: str, reason: Reason) -> Document:
    """Why a code cannot be redeemed; the code comes back as it was sent."""
    _, error_code, text = REFUSALS[reason].playcamp
    why = {"errorCode": error_code, "errorMessage": text}
    return {"valid": False, "couponCode": code, **why}


def valid(code: str, item: RewardItem, whose: Attribution) -> Document:
    """What a code that can be redeemed grants, and whose it is."""
    plain = lookup_key(code.strip())
    return {"valid": True, "couponCode": plain, **_granted(item, whose)}


def redeemed(done: Redeemed, whose: Attribution) -> Document:
    """A use of a code: what it grants, and whose it was."""
    use, issued = done.use, done.issued
    granted = _granted(issued.reward_item, whose)
    return {
        "success": True,
        "usageId": use.redemption_id,
        "couponCode": issued.coupon.code,
        "userId": use.user_id,
        "packageId": whose.package.package_id if whose.package else None,
        "quantity": granted["reward"][0]["itemQuantity"],
        **granted,
        "redeemedAt": time_text(use.redeemed_at),
    }


def _granted(item: RewardItem, whose: Attribution) -> Document:
    package = whose.package
    name = dict(package.item_name) if package else {"en": item.name}
    return {
        "reward": [*(package.rewards if package else reward_lines(item))],
        "packageName": name,
        "itemName": name,
        "creatorKey": whose.creator_key or None,
        "campaignId": package.campaign_id if package else None,
    }


def reward_lines(item: RewardItem) -> Sequence[RewardLine]:
    """The lines of a reward item that was not made as a package."""
    payload = item.payload
    several = payload.get("items")
    if isinstance(several, list) and several:
        return [_line(one, item) for one in several if isinstance(one, dict)]
    return [{**_line(payload, item), "itemName": {"en": item.name}}]


def _line(payload: Mapping[str, Any], item: RewardItem) -> RewardLine:
    names = (payload.get(name) for name in ITEM_NAMES)
    counts = (payload.get(name) for name in QUANTITY_NAMES)
    return {
        "itemId": next((name for name in names if _is_text(name)), item.reward_type),
        "itemQuantity": next((count for count in counts if type(count) is int), 1),
    }


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def code_use(use: CodeUse) -> Document:
    """One use in a user's history; the reward went out with the redeem's answer."""
    used_at = time_text(use.used_at)
    return {
        "id": use.redemption_id,
        "userId": use.user_id,
        "couponCode": use.code,
        "packageId": use.package_id,
        "campaignId": use.campaign_id,
        "creatorKey": use.creator_key,
        "usedAt": used_at,
        "rewardDelivered": True,
        "rewardDeliveredAt": used_at,
    }


def campaign(of: Campaign) -> Document:
    """A campaign; the project is what we call the tenant."""
    return {
        "campaignId": of.campaign_id,
        "projectId": of.tenant_id,
        "campaignName": dict(of.names),
        "description": dict(of.description),
        "startDate": time_text(of.starts_at),
        "endDate": time_text(of.ends_at),
        "status": of.status.value,
    }


def creator(of: Creator) -> Document:
    """A creator."""
    return {
        "creatorId": of.creator_id,
        "creatorName": of.name,
        "genre": of.genre,
        "creatorKey": of.creator_key,
        "status": of.status.value,
    }


def creator_code(of: CreatorCode) -> Document:
    """A code in a creator's hands."""
    return {"code": of.code, "packageNo": of.package_no, "status": of.status.value}


def package(of: DefinedPackage) -> Document:
    """A package with its limits; 0 is none."""
    first, limits = of.package.rewards[0], of.definition
    return {
        "packageId": of.package.package_id,
        "packageNo": of.package.package_no,
        "itemName": dict(of.package.item_name),
        "itemDescription": dict(of.package.item_description),
        "itemId": first["itemId"],
        "itemQuantity": first["itemQuantity"],
        "reward": [*of.package.rewards],
        "perCodeUsageLimit": limits.per_code_limit,
        "crossCreatorLimit": limits.per_user_limit,
        "maxTotalUsage": limits.total_limit,
    }
