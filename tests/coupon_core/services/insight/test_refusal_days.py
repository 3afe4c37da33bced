"""Counts of refusals are merged into days after 90 days."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from coupon_core.domain.report_counts import WHOLE_TENANT
from coupon_core.persistence.repositories import attempts as attempt_repository
from coupon_core.persistence.tables import RefusalCountTable
from coupon_core.services.insight import attempts
from tests.factories.tenant import NOW, TenantFactory
from tests.support.concurrency import run_concurrently

DAY = timedelta(days=1)
MIDNIGHT = NOW.replace(hour=0)
LAST_MERGED = MIDNIGHT - 91 * DAY
EXPIRED = (WHOLE_TENANT, "redeem", "COUPON_EXPIRED", "phoenix")
REVOKED = (WHOLE_TENANT, "redeem", "COUPON_REVOKED", "phoenix")


def store(tenant: TenantFactory) -> None:
    """Store refusals in each hour of three days, of which two are old enough."""
    for hour in range(72):
        at = LAST_MERGED - DAY + timedelta(hours=hour)
        attempt_repository.raise_refusals(
            tenant.tenant_id, at, {EXPIRED: hour + 1, REVOKED: 1}
        )


def read_days(tenant: TenantFactory) -> dict[tuple[object, str], int]:
    rows = RefusalCountTable.select().where(
        RefusalCountTable.tenant_id == tenant.tenant_id,
        RefusalCountTable.resolution == "day",
    )
    return {(row.bucket_at, row.reason): row.refused for row in rows}


def count_quarters(tenant: TenantFactory) -> int:
    rows = RefusalCountTable.select().where(
        RefusalCountTable.tenant_id == tenant.tenant_id,
        RefusalCountTable.resolution == "quarter",
    )
    return int(rows.count())


EXPECTED = {
    (LAST_MERGED - DAY, "COUPON_EXPIRED"): sum(range(1, 25)),
    (LAST_MERGED - DAY, "COUPON_REVOKED"): 24,
    (LAST_MERGED, "COUPON_EXPIRED"): sum(range(25, 49)),
    (LAST_MERGED, "COUPON_REVOKED"): 24,
}


def test_days_that_are_long_past_are_merged_one_by_one(tenant: TenantFactory) -> None:
    store(tenant)
    merged = [attempts.merge_old_refusals(tenant.tenant_id, NOW) for _ in range(3)]
    assert merged == [1, 1, 0]
    assert read_days(tenant) == EXPECTED
    assert count_quarters(tenant) == 2 * 24


def test_refusals_that_arrive_late_are_added_to_their_day(
    tenant: TenantFactory,
) -> None:
    store(tenant)
    while attempts.merge_old_refusals(tenant.tenant_id, NOW):
        pass
    attempt_repository.raise_refusals(tenant.tenant_id, LAST_MERGED, {REVOKED: 5})
    assert attempts.merge_old_refusals(tenant.tenant_id, NOW) == 1
    late = {**EXPECTED, (LAST_MERGED, "COUPON_REVOKED"): 29}
    assert read_days(tenant) == late


def test_processes_that_merge_at_once_count_nothing_twice(
    tenant: TenantFactory,
) -> None:
    store(tenant)
    task = partial(attempts.merge_old_refusals, tenant.tenant_id, NOW)
    run_concurrently([task] * 4)
    while task():
        pass
    assert read_days(tenant) == EXPECTED
