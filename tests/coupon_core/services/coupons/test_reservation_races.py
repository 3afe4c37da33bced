"""Redeem and reserve at the same moment: no limit is overshot at any moment."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from coupon_core.domain.models import Definition, Reason, Refused
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import execute
from coupon_core.services.coupons import reservation_endings, reservations
from coupon_core.settings.loader import Settings
from tests.factories.tenant import NOW, TenantFactory
from tests.support.concurrency import (
    count_outcomes,
    run_concurrently,
    run_concurrently_in_processes,
)
from tests.support.invariants import assert_invariants, fetch_rows
from tests.support.reservations import reserve

REQUESTS, USERS, CODES, TOTAL = 300, 30, 100, 20
LONG_AGO = NOW - timedelta(hours=1)
COUNT_LIVE_USES = """
    SELECT (SELECT count(*) FROM redemption WHERE tenant_id = :tenant_id)
    + (SELECT count(*) FROM reservation WHERE tenant_id = :tenant_id
        AND state = 'held' AND expires_at >= :now)
"""


def count_live_uses(tenant: TenantFactory) -> int:
    """Return the uses that are redeemed or held."""
    now = format_timestamp_milliseconds(NOW)
    parameters = {"tenant_id": tenant.tenant_id, "now": now}
    return int(execute(COUNT_LIVE_USES, parameters).fetchone()[0])


def use(tenant: TenantFactory, code: str, user_id: str, kind: int) -> int:
    """Redeem a code, or reserve it and let that end; return the greatest count seen."""
    if kind in (0, 1):
        tenant.redeem(code, user_id, NOW)
        return count_live_uses(tenant)
    held = reserve(tenant, code, user_id, now=NOW if kind == 2 else LONG_AGO)
    seen = count_live_uses(tenant)
    if kind == 2:
        reservations.release(tenant.tenant_id, held, None, NOW)
    return seen


@pytest.mark.parametrize("has_processes", [False, True], ids=["threads", "processes"])
def test_of_300_redeems_and_reservations_20_uses_remain(
    tenant: TenantFactory, core: Settings, has_processes: bool
) -> None:
    definition = tenant.define(per_user_limit=1, total_limit=TOTAL)
    codes = [tenant.issue_unassigned_code(definition) for _ in range(CODES)]
    tasks = [
        partial(
            use,
            tenant,
            codes[number % CODES],
            f"user-{number % USERS}",
            number // 2 % 4,
        )
        for number in range(REQUESTS)
    ]
    race = partial(run_concurrently_in_processes, core)
    outcomes = (race if has_processes else run_concurrently)(tasks)
    count_outcomes(outcomes)  # nothing but successes and refusals
    assert max(seen for seen in outcomes if isinstance(seen, int)) <= TOTAL
    assert_invariants()
    redeem_what_is_left(tenant, codes)
    assert count_live_uses(tenant) == TOTAL
    sql = f"""SELECT user_id FROM redemption WHERE tenant_id = '{tenant.tenant_id}'
        GROUP BY user_id HAVING count(*) > 1"""
    assert fetch_rows(sql) == []
    assert_invariants()
    while reservation_endings.announce_expired(tenant.tenant_id, NOW):
        pass
    assert read_used_count(definition) == TOTAL


def redeem_what_is_left(tenant: TenantFactory, codes: list[str]) -> None:
    """Let each user redeem once more, if one of the codes is left."""
    for number in range(USERS):
        for code in codes:
            try:
                tenant.redeem(code, f"user-{number}", NOW)
            except Refused as refused:
                if refused.reason in (Reason.USER_LIMIT, Reason.POOL_EMPTY):
                    break
            else:
                break


def read_used_count(definition: Definition) -> Any:
    """Return the counter of the total limit."""
    sql = f"""SELECT used_count FROM definition
        WHERE definition_id = '{definition.definition_id}'"""
    return fetch_rows(sql)[0][0]


def test_one_use_is_reserved_once_and_confirmed_once(tenant: TenantFactory) -> None:
    code = tenant.create_code()
    tasks: list[Any] = [partial(reserve, tenant, code, "ann", NOW)] * 20
    outcomes = run_concurrently(tasks)
    assert count_outcomes(outcomes) == {"done": 1, Reason.RESERVED: 19}
    (held,) = (found for found in outcomes if not isinstance(found, Reason))
    confirm = partial(reservations.confirm, tenant.tenant_id, held, None, NOW)
    release = partial(reservations.release, tenant.tenant_id, held, None, NOW)
    run_concurrently([confirm, release] * 10)
    assert_invariants()


def test_a_redeem_and_the_first_reservation_do_not_share_a_use(
    tenant: TenantFactory,
) -> None:
    for _ in range(10):
        code = tenant.create_code()
        redeem = partial(tenant.redeem, code, "ann", NOW)
        outcomes = run_concurrently(
            [redeem, partial(reserve, tenant, code, "ann", NOW)]
        )
        assert count_outcomes(outcomes)["done"] == 1
    assert_invariants()


@pytest.mark.parametrize("total_limit", [20, 1_000], ids=["one counter", "slots"])
def test_users_who_claim_a_code_in_both_ways_do_not_deadlock(
    tenant: TenantFactory, total_limit: int
) -> None:
    for number in range(10):
        code = f"BOTH-{number}"
        tenant.define_claimable(code, per_code_limit=0, total_limit=total_limit)
        tasks: list[Any] = [
            partial(use, code, user, now=NOW)
            for use in (tenant.redeem, partial(reserve, tenant))
            for user in ("ann", "ben", "eve") * 2
        ]
        assert count_outcomes(run_concurrently(tasks)) == {"done": len(tasks)}
    assert_invariants()
