"""Create the demo tenant's data; existing data is kept."""

from datetime import datetime, timedelta

from admin_gateway.cli.demo import creator_campaign, points_offer
from admin_gateway.cli.demo.phoenix_definitions import (
    DEMO_DEFINITIONS,
    DEMO_TENANT_ID,
    DemoDefinition,
)
from admin_gateway.requests.definitions import CreateDefinitionSchema
from admin_gateway.requests.reward_items import CreateRewardItemSchema
from coupon_core.domain.models import AdminReason, Page, Refused
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.services.access import tenants
from coupon_core.services.catalog import definitions, reward_items
from coupon_core.services.coupons import administration, generation, redemption
from coupon_core.services.coupons.redemption import RedeemRequest

MAX_PAGE = Page(limit=500)


def load(now: datetime) -> list[str]:
    """Create missing demo data and return the names of what was created.

    A load that was interrupted is completed by the next one.
    """
    added = [f"tenant {DEMO_TENANT_ID}"] if _add_tenant(now) else []
    rows, _ = definitions.list_definitions(DEMO_TENANT_ID, MAX_PAGE)
    definition_ids = {row.name: row.definition_id for row in rows}
    for each in DEMO_DEFINITIONS:
        created_at = now - timedelta(days=each.age_days)
        definition_id = definition_ids.get(each.name) or _create(each, created_at)
        if not _has_coupons(definition_id, now):
            _generate_coupons(each, definition_id, created_at=created_at)
            added.append(each.name)
    if creator_campaign.load(now):
        added.append(creator_campaign.CAMPAIGN_LABEL)
    return added + points_offer.load(now)


def _add_tenant(now: datetime) -> bool:
    try:
        tenants.create(DEMO_TENANT_ID, now)
    except Refused as refused:
        if refused.reason != AdminReason.TENANT_EXISTS:
            raise
        return False
    return True


def _create(demo_definition: DemoDefinition, created_at: datetime) -> str:
    """Create a definition, and its reward item if it is missing; return its ID."""
    items, _ = reward_items.list_reward_items(DEMO_TENANT_ID, MAX_PAGE)
    item_ids = {item.name: item.item_id for item in items}
    reward = CreateRewardItemSchema().load(demo_definition.reward)
    item_id = (
        item_ids.get(reward["name"])
        or reward_items.create(DEMO_TENANT_ID, reward, now=created_at).item_id
    )
    body = {
        "name": demo_definition.name,
        "description": demo_definition.description,
        "config": {**demo_definition.config, "reward_item_id": item_id},
    }
    fields = CreateDefinitionSchema().load(body)
    return definitions.create(DEMO_TENANT_ID, fields, now=created_at).definition_id


def _has_coupons(definition_id: str, now: datetime) -> bool:
    coupon_filter = CouponFilter(definition_id=definition_id)
    _, total = administration.list_coupons(
        DEMO_TENANT_ID, coupon_filter, page=Page(limit=1), now=now
    )
    return total > 0


def _generate_coupons(
    demo_definition: DemoDefinition, definition_id: str, created_at: datetime
) -> None:
    result = generation.generate(
        DEMO_TENANT_ID, definition_id, user_ids=demo_definition.holders, now=created_at
    )
    for coupon in (issued.coupon for issued in result.coupons):
        user_id = coupon.user_id
        # Spread the redemptions over the first week, so that the data looks real.
        hours = 5 + 13 * sum(user_id.encode()) % 90
        count = demo_definition.redemptions_by_user.get(user_id, 0)
        for number in range(1, count + 1):
            request = RedeemRequest(DEMO_TENANT_ID, coupon.code, user_id=user_id)
            redemption.redeem(request, created_at + timedelta(hours=hours * number))
        if user_id in demo_definition.revoked_holders:
            coupon_filter = CouponFilter(coupon_id=coupon.coupon_id)
            administration.revoke(
                DEMO_TENANT_ID, coupon_filter, now=created_at + timedelta(days=2)
            )
