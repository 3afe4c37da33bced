"""Filling the demo tenant: what is there already is left as it is."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from admin_gateway.cli.demo import creator_campaign, points_offer
from admin_gateway.cli.demo.phoenix_definitions import CAMPAIGNS, TENANT, Campaign
from admin_gateway.requests import DefinitionBody, RewardItemBody
from coupon_core.domain.models import (
    AdminReason,
    IssuedCoupon,
    Page,
    Refused,
)
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.services.access import tenants
from coupon_core.services.catalog import definitions, reward_items
from coupon_core.services.coupons import administration, generation, redemption
from coupon_core.services.coupons.redemption import RedeemRequest

EVERYTHING = Page(limit=500)


def load(now: datetime) -> list[str]:
    """Add what is missing of the demo tenant; gives the names of what was added.

    A load that was interrupted is completed by the next one.
    """
    added = [f"tenant {TENANT}"] if _add_tenant(now) else []
    known = _definition_ids()
    for campaign in CAMPAIGNS:
        definition_id = known.get(campaign.name) or _define(campaign, now)
        if not _has_coupons(definition_id, now):
            _fill(campaign, definition_id, now)
            added.append(campaign.name)
    promoted = [creator_campaign.NAME] if creator_campaign.load(now) else []
    return added + promoted + points_offer.load(now)


def _add_tenant(now: datetime) -> bool:
    try:
        tenants.create(TENANT, now)
    except Refused as refused:
        if refused.reason != AdminReason.TENANT_EXISTS:
            raise
        return False
    return True


def _definition_ids() -> Mapping[str, str]:
    found, _ = definitions.listed(TENANT, EVERYTHING)
    return {one.name: one.definition_id for one in found}


def _define(campaign: Campaign, now: datetime) -> str:
    created = now - timedelta(days=campaign.days_old)
    body: dict[str, Any] = {
        "name": campaign.name,
        "description": campaign.description,
        "config": {**campaign.config, "reward_item_id": _reward_id(campaign, created)},
    }
    fields = DefinitionBody().load(body)
    return definitions.create(TENANT, fields, created).definition_id


def _reward_id(campaign: Campaign, created: datetime) -> str:
    found, _ = reward_items.listed(TENANT, EVERYTHING)
    known = {item.name: item.item_id for item in found}
    fields = RewardItemBody().load(campaign.reward)
    name = fields["name"]
    return known.get(name) or reward_items.create(TENANT, fields, created).item_id


def _has_coupons(definition_id: str, now: datetime) -> bool:
    which = CouponFilter(definition_id=definition_id)
    return bool(administration.listed(TENANT, which, Page(limit=1), now)[1])


def _fill(campaign: Campaign, definition_id: str, now: datetime) -> None:
    made_at = now - timedelta(days=campaign.days_old)
    holders = campaign.holders
    made = generation.generate(TENANT, definition_id, holders, made_at)
    for one in made.coupons:
        _use(campaign, one, made_at)
        if one.coupon.user_id in campaign.revoked:
            which = CouponFilter(coupon_id=one.coupon.coupon_id)
            administration.revoke(TENANT, which, made_at + timedelta(days=2))


def _use(campaign: Campaign, issued: IssuedCoupon, made_at: datetime) -> None:
    user_id = issued.coupon.user_id
    # Somewhere in the first week, not all at one moment: it is to look real.
    hours = 5 + 13 * sum(user_id.encode()) % 90
    for number in range(1, campaign.uses.get(user_id, 0) + 1):
        asked = RedeemRequest(TENANT, issued.coupon.code, user_id)
        redemption.redeem(asked, made_at + timedelta(hours=hours * number))
