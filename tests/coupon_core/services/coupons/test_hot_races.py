"""Races of hot codes: exactly the permitted number of redemptions succeeds.

`make races` runs them 200 times.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest

from coupon_core.domain.models import Reason
from coupon_core.services.coupons import reservation_endings
from coupon_core.settings.loader import Settings
from tests.factories.tenant import NOW, TenantFactory
from tests.support.concurrency import (
    Task,
    count_outcomes,
    run_concurrently,
    run_concurrently_in_processes,
)
from tests.support.hot_codes import (
    count_slots,
    list_redemption_ids,
    read_slots,
    redeem_in_turn,
    reverse,
)
from tests.support.invariants import assert_invariants
from tests.support.reservations import LATER, confirm, release, reserve

Race = Callable[[Sequence[Task]], list[Any]]
CONNECTION_COUNT = 45  # of three processes, whose pools have 16 each


@pytest.fixture
def race(core: Settings) -> Race:
    """Return a function that runs tasks concurrently in several processes."""
    return partial(run_concurrently_in_processes, core)


def test_of_200_callers_a_hot_limit_of_10_serves_10(
    tenant: TenantFactory, race: Race, repetitions: int
) -> None:
    for number in range(repetitions):
        code = f"HOT-{number}"
        definition = tenant.define_claimable(code, total_limit=10, hot=True)
        tasks = [partial(tenant.redeem, code, f"user-{user}") for user in range(200)]
        assert count_outcomes(race(tasks)) == {"done": 10, Reason.POOL_EMPTY: 190}
        assert len(read_slots(definition)) == count_slots()
    assert_invariants()


def test_a_high_limit_serves_exactly_that_many(
    tenant: TenantFactory, race: Race, repetitions: int
) -> None:
    # The whole size is left to repeated runs: 3,000 redemptions take 10 seconds.
    limit = 1_500 if repetitions > 1 else 150
    for repetition in range(repetitions):
        code = f"HIGH-{repetition}"
        tenant.define_claimable(code, total_limit=limit, hot=True)
        users = [f"user-{user}" for user in range(2 * limit)]
        tasks = [
            partial(redeem_in_turn, tenant, code, users[number::CONNECTION_COUNT])
            for number in range(CONNECTION_COUNT)
        ]
        counts = race(tasks)
        assert count_outcomes(counts) == {"done": len(tasks)}
        assert sum(counts, Counter()) == {"done": limit, Reason.POOL_EMPTY: limit}
    assert_invariants()


def test_a_hot_limit_that_changes_under_load_is_never_overshot(
    tenant: TenantFactory, repetitions: int
) -> None:
    for number in range(repetitions):
        code = f"MOVED-{number}"
        definition = tenant.define_claimable(code, total_limit=20, hot=True)
        tasks: list[Task] = [
            partial(tenant.redeem, code, f"user-{user}") for user in range(90)
        ]
        for limit, hot in ((30, True), (5, True), (40, False), (60, True), (35, True)):
            change = partial(tenant.change, definition, total_limit=limit, hot=hot)
            tasks.insert(limit, change)
        outcomes = count_outcomes(run_concurrently(tasks))
        assert outcomes.keys() <= {"done", Reason.POOL_EMPTY, "limit_below_uses"}
        assert_invariants()


def test_redemptions_and_reversals_of_a_hot_code_do_not_deadlock(
    tenant: TenantFactory, repetitions: int
) -> None:
    for number in range(repetitions):
        code = f"BACK-{number}"
        definition = tenant.define_claimable(
            code, per_code_limit=0, total_limit=100, hot=True
        )
        users = [f"user-{user}" for user in range(6)]
        redeem_in_turn(tenant, code, users * 2)
        redemption_ids = list_redemption_ids(definition)
        tasks = [partial(reverse, definition, one) for one in redemption_ids]
        tasks += [partial(tenant.redeem, code, user) for user in users * 4]
        assert count_outcomes(run_concurrently(tasks)) == {"done": 36}
        assert tenant.reload_definition(definition).used_count == 24
    assert_invariants()


def test_of_redeemed_and_reserved_uses_of_a_hot_code_the_limit_remains(
    tenant: TenantFactory, repetitions: int
) -> None:
    for repetition in range(repetitions):
        code = f"HELD-{repetition}"
        definition = tenant.define_claimable(code, total_limit=10, hot=True)
        tasks: list[Task] = [partial(use, tenant, code, number) for number in range(40)]
        sweep = partial(reservation_endings.announce_expired, tenant.tenant_id, LATER)
        tasks[20:20] = [sweep, partial(tenant.change, definition, total_limit=12)]
        outcomes = count_outcomes(run_concurrently(tasks))
        assert outcomes.keys() <= {"done", Reason.POOL_EMPTY}
        assert_invariants()
        late_users = [f"late-{user}" for user in range(13)]  # what was held has ended
        assert Reason.POOL_EMPTY in redeem_in_turn(tenant, code, late_users)
        assert tenant.reload_definition(definition).used_count == 12
        assert_invariants()


def use(tenant: TenantFactory, code: str, number: int) -> None:
    """Redeem a code, or reserve it and confirm or release that, or let it end."""
    kind, user = number % 4, f"user-{number}"
    if kind == 0:
        tenant.redeem(code, user, NOW)
        return
    held = reserve(tenant, code, user)
    if kind == 1:
        confirm(tenant, held)
    if kind == 2:
        release(tenant, held)
