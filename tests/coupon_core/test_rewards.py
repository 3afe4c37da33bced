"""Reward items: what is stored, who names them, and what others do meanwhile."""

from __future__ import annotations

import pytest

from coupon_core.domain.models import AdminReason, Page
from coupon_core.services.catalog import reward_items
from tests.cores import Failure, Unavailable, at_once
from tests.shop import NOW, Shop, new_shop, refusal

PAYLOAD = {"z": [1, {"a": None}], "ü": "☂", "amount": 1.5, "big": 2**53 - 1}
FIELDS = {"name": "Item", "description": "", "reward_type": "item", "payload": PAYLOAD}


def test_a_payload_is_kept_as_it_was(shop: Shop) -> None:
    item = reward_items.create(shop.tenant_id, FIELDS, NOW)
    stored = reward_items.get(shop.tenant_id, item.item_id)
    assert stored == item
    assert list(stored.payload) == list(PAYLOAD)


def test_a_reward_item_in_use_stays(shop: Shop) -> None:
    shop.define()
    reason = refusal(reward_items.delete, shop.tenant_id, shop.reward_item_id)
    assert reason == AdminReason.REWARD_ITEM_IN_USE
    assert reward_items.get(shop.tenant_id, shop.reward_item_id)


def test_a_reward_item_that_nobody_names_goes(shop: Shop) -> None:
    reward_items.delete(shop.tenant_id, shop.reward_item_id)
    ids = shop.tenant_id, shop.reward_item_id
    for action in (reward_items.get, reward_items.delete):
        assert refusal(action, *ids) == AdminReason.REWARD_ITEM_NOT_FOUND
    reason = refusal(reward_items.update, *ids, {"name": "New"}, NOW)
    assert reason == AdminReason.REWARD_ITEM_NOT_FOUND


def test_another_tenants_reward_item_is_unknown(shop: Shop) -> None:
    ids = new_shop().tenant_id, shop.reward_item_id
    assert refusal(reward_items.get, *ids) == AdminReason.REWARD_ITEM_NOT_FOUND
    assert refusal(reward_items.delete, *ids) == AdminReason.REWARD_ITEM_NOT_FOUND
    assert reward_items.listed(ids[0], Page())[1] == 1


@pytest.mark.parametrize("attempt", range(3))
def test_changes_of_different_members_at_once_all_stay(
    shop: Shop, attempt: int
) -> None:
    changes = [{"name": "New"}, {"description": "Said"}, {"reward_type": "item"}] * 3
    outcomes = at_once(
        [
            lambda change=change: reward_items.update(
                shop.tenant_id, shop.reward_item_id, change, NOW
            )
            for change in changes
        ]
    )
    assert not [one for one in outcomes if isinstance(one, Unavailable | Failure)]
    item = reward_items.get(shop.tenant_id, shop.reward_item_id)
    assert (item.name, item.description, item.reward_type) == ("New", "Said", "item")
