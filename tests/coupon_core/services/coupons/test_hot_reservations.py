"""Tests of reservations of hot definitions, whose uses are counted in slots."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from coupon_core.domain.models import Definition, Reason, Refused, ReservationReason
from coupon_core.domain.rules.usage_slots import get_slot
from coupon_core.persistence.database import is_postgresql
from coupon_core.services.coupons import reservation_endings
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
from tests.support.reservations import LATER, confirm, release, reserve


def read_usage_slots(tenant: TenantFactory, table: str) -> list[int | None]:
    """Return the slots that the tenant's redemptions or reservations have raised."""
    sql = f"SELECT usage_slot FROM {table} WHERE tenant_id = '{tenant.tenant_id}'"
    return [slot for (slot,) in fetch_rows(sql)]


def list_raised_slots(definition: Definition) -> list[int]:
    return [slot for slot, (count, _) in enumerate(read_slots(definition)) if count]


def test_a_reservation_raises_the_slot_that_its_redemption_gives_back(
    tenant: TenantFactory,
) -> None:
    definition = tenant.define_claimable("HOT", total_limit=1_000)
    held = reserve(tenant, "HOT")
    raised = [get_slot("ann")] if is_postgresql() else []
    assert list_raised_slots(definition) == raised
    assert read_usage_slots(tenant, "reservation") == (raised or [None])
    assert tenant.reload_definition(definition).used_count == 1
    assert_invariants()
    confirm(tenant, held)
    assert list_raised_slots(definition) == raised
    assert read_usage_slots(tenant, "redemption") == (raised or [None])
    assert_invariants()
    reverse(definition, list_redemption_ids(definition)[0])
    assert list_raised_slots(definition) == []
    assert tenant.reload_definition(definition).used_count == 0
    assert_invariants()


def release_all(tenant: TenantFactory, reservation_ids: list[str]) -> None:
    for reservation_id in reservation_ids:
        release(tenant, reservation_id)


def sweep(tenant: TenantFactory, _: list[str]) -> None:
    assert reservation_endings.announce_expired(tenant.tenant_id, LATER) == 3


def leave(_tenant: TenantFactory, _: list[str]) -> None:
    """Leave it to the next use to reclaim them."""


@pytest.mark.parametrize("end", [release_all, sweep, leave])
def test_what_reservations_held_can_be_used_after_their_end(
    tenant: TenantFactory, end: Callable[[TenantFactory, list[str]], None]
) -> None:
    definition = tenant.define_claimable("HOT", total_limit=3, hot=True)
    held = [reserve(tenant, "HOT", user) for user in ("ann", "ben", "eve")]
    assert tenant.validate("HOT", "joe").decision.reason == Reason.POOL_EMPTY
    assert capture_refusal(tenant.redeem, "HOT", "joe", NOW) == Reason.POOL_EMPTY
    end(tenant, held)
    assert tenant.validate("HOT", "joe", now=LATER).decision.is_allowed
    tenant.redeem("HOT", "joe", LATER)
    assert tenant.reload_definition(definition).used_count == 1
    assert_invariants()


def test_a_late_confirmation_raises_a_slot_that_is_left(tenant: TenantFactory) -> None:
    definition = tenant.define_claimable("HOT", total_limit=2, hot=True)
    late, too_late = reserve(tenant, "HOT"), reserve(tenant, "HOT", "ben")
    confirm(tenant, late, LATER)
    tenant.redeem("HOT", "eve", LATER)
    assert capture_refusal(confirm, tenant, too_late, LATER) == (
        ReservationReason.RESERVATION_EXPIRED
    )
    assert tenant.reload_definition(definition).used_count == 2
    assert_invariants()


def test_held_reservations_are_counted_again_in_slots(tenant: TenantFactory) -> None:
    definition = tenant.define_claimable("HOT", total_limit=20)
    now = datetime.now(UTC)
    held = [reserve(tenant, "HOT", user, now) for user in ("ann", "ben", "eve")]
    with pytest.raises(Refused) as refused:
        tenant.change(definition, hot=True, total_limit=2)
    assert "at least 3" in refused.value.detail
    assert tenant.change(definition, hot=True, total_limit=3).used_count == 3
    assert len(read_slots(definition)) == count_slots()
    assert_invariants()
    assert redeem_in_turn(tenant, "HOT", ["joe"]) == {Reason.POOL_EMPTY: 1}
    release(tenant, held[0], now)
    confirm(tenant, held[1], now)
    assert_invariants()
    assert tenant.change(definition, hot=False).used_count == 2
    release(tenant, held[2], now)
    assert tenant.reload_definition(definition).used_count == 1
    assert_invariants()
