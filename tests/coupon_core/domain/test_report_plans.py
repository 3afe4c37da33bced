"""Buckets read from days and edges have the counts of their quarter hours."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupon_core.domain.models.reports import ReportInterval, ReportPeriod
from coupon_core.domain.report_counts import get_midnight
from coupon_core.domain.rules.report_buckets import (
    QUARTER,
    find_bucket,
    list_bucket_starts,
)
from coupon_core.domain.rules.report_plans import ReadingPlan, plan_reading

FIRST = datetime(2026, 3, 20, tzinfo=UTC)
ZONES = (
    *("UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata", "Asia/Kathmandu"),
    *("Australia/Lord_Howe", "Pacific/Kiritimati", "Pacific/Pago_Pago"),
)
QUARTERS = st.integers(0, 96 * 20)  # with the day on which Berlin changes its clocks
Count = dict[datetime, int]


def test_local_days_of_berlin_read_two_hours_of_quarters() -> None:
    period = ReportPeriod(FIRST, FIRST + timedelta(days=12), "Europe/Berlin")
    plan = plan_reading(list_bucket_starts(period, ReportInterval.DAY), period.end)
    assert plan.reads_days
    assert {edge.end - edge.start for edge in plan.edges} == {
        timedelta(hours=1),
        timedelta(hours=2),
    }


def test_whole_days_in_utc_have_no_edges() -> None:
    starts = [FIRST + timedelta(days=number) for number in range(5)]
    plan = plan_reading(starts, FIRST + timedelta(days=5))
    assert plan == ReadingPlan(True, starts, FIRST + timedelta(days=5), [])


@pytest.mark.parametrize("hours", [1, 23])
def test_shorter_periods_and_hours_are_read_from_quarters(hours: int) -> None:
    assert not plan_reading([FIRST], FIRST + timedelta(hours=hours)).reads_days
    starts = [FIRST + timedelta(hours=number) for number in range(48)]
    assert not plan_reading(starts, FIRST + timedelta(hours=48)).reads_days


@given(
    limits=st.lists(QUARTERS, min_size=2, max_size=2, unique=True).map(sorted),
    zone=st.sampled_from(ZONES),
    interval=st.sampled_from(ReportInterval),
    used=st.lists(QUARTERS, max_size=20),
)
def test_a_plan_gives_each_bucket_its_quarters(
    limits: list[int], zone: str, interval: ReportInterval, used: list[int]
) -> None:
    start, end = (FIRST + number * QUARTER for number in limits)
    starts = list_bucket_starts(ReportPeriod(start, end, zone), interval)
    moments = [FIRST + number * QUARTER for number in used]
    expected = Counter(
        find_bucket(starts, moment) for moment in moments if start <= moment < end
    )
    plan = plan_reading(starts, end)
    found: Counter[int] = Counter()
    for moment in moments:
        read_at = get_midnight(moment) if plan.reads_days else moment
        if plan.starts[0] <= read_at < plan.end:
            found[find_bucket(plan.starts, read_at)] += 1
        for edge in plan.edges:
            if edge.start <= moment < edge.end:
                for number, weight in edge.weights:
                    found[number] += weight
    assert found == expected
