"""Reports that read days have the counts of the quarter hours of their period."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from coupon_core.domain.models import Dialect
from coupon_core.domain.models.reports import (
    ReportFilter,
    ReportInterval,
    ReportPeriod,
    TopBy,
)
from coupon_core.domain.report_counts import Counts, ReportCounts
from coupon_core.domain.rules.report_buckets import (
    QUARTER,
    find_bucket,
    list_bucket_starts,
)
from coupon_core.persistence.database import execute
from coupon_core.persistence.repositories import reports, top_reports
from tests.factories.campaigns import CREATOR_KEY
from tests.factories.reports import NOON, ReportFactory
from tests.factories.tenant import TenantFactory

DIALECTS = ("phoenix", "playcamp", "mambo")
ZONES = ("UTC", "Europe/Berlin", "Asia/Kolkata", "America/Los_Angeles")
QUARTER_COUNT = 96 * 8
on_sqlite = pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)


@pytest.fixture
def factory(core: object, tenant: TenantFactory) -> ReportFactory:
    return ReportFactory(tenant)


def raise_random_counts(factory: ReportFactory) -> list[ReportCounts]:
    draw = random.Random(17)
    keys = [(factory.shared, ""), (factory.package, CREATOR_KEY), (factory.winter, "")]
    rows = [
        ReportCounts(
            *(definition_id, NOON + draw.randrange(QUARTER_COUNT) * QUARTER, creator),
            dialect=draw.choice(DIALECTS),
            counts=Counts(redeemed=draw.randrange(1, 9), reversed=draw.randrange(3)),
        )
        for definition_id, creator in draw.choices(keys, k=300)
    ]
    factory.raise_counts(*rows)
    return rows


def draw_periods(count: int) -> Iterable[ReportPeriod]:
    draw = random.Random(3)
    for number in range(count):
        first, last = sorted(draw.sample(range(-48, QUARTER_COUNT + 48), 2))
        zone = ZONES[number % len(ZONES)]
        yield ReportPeriod(NOON + first * QUARTER, NOON + last * QUARTER, zone)


def list_filters(factory: ReportFactory) -> list[ReportFilter]:
    return [
        ReportFilter(),
        ReportFilter(definition_id=factory.package),
        ReportFilter(campaign_id="launch"),
        ReportFilter(creator_key=CREATOR_KEY),
        ReportFilter(dialect=Dialect.MAMBO),
        ReportFilter(campaign_id="launch", dialect=Dialect.MAMBO),
    ]


def select(
    rows: Iterable[ReportCounts],
    factory: ReportFactory,
    period: ReportPeriod,
    filters: ReportFilter,
) -> list[ReportCounts]:
    campaigns = {factory.winter: "winter"}
    return [
        row
        for row in rows
        if period.start <= row.quarter_at < period.end
        and filters.definition_id in (None, row.definition_id)
        and filters.campaign_id in (None, campaigns.get(row.definition_id, "launch"))
        and filters.creator_key in (None, row.creator_key)
        and filters.dialect in (None, row.dialect)
    ]


def test_buckets_have_the_uses_of_their_quarters(factory: ReportFactory) -> None:
    rows = raise_random_counts(factory)
    tenant_id = factory.tenant.tenant_id
    for period in draw_periods(8):
        for interval in ReportInterval:
            starts = list_bucket_starts(period, interval)
            for filters in list_filters(factory):
                expected: Counter[datetime] = Counter()
                for row in select(rows, factory, period, filters):
                    start = starts[find_bucket(starts, row.quarter_at)]
                    expected[start] += row.counts.redeemed
                buckets = reports.list_buckets(tenant_id, period, filters, starts)
                assert [bucket.start for bucket in buckets] == starts
                found = {each.start: each.counts.redeemed for each in buckets}
                assert Counter(found) == expected, (period, interval, filters)


def test_hours_begin_anew_where_clocks_are_changed_by_half_an_hour(
    factory: ReportFactory,
) -> None:
    start = datetime(2026, 10, 3, 13, 15, tzinfo=UTC)  # changed at 15:30
    period = ReportPeriod(start, start + 24 * QUARTER, "Australia/Lord_Howe")
    starts = list_bucket_starts(period, ReportInterval.HOUR)
    quarters = [start + number * QUARTER for number in range(24)]
    counts = [Counts(redeemed=2**number) for number in range(24)]
    factory.raise_counts(
        *(
            ReportCounts(factory.shared, quarter, counts=count)
            for quarter, count in zip(quarters, counts, strict=True)
        )
    )
    found = reports.list_buckets(
        factory.tenant.tenant_id, period, ReportFilter(), starts
    )
    expected = Counter[datetime]()
    for quarter, count in zip(quarters, counts, strict=True):
        expected[starts[find_bucket(starts, quarter)]] += count.redeemed
    assert {each.start: each.counts.redeemed for each in found} == expected


def test_rankings_have_the_uses_of_their_period(factory: ReportFactory) -> None:
    rows = raise_random_counts(factory)
    tenant_id = factory.tenant.tenant_id
    keys = {
        TopBy.DEFINITION: lambda row: row.definition_id,
        TopBy.CAMPAIGN: lambda row: (
            "winter" if row.definition_id == factory.winter else "launch"
        ),
        TopBy.CREATOR: lambda row: row.creator_key,
        TopBy.CODE: lambda row: {
            factory.shared: "SAVE10",
            factory.package: "CREATOR-ABC12-001",
        }.get(row.definition_id),
    }
    for period in draw_periods(8):
        for by, get_key in keys.items():
            for filters in list_filters(factory):
                expected: Counter[str] = Counter()
                for row in select(rows, factory, period, filters):
                    if key := get_key(row):
                        expected[key] += row.counts.redeemed
                found = top_reports.list_top(
                    tenant_id, by, period=period, filters=filters, limit=10
                )
                assert {each.id: each.redeemed for each in found} == expected
                counts = [each.redeemed for each in found]
                assert counts == sorted(counts, reverse=True)


def test_a_ranking_ends_with_its_period(factory: ReportFactory) -> None:
    """The quarters next to a period are in a day that is read, but not counted."""
    end = NOON + timedelta(days=3)
    for moment in (NOON - QUARTER, NOON, end - QUARTER, end):
        counts = Counts(redeemed=1)
        factory.raise_counts(ReportCounts(factory.shared, moment, counts=counts))
    (row,) = top_reports.list_top(
        factory.tenant.tenant_id,
        TopBy.CODE,
        period=ReportPeriod(NOON, end, "UTC"),
        filters=ReportFilter(),
        limit=5,
    )
    assert row.redeemed == 2


@on_sqlite
@pytest.mark.parametrize("by", [each for each in TopBy if each != TopBy.USER])
def test_the_edges_of_a_period_read_only_their_quarters(
    factory: ReportFactory, by: TopBy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise a report reads all quarters that its keys ever had."""
    tenant_id, sent = factory.tenant.tenant_id, []
    fetch = reports.fetch_report_rows

    def record(sql: str, parameters: Mapping[str, Any]) -> list[Any]:
        sent.append((sql, parameters))
        return fetch(sql, parameters)

    monkeypatch.setattr(reports, "fetch_report_rows", record)
    period = ReportPeriod(NOON + QUARTER, NOON + timedelta(days=3), "UTC")
    top_reports.list_top(tenant_id, by, period, ReportFilter(), limit=5)
    ((sql, parameters),) = sent
    plan = execute(f"EXPLAIN QUERY PLAN {sql}", parameters).fetchall()
    reading = [step for *_, step in plan if "report_quarter" in step]
    assert reading
    assert all("quarter_at>? AND quarter_at<?" in step for step in reading), reading
