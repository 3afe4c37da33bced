"""Tests of limits in any combination, and of limits per user and period."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from coupon_core.domain.models import Definition, Reason, Refused, UsagePeriod
from coupon_core.domain.models.purchases import Action, ActivityRequest
from coupon_core.persistence.database import transaction
from coupon_core.services.catalog import definitions
from coupon_core.services.points import purchases, users
from tests.factories.tenant import TenantFactory
from tests.support.concurrency import count_outcomes, run_concurrently
from tests.support.invariants import assert_invariants, fetch_rows
from tests.support.refusals import capture_refusal

FRIDAY = datetime(2026, 11, 27, 12, tzinfo=UTC)
SATURDAY, SUNDAY, MONDAY = (FRIDAY + timedelta(days=days) for days in (1, 2, 3))
TWO_A_DAY = {"user_period_limit": 2, "user_period": UsagePeriod.DAY}


def define_codes(
    tenant: TenantFactory, count: int, **members: Any
) -> tuple[Definition, list[str]]:
    """Return a definition with unlimited codes of one user, and the codes."""
    definition = tenant.define(**{"per_code_limit": 0, **members})
    coupons = tenant.generate(definition, ["ann"] * count)
    return definition, [issued.coupon.code for issued in coupons]


def change(definition: Definition, now: datetime, **changes: Any) -> Definition:
    """Change a definition at a time."""
    return definitions.update(
        definition.tenant_id, definition.definition_id, changes=changes, now=now
    )


def test_a_user_may_use_the_codes_again_in_the_next_period(
    tenant: TenantFactory,
) -> None:
    _, (first, second) = define_codes(tenant, 2, **TWO_A_DAY)
    tenant.redeem(first, now=FRIDAY)
    tenant.redeem(second, now=FRIDAY)
    for code in (first, second):
        refused = partial(tenant.redeem, code, now=FRIDAY)
        assert capture_refusal(refused) == Reason.USER_PERIOD_LIMIT
        decision = tenant.validate(code, now=FRIDAY).decision
        assert decision.reason == Reason.USER_PERIOD_LIMIT
    assert tenant.validate(first, now=SATURDAY).decision.is_allowed
    tenant.redeem(first, now=SATURDAY)
    assert_invariants()


def test_the_first_exhausted_limit_is_the_reason(tenant: TenantFactory) -> None:
    _, (code,) = define_codes(
        tenant, 1, per_code_limit=5, per_user_limit=3, total_limit=4, **TWO_A_DAY
    )
    for _ in range(2):
        tenant.redeem(code, now=FRIDAY)
    refused = partial(tenant.redeem, code, now=FRIDAY)
    assert capture_refusal(refused) == Reason.USER_PERIOD_LIMIT
    tenant.redeem(code, now=SATURDAY)
    refused = partial(tenant.redeem, code, now=SUNDAY)
    assert capture_refusal(refused) == Reason.USER_LIMIT
    assert_invariants()


def test_a_limit_that_is_added_counts_the_uses_of_the_running_period(
    tenant: TenantFactory,
) -> None:
    definition, (first, second) = define_codes(tenant, 2)
    for now in (FRIDAY, SATURDAY, SATURDAY):
        tenant.redeem(first, now=now)
    change(definition, SATURDAY, **TWO_A_DAY)
    assert_invariants()
    refused = partial(tenant.redeem, second, now=SATURDAY)
    assert capture_refusal(refused) == Reason.USER_PERIOD_LIMIT
    # In weeks, Friday's use counts as well.
    weekly = {"user_period_limit": 3, "user_period": UsagePeriod.WEEK}
    change(definition, SATURDAY, **weekly)
    assert_invariants()
    refused = partial(tenant.redeem, second, now=SUNDAY)
    assert capture_refusal(refused) == Reason.USER_PERIOD_LIMIT
    tenant.redeem(second, now=MONDAY)
    assert_invariants()


def test_a_limit_is_not_lowered_below_the_uses_of_the_running_period(
    tenant: TenantFactory,
) -> None:
    definition, (code,) = define_codes(tenant, 1, **TWO_A_DAY)
    tenant.redeem(code, now=FRIDAY)
    tenant.redeem(code, now=FRIDAY)
    with pytest.raises(Refused) as refused:
        change(definition, FRIDAY, user_period_limit=1)
    assert refused.value.detail == (
        "config.limits.per_user_period.max_uses: expected at least 2, the number of "
        "uses so far"
    )
    change(definition, SATURDAY, user_period_limit=1)
    tenant.redeem(code, now=SATURDAY)
    refused_again = partial(tenant.redeem, code, now=SATURDAY)
    assert capture_refusal(refused_again) == Reason.USER_PERIOD_LIMIT
    assert_invariants()


def test_a_use_is_given_back_in_the_period_that_it_was_made_in(
    tenant: TenantFactory,
) -> None:
    definition, (code,) = define_codes(tenant, 1, per_user_limit=9, **TWO_A_DAY)
    for now in (FRIDAY, FRIDAY, SATURDAY):
        tenant.redeem(code, now=now)
    users.create(tenant.tenant_id, {"user_id": "ann"}, FRIDAY)
    undo_last_use(definition, code, SUNDAY)
    assert read_period_counts(definition) == {"2026-11-27": 2, "2026-11-28": 0}
    undo_last_use(definition, code, SUNDAY)
    assert read_period_counts(definition) == {"2026-11-27": 1, "2026-11-28": 0}
    tenant.redeem(code, now=FRIDAY)
    refused = partial(tenant.redeem, code, now=FRIDAY)
    assert capture_refusal(refused) == Reason.USER_PERIOD_LIMIT


def undo_last_use(definition: Definition, code: str, now: datetime) -> None:
    """Return the last use of a code, as Mambo's refund does."""
    request = ActivityRequest(definition.tenant_id, "ann", Action.REFUND, code)
    with transaction():
        purchases.execute(request, now)


def read_period_counts(definition: Definition) -> dict[str, int]:
    """Return the counted uses by period."""
    sql = f"""SELECT period_key, used_count FROM user_period_usage
        WHERE tenant_id = '{definition.tenant_id}'"""
    return dict(fetch_rows(sql))


def test_a_period_that_changes_after_the_decision_is_decided_again(
    tenant: TenantFactory,
) -> None:
    definition, (code,) = define_codes(tenant, 1, per_code_limit=1)
    tasks = [partial(tenant.redeem, code, now=FRIDAY)]
    tasks += [partial(change, definition, FRIDAY, **TWO_A_DAY)] * 2  # type: ignore[list-item]
    assert count_outcomes(run_concurrently(tasks)) == {"done": 3}
    assert read_period_counts(definition) == {"2026-11-27": 1}
    assert_invariants()
