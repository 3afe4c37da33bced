"""Races of all that raises and lowers the same counters: nothing waits in a circle.

`make races` runs them at full size. docs/guarantees.md has the order of the locks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest

from coupon_core.domain.models import Reason, UsagePeriod
from coupon_core.services.coupons import reservation_endings
from coupon_core.settings.loader import Settings
from tests.factories.tenant import NOW, TenantFactory
from tests.support.concurrency import (
    Task,
    count_outcomes,
    run_concurrently,
    run_concurrently_in_processes,
    run_in_turn,
)
from tests.support.hot_codes import list_redemption_ids, redeem_in_turn, reverse
from tests.support.invariants import assert_invariants
from tests.support.reservations import LATER, confirm, release, reserve

Race = Callable[[Sequence[Task]], Counter[str]]
POOL_SIZE, CONNECTION_COUNT = 15, 45  # of this process, and of three
LIMITS: dict[str, dict[str, Any]] = {
    "per user": {"per_user_limit": 1_000},
    "per period": {"user_period_limit": 1_000, "user_period": UsagePeriod.DAY},
    "both": {
        "per_user_limit": 1_000,
        "user_period_limit": 1_000,
        "user_period": UsagePeriod.MONTH,
    },
}


@pytest.fixture
def race(core: Settings, repetitions: int) -> Race:
    """Return a function that runs tasks in as many clients as there are connections.

    It counts their outcomes; an unavailable database fails the test. At full size the
    clients are threads of several processes.
    """

    def run(tasks: Sequence[Task]) -> Counter[str]:
        is_full_size = repetitions > 1
        clients = CONNECTION_COUNT if is_full_size else POOL_SIZE
        shares = [partial(run_in_turn, tasks[one::clients]) for one in range(clients)]
        outcomes = (
            run_concurrently_in_processes(core, shares)
            if is_full_size
            else run_concurrently(shares)
        )
        assert count_outcomes(outcomes) == {"done": clients}
        return sum(outcomes, Counter())

    return run


@pytest.mark.parametrize("limits", LIMITS.values(), ids=LIMITS)
def test_one_user_redeems_one_code_many_times_at_once(
    tenant: TenantFactory, race: Race, repetitions: int, limits: dict[str, Any]
) -> None:
    use_count = 150 if repetitions > 1 else 48
    for _ in range(repetitions):
        code = tenant.create_code(per_code_limit=0, **limits)
        tasks = [partial(tenant.redeem, code)] * use_count
        assert race(tasks) == {"done": use_count}
    assert_invariants()


def test_redeems_reservations_and_reversals_of_one_user_do_not_deadlock(
    tenant: TenantFactory, race: Race, repetitions: int
) -> None:
    for _ in range(repetitions):
        definition = tenant.define(per_code_limit=0, **LIMITS["both"])
        codes = [tenant.issue_code(definition) for _ in range(2)]
        for code in codes:
            redeem_in_turn(tenant, code, ["ann"] * 6)
        tasks: list[Task] = [
            partial(reverse, definition, redemption_id)
            for redemption_id in list_redemption_ids(definition)
        ]
        tasks += [
            partial(use, tenant, codes[number % 2], number // 2) for number in range(80)
        ]
        sweep = partial(reservation_endings.announce_expired, tenant.tenant_id, LATER)
        tasks[20:20] = [sweep]
        assert race(tasks).keys() <= {"done", Reason.RESERVED}
        assert_invariants()


def use(tenant: TenantFactory, code: str, number: int) -> None:
    """Redeem a code, or reserve it and confirm or release that."""
    kind = number % 4
    if kind < 2:
        tenant.redeem(code, "ann", NOW)
        return
    held = reserve(tenant, code, "ann")
    if kind == 2:
        confirm(tenant, held)
    else:
        release(tenant, held)
