"""Races of all that raises and lowers the same counters: nothing waits in a circle.

`make races` runs them at full size. docs/guarantees.md has the order of the locks.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from coupon_core.domain.models import Reason, UsagePeriod
from coupon_core.services.coupons import reservation_endings
from tests.factories.tenant import NOW, TenantFactory
from tests.support.concurrency import Task, count_outcomes, run_concurrently
from tests.support.hot_codes import list_redemption_ids, redeem_in_turn, reverse
from tests.support.invariants import assert_invariants
from tests.support.reservations import LATER, confirm, release, reserve

LIMITS: dict[str, dict[str, Any]] = {
    "per user": {"per_user_limit": 1_000},
    "per period": {"user_period_limit": 1_000, "user_period": UsagePeriod.DAY},
    "both": {
        "per_user_limit": 1_000,
        "user_period_limit": 1_000,
        "user_period": UsagePeriod.MONTH,
    },
}


@pytest.mark.parametrize("limits", LIMITS.values(), ids=LIMITS)
def test_one_user_redeems_one_code_many_times_at_once(
    tenant: TenantFactory, repetitions: int, limits: dict[str, Any]
) -> None:
    clients, uses = (40, 15) if repetitions > 1 else (16, 3)
    for _ in range(repetitions):
        code = tenant.create_code(per_code_limit=0, **limits)
        tasks = [partial(redeem_in_turn, tenant, code, ["ann"] * uses)] * clients
        outcomes = run_concurrently(tasks)
        count_outcomes(outcomes)
        assert sum(outcome["done"] for outcome in outcomes) == clients * uses
    assert_invariants()


def test_redeems_reservations_and_reversals_of_one_user_do_not_deadlock(
    tenant: TenantFactory, repetitions: int
) -> None:
    for _ in range(repetitions):
        definition = tenant.define(per_code_limit=0, **LIMITS["both"])
        codes = [tenant.issue_code(definition) for _ in range(2)]
        redeem_in_turn(tenant, codes[0], ["ann"] * 6)
        redeem_in_turn(tenant, codes[1], ["ann"] * 6)
        tasks: list[Task] = [
            partial(reverse, definition, redemption_id)
            for redemption_id in list_redemption_ids(definition)
        ]
        tasks += [
            partial(use, tenant, codes[number % 2], number // 2) for number in range(40)
        ]
        sweep = partial(reservation_endings.announce_expired, tenant.tenant_id, LATER)
        tasks[20:20] = [sweep]
        outcomes = count_outcomes(run_concurrently(tasks))
        assert outcomes.keys() <= {"done", Reason.RESERVED}
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
