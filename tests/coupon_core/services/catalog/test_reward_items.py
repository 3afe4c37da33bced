"""Tests of reward items: storage, use by definitions, and concurrent changes."""

from __future__ import annotations

import pytest

from coupon_core.domain.models import AdminReason, Page
from coupon_core.services.catalog import reward_items
from tests.factories.tenant import NOW, TenantFactory, create_tenant
from tests.support.concurrency import Failure, Unavailable, run_concurrently
from tests.support.refusals import capture_refusal

PAYLOAD = {"z": [1, {"a": None}], "ü": "☂", "amount": 1.5, "big": 2**53 - 1}
FIELDS = {"name": "Item", "description": "", "reward_type": "item", "payload": PAYLOAD}


def test_a_payload_is_kept_as_it_was(tenant: TenantFactory) -> None:
    item = reward_items.create(tenant.tenant_id, FIELDS, NOW)
    stored = reward_items.get(tenant.tenant_id, item.item_id)
    assert stored == item
    assert list(stored.payload) == list(PAYLOAD)


def test_a_reward_item_in_use_stays(tenant: TenantFactory) -> None:
    tenant.define()
    reason = capture_refusal(
        reward_items.delete, tenant.tenant_id, tenant.reward_item_id
    )
    assert reason == AdminReason.REWARD_ITEM_IN_USE
    assert reward_items.get(tenant.tenant_id, tenant.reward_item_id)


def test_a_reward_item_that_nobody_names_goes(tenant: TenantFactory) -> None:
    reward_items.delete(tenant.tenant_id, tenant.reward_item_id)
    tenant_id, item_id = tenant.tenant_id, tenant.reward_item_id
    for action in (reward_items.get, reward_items.delete):
        reason = capture_refusal(action, tenant_id, item_id)
        assert reason == AdminReason.REWARD_ITEM_NOT_FOUND
    reason = capture_refusal(
        reward_items.update, tenant_id, item_id, {"name": "New"}, NOW
    )
    assert reason == AdminReason.REWARD_ITEM_NOT_FOUND


def test_another_tenants_reward_item_is_unknown(tenant: TenantFactory) -> None:
    other_tenant_id = create_tenant().tenant_id
    for action in (reward_items.get, reward_items.delete):
        reason = capture_refusal(action, other_tenant_id, tenant.reward_item_id)
        assert reason == AdminReason.REWARD_ITEM_NOT_FOUND
    assert reward_items.list_reward_items(other_tenant_id, Page())[1] == 1


@pytest.mark.parametrize("attempt", range(3))
def test_changes_of_different_members_at_once_all_stay(
    tenant: TenantFactory, attempt: int
) -> None:
    changes = [{"name": "New"}, {"description": "Said"}, {"reward_type": "item"}] * 3
    outcomes = run_concurrently(
        [
            lambda change=change: reward_items.update(
                tenant.tenant_id, tenant.reward_item_id, change, NOW
            )
            for change in changes
        ]
    )
    assert not [
        outcome for outcome in outcomes if isinstance(outcome, Unavailable | Failure)
    ]
    item = reward_items.get(tenant.tenant_id, tenant.reward_item_id)
    assert (item.name, item.description, item.reward_type) == ("New", "Said", "item")
