"""Tests of hot definitions, whose uses are counted in slots on PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest

from coupon_core.domain.models import Definition, Reason
from coupon_core.domain.models.purchases import Action, ActivityRequest
from coupon_core.domain.rules.usage_slots import get_slot
from coupon_core.persistence.database import execute, is_postgresql, transaction
from coupon_core.persistence.repositories.usage_slots import (
    INCREMENT_TOTAL_USAGE,
    LOWER_USED_COUNT,
    SET_USED_COUNT,
)
from coupon_core.services.points import purchases, users
from tests.factories.tenant import NOW, TenantFactory
from tests.support.hot_codes import (
    count_slots,
    list_redemption_ids,
    read_slots,
    redeem_in_turn,
    reverse,
)
from tests.support.invariants import assert_invariants, fetch_rows
from tests.support.refusals import capture_refusal


def execute_for(definition: Definition, sql: str, **parameters: int) -> int:
    """Execute a statement on a definition and return its row count."""
    key = {
        "tenant_id": definition.tenant_id,
        "definition_id": definition.definition_id,
    }
    return int(execute(sql, {**key, **parameters}).rowcount)


def test_a_redemption_raises_a_slot_of_its_user(tenant: TenantFactory) -> None:
    definition = tenant.define_claimable("HOT", total_limit=1_000)
    tenant.redeem("HOT", "ann")
    used = [slot for slot, (count, _) in enumerate(read_slots(definition)) if count]
    assert used == ([get_slot("ann")] if is_postgresql() else [])
    slots = fetch_rows(
        f"SELECT usage_slot FROM redemption WHERE tenant_id = '{tenant.tenant_id}'"
    )
    assert [slot for (slot,) in slots] == (used or [None])
    assert tenant.reload_definition(definition).used_count == 1
    assert_invariants()


def test_a_user_whose_slot_is_full_raises_the_others(tenant: TenantFactory) -> None:
    code = tenant.issue_code(tenant.define(per_code_limit=0, total_limit=40, hot=True))
    # A slot has 2 or 3 of 40 uses.
    for _ in range(40):
        tenant.redeem(code)
        assert_invariants()
    assert capture_refusal(tenant.redeem, code) == Reason.POOL_EMPTY
    assert tenant.validate(code).decision.reason == Reason.POOL_EMPTY


def test_a_reversal_lowers_the_slot_and_is_seen_at_once(tenant: TenantFactory) -> None:
    definition = tenant.define_claimable("HOT", total_limit=2, hot=True)
    tenant.redeem("HOT", "ann")
    tenant.redeem("HOT", "ben")
    assert capture_refusal(tenant.redeem, "HOT", "eve") == Reason.POOL_EMPTY
    reverse(definition, list_redemption_ids(definition)[0])
    assert tenant.reload_definition(definition).used_count == 1
    tenant.redeem("HOT", "eve")
    assert capture_refusal(tenant.redeem, "HOT", "joe") == Reason.POOL_EMPTY
    assert_invariants()


def test_a_use_that_was_counted_before_can_be_reversed_in_slots(
    tenant: TenantFactory,
) -> None:
    definition = tenant.define_claimable("HOT", total_limit=20)
    users = ["ann", "ben", "eve"]
    redeem_in_turn(tenant, "HOT", users)
    tenant.change(definition, hot=True)
    redeem_in_turn(tenant, "HOT", ["joe"])
    assert_invariants()
    for redemption_id in list_redemption_ids(definition):
        reverse(definition, redemption_id)
        assert_invariants()
    assert tenant.reload_definition(definition).used_count == 0


@pytest.mark.parametrize(
    ("changes", "is_slotted"),
    [
        ({"hot": True}, True),
        ({"total_limit": 1_000}, True),
        ({"total_limit": 999}, False),
        ({"name": "Renamed"}, False),
    ],
)
def test_a_definition_becomes_hot_and_back_with_its_count(
    tenant: TenantFactory, changes: dict[str, Any], is_slotted: bool
) -> None:
    definition = tenant.define_claimable("WARM", total_limit=20)
    redeem_in_turn(tenant, "WARM", ["ann", "ben"])
    for members, slot_count in (
        (changes, count_slots() * is_slotted),
        ({"hot": False, "total_limit": 3}, 0),
    ):
        assert tenant.change(definition, **members).used_count == 2
        assert len(read_slots(definition)) == slot_count
        assert tenant.reload_definition(definition).used_count == 2
        assert_invariants()
    redeem_in_turn(tenant, "WARM", ["eve"])
    assert capture_refusal(tenant.redeem, "WARM", "joe") == Reason.POOL_EMPTY


def test_other_changes_keep_the_count_of_a_hot_definition(
    tenant: TenantFactory,
) -> None:
    definition = tenant.define_claimable("HOT", total_limit=2_000)
    redeem_in_turn(tenant, "HOT", ["ann", "ben"])
    tenant.change(definition, name="Renamed")
    tenant.pause(definition)
    tenant.suspend(definition)
    tenant.resume(definition)
    redeem_in_turn(tenant, "HOT", ["eve"])
    assert tenant.reload_definition(definition).used_count == 3
    assert len(read_slots(definition)) == count_slots()
    assert_invariants()


def test_uses_and_refunds_by_mambo_count_in_all_slots(tenant: TenantFactory) -> None:
    code = tenant.issue_code(tenant.define(per_code_limit=0, total_limit=20, hot=True))
    users.create(tenant.tenant_id, {"user_id": "ann"}, NOW)
    for _ in range(20):
        act(tenant, Action.REDEEM, code)
    assert capture_refusal(act, tenant, Action.REDEEM, code) == Reason.POOL_EMPTY
    act(tenant, Action.REFUND, code)
    act(tenant, Action.REDEEM, code)
    assert_invariants()


def act(tenant: TenantFactory, action: Action, code: str) -> None:
    """Redeem or refund a code as Mambo does."""
    request = ActivityRequest(tenant.tenant_id, "ann", action, code)
    with transaction():
        purchases.execute(request, NOW)


# ------------------------------------------------------- beside the previous release


def test_the_previous_release_cannot_exceed_the_limit_of_a_hot_definition(
    tenant: TenantFactory,
) -> None:
    definition = tenant.define_claimable("HOT", total_limit=10, hot=True)
    redeem_in_turn(tenant, "HOT", ["ann", "ben", "eve"])
    if is_postgresql():
        assert execute_for(definition, INCREMENT_TOTAL_USAGE) == 0
        # It gives a use back without knowing of slots.
        execute_for(definition, LOWER_USED_COUNT, count=1)
        assert tenant.reload_definition(definition).used_count == 2
    tenant.redeem("HOT", "joe")
    # It changes a limit: counts the uses, and stores their number.
    execute_for(definition, SET_USED_COUNT, used_count=4)
    assert tenant.reload_definition(definition).used_count == 4
    outcomes = redeem_in_turn(tenant, "HOT", [f"user-{user}" for user in range(8)])
    assert outcomes == {"done": 6, Reason.POOL_EMPTY: 2}
    # Counted again in slots only by the next change.
    tenant.change(definition, total_limit=12)
    outcomes = redeem_in_turn(tenant, "HOT", ["sue", "tom", "uma", "vic"])
    assert outcomes == {"done": 2, Reason.POOL_EMPTY: 2}
    assert len(read_slots(definition)) == count_slots()
    assert_invariants()
