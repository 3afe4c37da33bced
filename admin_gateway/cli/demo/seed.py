"""Create the demo tenant's data; existing data is kept."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from admin_gateway.cli.demo import creator_campaign, points_offer
from admin_gateway.cli.demo.phoenix_definitions import (
    DEMO_DEFINITIONS,
    DEMO_TENANT_ID,
    DemoDefinition,
)
from admin_gateway.requests.definitions import CreateDefinitionSchema
from admin_gateway.requests.reward_items import CreateRewardItemSchema
from coupon_core.domain.models import AdminReason, IssuedCoupon, Page, Refused
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
    definition_ids = _definition_ids_by_name()
    for demo_definition in DEMO_DEFINITIONS:
        definition_id = definition_ids.get(demo_definition.name) or _create_definition(
            demo_definition, now
        )
        if not _has_coupons(definition_id, now):
            _generate_coupons(demo_definition, definition_id, now=now)
            added.append(demo_definition.name)
    added_campaigns = (
        [creator_campaign.CAMPAIGN_LABEL] if creator_campaign.load(now) else []
    )
    return added + added_campaigns + points_offer.load(now)


def _add_tenant(now: datetime) -> bool:
    try:
        tenants.create(DEMO_TENANT_ID, now)
    except Refused as refused:
        if refused.reason != AdminReason.TENANT_EXISTS:
            raise
        return False
    return True


def _definition_ids_by_name() -> Mapping[str, str]:
    rows, _ = definitions.list_definitions(DEMO_TENANT_ID, MAX_PAGE)
    return {definition.name: definition.definition_id for definition in rows}


def _create_definition(demo_definition: DemoDefinition, now: datetime) -> str:
    created_at = now - timedelta(days=demo_definition.age_days)
    body: dict[str, Any] = {
        "name": demo_definition.name,
        "description": demo_definition.description,
        "config": {
            **demo_definition.config,
            "reward_item_id": _get_or_create_reward_item(demo_definition, created_at),
        },
    }
    fields = CreateDefinitionSchema().load(body)
    return definitions.create(DEMO_TENANT_ID, fields, now=created_at).definition_id


def _get_or_create_reward_item(
    demo_definition: DemoDefinition, created_at: datetime
) -> str:
    items, _ = reward_items.list_reward_items(DEMO_TENANT_ID, MAX_PAGE)
    item_ids = {item.name: item.item_id for item in items}
    fields = CreateRewardItemSchema().load(demo_definition.reward)
    name = fields["name"]
    return (
        item_ids.get(name)
        or reward_items.create(DEMO_TENANT_ID, fields, now=created_at).item_id
    )


def _has_coupons(definition_id: str, now: datetime) -> bool:
    coupon_filter = CouponFilter(definition_id=definition_id)
    _, total = administration.list_coupons(
        DEMO_TENANT_ID, coupon_filter, page=Page(limit=1), now=now
    )
    return total > 0


def _generate_coupons(
    demo_definition: DemoDefinition, definition_id: str, now: datetime
) -> None:
    created_at = now - timedelta(days=demo_definition.age_days)
    holders = demo_definition.holders
    result = generation.generate(
        DEMO_TENANT_ID, definition_id, user_ids=holders, now=created_at
    )
    for issued in result.coupons:
        _redeem_coupon(demo_definition, issued, created_at=created_at)
        if issued.coupon.user_id in demo_definition.revoked_holders:
            coupon_filter = CouponFilter(coupon_id=issued.coupon.coupon_id)
            administration.revoke(
                DEMO_TENANT_ID, coupon_filter, now=created_at + timedelta(days=2)
            )


def _redeem_coupon(
    demo_definition: DemoDefinition, issued: IssuedCoupon, created_at: datetime
) -> None:
    user_id = issued.coupon.user_id
    # Spread the redemptions over the first week, so that the data looks real.
    hours = 5 + 13 * sum(user_id.encode()) % 90
    for number in range(1, demo_definition.redemptions_by_user.get(user_id, 0) + 1):
        redeem_request = RedeemRequest(
            DEMO_TENANT_ID, issued.coupon.code, user_id=user_id
        )
        redemption.redeem(redeem_request, created_at + timedelta(hours=hours * number))
