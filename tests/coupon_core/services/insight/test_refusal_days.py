"""Refusals are counted by quarter and by UTC day; old quarters are deleted."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from coupon_core.domain.models.reports import RefusalReport
from coupon_core.domain.report_counts import WHOLE_TENANT
from coupon_core.domain.rules.report_plans import KEPT_REFUSAL_DAYS
from coupon_core.persistence.repositories import attempts as attempt_repository
from coupon_core.persistence.tables import RefusalCountTable
from coupon_core.services.insight import reports
from coupon_core.services.insight.reports import ReportRequest
from coupon_core.services.privacy import retention
from coupon_core.settings.retention import RetentionSettings
from tests.factories.tenant import NOW, TenantFactory

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
FIRST_KEPT = NOW.replace(hour=0, minute=0) - KEPT_REFUSAL_DAYS * DAY
FIRST = FIRST_KEPT - 2 * DAY
HOURS = range(96)  # two days whose quarters are deleted, and two that are kept
KEYS = [
    (WHOLE_TENANT, action, "COUPON_EXPIRED", "phoenix")
    for action in ("redeem", "validate")
]


@pytest.fixture(autouse=True)
def _refusals(tenant: TenantFactory) -> None:
    """Store refusals of each hour, each with another number."""
    counts = {
        (FIRST + hour * HOUR, *key): 2**20 + hour * hour
        for hour in HOURS
        for key in KEYS
    }
    for _ in range(2):
        attempt_repository.raise_refusals(tenant.tenant_id, counts)


def sum_hours(start: datetime, end: datetime) -> int:
    moments = {FIRST + hour * HOUR: 2**20 + hour * hour for hour in HOURS}
    return 4 * sum(count for at, count in moments.items() if start <= at < end)


def report(tenant: TenantFactory, start: datetime, end: datetime) -> RefusalReport:
    request = ReportRequest(start, end)
    return reports.report_refusals(tenant.tenant_id, request, NOW)


def count_rows(tenant: TenantFactory, resolution: str) -> int:
    rows = RefusalCountTable.select().where(
        RefusalCountTable.tenant_id == tenant.tenant_id,
        RefusalCountTable.resolution == resolution,
    )
    return int(rows.count())


def prune(tenant: TenantFactory) -> None:
    before = retention.get_kept_days()
    kept_days = RetentionSettings().kept_days
    kinds = "refusals", "refusal_days"
    retention.configure({kind: kept_days[kind] for kind in kinds})
    retention.prune(tenant.tenant_id, NOW, lambda: False)
    retention.configure(before)


def test_old_quarters_are_deleted_and_their_days_are_kept(
    tenant: TenantFactory,
) -> None:
    prune(tenant)
    assert count_rows(tenant, "quarter") == 48 * len(KEYS)
    assert count_rows(tenant, "day") == 4 * len(KEYS)


@pytest.mark.parametrize(
    ("start_hour", "end_hour"),
    [(48, 96), (49, 95), (59, 84), (61, 85), (48, 72), (50, 53), (72, 73), (55, 200)],
)
def test_each_period_has_the_sum_of_its_quarters(
    tenant: TenantFactory, start_hour: int, end_hour: int
) -> None:
    prune(tenant)
    start, end = (FIRST + hour * HOUR for hour in (start_hour, end_hour))
    found = report(tenant, start, end)
    assert sum(row.refused for row in found.rows) == sum_hours(start, end)
    assert [row.action for row in found.rows] == ["redeem", "validate"]
    assert not found.has_days


@pytest.mark.parametrize(
    ("start_hour", "end_hour", "read_hours"),
    [
        (0, 48, (0, 48)),
        (1, 90, (24, 90)),
        (23, 25, (24, 48)),
        (25, 47, (0, 0)),
        (47, 51, (48, 51)),
        (-9, 96, (0, 96)),
    ],
)
def test_days_without_quarters_count_where_they_begin(
    tenant: TenantFactory, start_hour: int, end_hour: int, read_hours: tuple[int, int]
) -> None:
    """It makes no difference whether the old quarters have been deleted yet."""
    start, end = (FIRST + hour * HOUR for hour in (start_hour, end_hour))
    first, last = (FIRST + hour * HOUR for hour in read_hours)
    before = report(tenant, start, end)
    prune(tenant)
    assert report(tenant, start, end).rows == before.rows
    assert sum(row.refused for row in before.rows) == sum_hours(first, last)
    assert before.has_days
