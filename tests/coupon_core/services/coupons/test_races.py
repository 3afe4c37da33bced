"""Races in threads and in processes: exactly the permitted number of tasks succeeds.

See `docs/performance.md` 2. No outcome may be an error or a busy database either: on an
idle machine the wait for a lock is far below the deadline.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from coupon_core.domain.models import (
    UNASSIGNED,
    AdminReason,
    Definition,
    DefinitionStatus,
    IssuedCoupon,
    Reason,
    UsagePeriod,
)
from coupon_core.persistence import database
from coupon_core.settings.loader import Settings
from tests.factories.tenant import NOW, TenantFactory
from tests.support.concurrency import (
    Failure,
    Task,
    count_outcomes,
    run_concurrently,
    run_concurrently_in_processes,
)
from tests.support.invariants import assert_invariants, fetch_rows

Race = Callable[[Sequence[Task]], list[Any]]


@pytest.fixture(params=["threads", "processes"])
def race(request: pytest.FixtureRequest, core: Settings) -> Race:
    """Return a function that runs tasks concurrently, in threads or in processes."""
    if request.param == "threads":
        return run_concurrently
    return partial(run_concurrently_in_processes, core)


# -------------------------------------------------- concurrent redemptions of a code


def test_one_users_coupon_is_used_as_often_as_the_total_allows(
    tenant: TenantFactory, race: Race
) -> None:
    code = tenant.issue_code(tenant.define(per_code_limit=0, total_limit=10))
    outcomes = race([partial(tenant.redeem, code)] * 200)
    assert count_outcomes(outcomes) == {"done": 10, Reason.POOL_EMPTY: 190}
    assert_invariants()


def test_a_claimable_code_goes_to_as_many_users_as_the_total_allows(
    tenant: TenantFactory, race: Race
) -> None:
    tenant.define_claimable("SAVE10", total_limit=10)
    tasks = [
        partial(tenant.redeem, "SAVE10", f"user-{number}") for number in range(200)
    ]
    assert count_outcomes(race(tasks)) == {"done": 10, Reason.POOL_EMPTY: 190}
    assert_invariants()


def test_one_user_uses_a_code_as_often_as_it_allows(
    tenant: TenantFactory, race: Race
) -> None:
    code = tenant.issue_code(tenant.define(per_code_limit=3))
    outcomes = race([partial(tenant.redeem, code)] * 40)
    assert count_outcomes(outcomes) == {"done": 3, Reason.USED_UP: 37}
    assert_invariants()


def test_an_unassigned_coupon_gets_one_owner(tenant: TenantFactory, race: Race) -> None:
    code = tenant.issue_unassigned_code(tenant.define())
    tasks = [partial(tenant.redeem, code, f"user-{number}") for number in range(200)]
    assert count_outcomes(race(tasks)) == {"done": 1, Reason.COUPON_NOT_FOUND: 199}
    assert_invariants()


@pytest.mark.parametrize("total", [0, 50])
@pytest.mark.parametrize("uses", [1, 3, 0])
def test_a_user_claims_a_code_once(
    tenant: TenantFactory, total: int, uses: int
) -> None:
    tenant.define_claimable("SAVE10", per_code_limit=uses, total_limit=total)
    outcomes = run_concurrently([partial(tenant.redeem, "SAVE10")] * 12)
    assert count_outcomes(outcomes)["done"] == (uses or 12)
    count_sql = f"SELECT count(*) FROM coupon WHERE tenant_id = '{tenant.tenant_id}'"
    assert fetch_rows(count_sql)[0][0] == 1
    assert_invariants()


def test_different_users_of_one_definition_do_not_hinder_each_other(
    tenant: TenantFactory, race: Race
) -> None:
    users = [f"user-{number}" for number in range(60)]
    coupons = tenant.generate(tenant.define(total_limit=60), users)
    tasks = [
        partial(tenant.redeem, issued.coupon.code, issued.coupon.user_id)
        for issued in coupons
    ]
    assert count_outcomes(race(tasks)) == {"done": 60}
    assert_invariants()


def test_clocks_ten_minutes_apart_redeem_no_more(
    tenant: TenantFactory, race: Race
) -> None:
    tenant.define_claimable("SAVE10", total_limit=10, per_code_limit=0)
    clocks = [NOW - timedelta(minutes=10), NOW, NOW + timedelta(minutes=10)]
    tasks = [
        partial(tenant.redeem, "SAVE10", f"user-{number % 12}", clocks[number % 3])
        for number in range(60)
    ]
    assert count_outcomes(race(tasks)) == {"done": 10, Reason.POOL_EMPTY: 50}
    assert_invariants()


# ----------------------------------------------------------------- redeem and revoke


def test_no_redeem_begins_and_succeeds_after_a_revoke(
    tenant: TenantFactory, race: Race
) -> None:
    codes = [tenant.issue_code(tenant.define(per_code_limit=0)) for _ in range(8)]
    tasks = [partial(revoke_and_redeem, tenant, code) for code in codes]
    tasks += [partial(redeem_until_revoked, tenant, code) for code in codes * 3]
    outcomes = race(tasks)
    assert set(count_outcomes(outcomes)) == {"done"}
    assert set(outcomes) == {Reason.REVOKED.value}
    assert_invariants()


def revoke_and_redeem(tenant: TenantFactory, code: str) -> str:
    tenant.revoke(code)
    return redeem_until_revoked(tenant, code, times=1)


def redeem_until_revoked(tenant: TenantFactory, code: str, times: int = 200) -> str:
    """Return the reason of the first refusal; fail if there is none."""
    from tests.support.concurrency import run_task

    for _ in range(times):
        found = run_task(partial(tenant.redeem, code))
        if not isinstance(found, IssuedCoupon):
            return getattr(found, "value", repr(found))
    raise AssertionError("it is never revoked")


# -------------------------------------------------------------- changed definitions


def test_no_coupon_is_made_after_a_pause(tenant: TenantFactory, race: Race) -> None:
    definition = tenant.define()
    tasks = [partial(pause_and_generate, tenant, definition)]
    tasks += [partial(tenant.generate, definition, ["ann"] * 5)] * 30
    outcomes = race(tasks)
    generated_count = sum(
        len(outcome) for outcome in outcomes if isinstance(outcome, list)
    )
    assert outcomes[0] == AdminReason.NOT_ACTIVE
    assert set(count_outcomes(outcomes)) <= {"done", AdminReason.NOT_ACTIVE}
    count_sql = f"SELECT count(*) FROM coupon WHERE tenant_id = '{tenant.tenant_id}'"
    assert fetch_rows(count_sql)[0][0] == generated_count


def pause_and_generate(tenant: TenantFactory, definition: Any) -> Any:
    tenant.set_status(definition, DefinitionStatus.PAUSED)
    return tenant.generate(definition, ["ann"])


def test_a_custom_code_is_taken_by_one_of_many(
    tenant: TenantFactory, race: Race
) -> None:
    spellings = ["SAVE10", "save10", "Save10"]
    tasks = [
        partial(
            tenant.define_custom,
            spellings[number % 3],
            name=f"Offer {number}",
            case_sensitive=number == 3,
        )
        for number in range(30)
    ]
    assert count_outcomes(race(tasks)) == {"done": 1, AdminReason.CODE_TAKEN: 29}


def test_a_name_is_taken_by_one_of_many(tenant: TenantFactory, race: Race) -> None:
    outcomes = race([partial(tenant.define, name="Welcome")] * 20)
    assert count_outcomes(outcomes) == {"done": 1, AdminReason.NAME_TAKEN: 19}


def test_a_drawn_code_and_a_shared_one_never_meet(
    tenant: TenantFactory, race: Race
) -> None:
    """A code is either random or custom: the transaction that commits first gets it."""
    definitions = [tenant.define(code_length=4) for _ in range(10)]
    tasks: list[Task] = [
        partial(tenant.generate, definition, [UNASSIGNED] * 100)
        for definition in definitions
    ]
    tasks += [partial(share_a_drawn_code, tenant, number) for number in range(10)]
    count_outcomes(race(tasks))
    assert_invariants()


def share_a_drawn_code(tenant: TenantFactory, number: int) -> Any:
    sql = f"SELECT code FROM coupon WHERE tenant_id = '{tenant.tenant_id}' LIMIT 1"
    rows = fetch_rows(sql)
    code = rows[0][0] if rows else f"2345{number}"
    return tenant.define_custom(code, name=f"Shared {number}")


@pytest.mark.parametrize("order", [1, -1], ids=["same order", "crossed"])
def test_two_who_give_a_shared_code_to_the_same_users_do_not_block(
    tenant: TenantFactory, race: Race, order: int
) -> None:
    definition = tenant.define_custom("SAVE10")
    users = [f"user-{number}" for number in range(200)]
    user_lists = [users, users[::order]] * 3
    outcomes = race(
        [partial(tenant.generate, definition, user_ids) for user_ids in user_lists]
    )
    assert count_outcomes(outcomes) == {"done": 6}
    coupon_ids = [
        {issued.coupon.coupon_id for issued in coupons} for coupons in outcomes
    ]
    assert all(ids == coupon_ids[0] for ids in coupon_ids)


@pytest.mark.parametrize("attempt", range(3))
def test_a_total_limit_set_under_load_is_never_overshot(
    tenant: TenantFactory, race: Race, attempt: int
) -> None:
    definition = tenant.define_claimable("SAVE10", per_code_limit=0)
    users = [f"user-{number}" for number in range(60)]
    tasks: list[Task] = [partial(tenant.redeem, "SAVE10", user) for user in users * 2]
    tasks[30:30] = [
        partial(tenant.change, definition, total_limit=limit) for limit in (40, 90)
    ]
    tasks[60:60] = [partial(tenant.change, definition, total_limit=0)]
    race_tally = count_outcomes(race(tasks))
    assert set(race_tally) <= {
        "done",
        Reason.POOL_EMPTY,
        AdminReason.LIMIT_BELOW_USES,
    }
    tenant.change(definition, total_limit=120)
    assert_invariants()


@pytest.mark.parametrize("attempt", range(3))
def test_a_total_limit_is_lowered_under_load(
    tenant: TenantFactory, race: Race, attempt: int
) -> None:
    definition = tenant.define_claimable("SAVE10", total_limit=100)
    tasks: list[Task] = [
        partial(tenant.redeem, "SAVE10", f"user-{number}") for number in range(60)
    ]
    tasks[20:20] = [
        partial(tenant.change, definition, total_limit=limit) for limit in (5, 20, 50)
    ]
    count_outcomes(race(tasks))
    assert_invariants()


@pytest.mark.parametrize("attempt", range(3))
def test_a_coupons_limit_is_lowered_under_load(
    tenant: TenantFactory, race: Race, attempt: int
) -> None:
    definition = tenant.define(per_code_limit=50)
    code = tenant.issue_code(definition)
    tasks: list[Task] = [partial(tenant.redeem, code)] * 40
    tasks[10:10] = [
        partial(tenant.change, definition, per_code_limit=limit)
        for limit in (3, 10, 25)
    ]
    count_outcomes(race(tasks))
    assert_invariants()


def test_a_user_uses_codes_as_often_as_the_period_allows(
    tenant: TenantFactory, race: Race
) -> None:
    definition = tenant.define(
        per_code_limit=1,
        per_user_limit=0,
        total_limit=0,
        user_period_limit=3,
        user_period=UsagePeriod.DAY,
    )
    users = [f"user-{number % 4}" for number in range(40)]
    coupons = tenant.generate(definition, users)
    tasks = [
        partial(tenant.redeem, issued.coupon.code, issued.coupon.user_id, NOW)
        for issued in coupons
    ]
    outcomes = race(tasks)
    assert count_outcomes(outcomes) == {"done": 12, Reason.USER_PERIOD_LIMIT: 28}
    assert_invariants()


def test_one_per_customer_within_a_total_is_exact(
    tenant: TenantFactory, race: Race
) -> None:
    definition = tenant.define(per_code_limit=1, per_user_limit=1, total_limit=20)
    coupons = tenant.generate(definition, [UNASSIGNED] * 100)
    codes = [issued.coupon.code for issued in coupons]
    tasks = [
        partial(tenant.redeem, codes[number % 100], f"user-{number % 30}")
        for number in range(300)
    ]
    outcomes = race(tasks)
    winners = [o.coupon.user_id for o in outcomes if isinstance(o, IssuedCoupon)]
    assert len(winners) == len(set(winners)) == 20
    assert set(count_outcomes(outcomes)) <= {
        *("done", Reason.USER_LIMIT, Reason.POOL_EMPTY, Reason.COUPON_NOT_FOUND),
        Reason.ALREADY_REDEEMED,
    }
    assert_invariants()


def test_no_redeem_begins_and_succeeds_after_a_suspension(
    tenant: TenantFactory, race: Race
) -> None:
    definition = tenant.define(per_code_limit=0)
    codes = [tenant.issue_code(definition) for _ in range(8)]
    tasks: list[Task] = [partial(tenant.redeem, code) for code in codes * 12]
    tasks[40:40] = [partial(_redeem_after_suspension, tenant, definition, codes[0])]
    outcomes = race(tasks)
    assert outcomes[40] == Reason.SUSPENDED
    assert set(count_outcomes(outcomes)) <= {"done", Reason.SUSPENDED}
    tenant.resume(definition)
    assert count_outcomes(race([partial(tenant.redeem, code) for code in codes])) == {
        "done": 8
    }
    assert_invariants()


def _redeem_after_suspension(
    tenant: TenantFactory, definition: Definition, code: str
) -> IssuedCoupon:
    """Suspend the definition, and count the uses before and after a redeem."""
    tenant.suspend(definition)
    return tenant.redeem(code)


def test_a_code_changed_while_it_is_claimed_is_nobodys(
    tenant: TenantFactory, race: Race
) -> None:
    definition = tenant.define_claimable("CODE0")
    tasks: list[Task] = [
        partial(tenant.redeem, f"CODE{number % 2}", f"user-{number}")
        for number in range(40)
    ]
    tasks[:0] = [partial(tenant.change, definition, custom_code="CODE1")] * 2
    count_outcomes(race(tasks))
    code = tenant.reload_definition(definition).custom_code
    stray = f"""SELECT code FROM coupon WHERE tenant_id = '{tenant.tenant_id}'
        AND code <> '{code}'"""
    assert fetch_rows(stray) == []


def test_everything_at_once_ends_without_a_deadlock(
    tenant: TenantFactory, race: Race
) -> None:
    hot = tenant.define_claimable("HOT", per_code_limit=0, total_limit=1000)
    free = tenant.define_claimable("FREE", per_code_limit=0)
    one_round: list[Task] = [
        partial(tenant.redeem, "HOT", "ann"),
        partial(tenant.redeem, "FREE", "ann"),
        partial(tenant.redeem, "HOT", "bob"),
        partial(tenant.redeem, "FREE", "bob"),
        partial(tenant.generate, hot, ["ann", "cat"]),
        partial(tenant.generate, free, ["cat", "ann"]),
        partial(tenant.change, hot, total_limit=900),
        partial(tenant.change, free, total_limit=800),
        partial(tenant.change, free, total_limit=0, per_code_limit=500),
        partial(tenant.set_status, hot, DefinitionStatus.PAUSED),
        partial(tenant.set_status, hot, DefinitionStatus.ACTIVE),
    ]
    failures = [
        outcome for outcome in race(one_round * 6) if isinstance(outcome, Failure)
    ]
    assert failures == []
    database.release_connection()
    assert_invariants()
