"""Tests of the buckets of reports, in every time zone."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupon_core.domain.entered_times import list_time_zones, parse_time
from coupon_core.domain.models.reports import ReportInterval, ReportPeriod
from coupon_core.domain.refusals import Refused
from coupon_core.domain.rules.report_buckets import (
    QUARTER,
    find_bucket,
    list_bucket_starts,
    to_period,
)

HOUR, DAY, WEEK, MONTH = ReportInterval
NOW = datetime(2026, 11, 28, 15, 7, 3, tzinfo=UTC)
QUARTERS_PER_YEAR = 365 * 96


def build_period(start: str | None, end: str | None, zone: str) -> ReportPeriod:
    return to_period(
        parse_time(start) if start else None,
        parse_time(end) if end else None,
        time_zone=zone,
        now=NOW,
    )


def list_starts(
    start: str | None, end: str | None, zone: str, interval: ReportInterval
) -> list[str]:
    """Return the starts of the buckets as clocks in the zone show them."""
    starts = list_bucket_starts(build_period(start, end, zone), interval)
    local = [each.astimezone(ZoneInfo(zone)) for each in starts]
    return [each.isoformat(timespec="minutes") for each in local]


def count_hours(day: str, next_day: str, zone: str) -> list[float]:
    """Return the length in hours of each hour bucket of a day."""
    period = build_period(day, next_day, zone)
    bounds = [*list_bucket_starts(period, HOUR), period.end]
    return [(end - start) / timedelta(hours=1) for start, end in pairwise(bounds)]


@pytest.mark.parametrize(
    ("zone", "day", "next_day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", "2026-03-30", [1.0] * 23),
        ("Europe/Berlin", "2026-10-25", "2026-10-26", [1.0] * 25),
        ("Asia/Kolkata", "2026-11-28", "2026-11-29", [1.0] * 24),
        ("Asia/Kathmandu", "2026-11-28", "2026-11-29", [1.0] * 24),
        # These clocks are changed by half an hour, at 02:00.
        ("Australia/Lord_Howe", "2026-10-04", "2026-10-05", [1, 1, 0.5] + [1] * 21),
        ("Australia/Lord_Howe", "2026-04-05", "2026-04-06", [1, 1, 0.5] + [1] * 22),
    ],
)
def test_a_day_has_as_many_hours_as_clocks_show(
    zone: str, day: str, next_day: str, hours: list[float]
) -> None:
    assert count_hours(day, next_day, zone) == hours


@pytest.mark.parametrize(
    ("interval", "start", "end", "zone", "starts"),
    [
        (
            *(WEEK, "2026-10-21", "2026-11-03", "Europe/Berlin"),
            [
                "2026-10-21T00:00+02:00",  # a Wednesday: `from`
                "2026-10-26T00:00+01:00",  # Mondays
                "2026-11-02T00:00+01:00",
            ],
        ),
        (
            *(MONTH, "2026-01-31", "2026-04-01", "Asia/Kolkata"),
            [
                "2026-01-31T00:00+05:30",
                "2026-02-01T00:00+05:30",
                "2026-03-01T00:00+05:30",
            ],
        ),
        # Clocks skip midnight, show it twice, and skip a whole day.
        (
            *(DAY, "2026-04-24T12:00", "2026-04-25", "Africa/Cairo"),
            ["2026-04-24T12:00+03:00"],
        ),
        (
            *(DAY, "2023-04-27T12:00", "2023-04-28T12:00", "Africa/Cairo"),
            ["2023-04-27T12:00+02:00", "2023-04-28T01:00+03:00"],
        ),
        (
            *(DAY, "2026-10-31", "2026-11-02", "America/Havana"),
            ["2026-10-31T00:00-04:00", "2026-11-01T00:00-04:00"],
        ),
        (
            *(DAY, "2011-12-29", "2012-01-01", "Pacific/Apia"),
            ["2011-12-29T00:00-10:00", "2011-12-31T00:00+14:00"],
        ),
        (
            *(HOUR, "2026-11-28T10:07:00", "2026-11-28T12:00", "UTC"),
            ["2026-11-28T10:00+00:00", "2026-11-28T11:00+00:00"],
        ),
        (
            *(HOUR, "2026-11-28T10:31:00", "2026-11-28T11:50", "UTC"),
            ["2026-11-28T10:30+00:00", "2026-11-28T11:00+00:00"],
        ),
    ],
)
def test_buckets_begin_where_local_clocks_say(
    interval: ReportInterval, start: str, end: str, zone: str, starts: list[str]
) -> None:
    assert list_starts(start, end, zone, interval) == starts


@pytest.mark.parametrize(
    ("end", "zone", "first", "last"),
    [
        (None, "Europe/Berlin", "2026-10-30T00:00+01:00", "2026-11-28T00:00+01:00"),
        (None, "Asia/Tokyo", "2026-10-31T00:00+09:00", "2026-11-29T00:00+09:00"),
        ("2026-12-01", "UTC", "2026-11-01T00:00+00:00", "2026-11-30T00:00+00:00"),
    ],
)
def test_the_default_is_30_days(
    end: str | None, zone: str, first: str, last: str
) -> None:
    starts = list_starts(None, end, zone, DAY)
    assert (starts[0], starts[-1], len(starts)) == (first, last, 30)


def test_a_period_without_an_end_includes_the_present_quarter_of_an_hour() -> None:
    period = build_period("2026-11-28T10:07:00Z", None, "UTC")
    assert period.start == datetime(2026, 11, 28, 10, 0, tzinfo=UTC)
    assert period.end == datetime(2026, 11, 28, 15, 15, tzinfo=UTC)


def test_consecutive_periods_meet_where_a_local_time_occurs_twice() -> None:
    before = build_period("2026-10-25", "2026-10-25T02:30", "Europe/Berlin")
    after = build_period("2026-10-25T02:30", "2026-10-26", "Europe/Berlin")
    assert before.end == after.start


@pytest.mark.parametrize(
    ("interval", "start", "end", "zone", "problem"),
    [
        (HOUR, "2026-01-01", "2027-01-01", "UTC", "has about 8,760 buckets of one ho"),
        (DAY, "1970-01-01", "9990-01-01", "UTC", "expected at most 2,000: shorten it"),
        (MONTH, "1970-01-01", "9990-01-01", "UTC", "interval: this period has about "),
        (
            DAY,
            "2026-01-02",
            "2026-01-02",
            "UTC",
            "to: expected a time after the beginning",
        ),
        (
            DAY,
            "2026-01-02",
            "2026-01-01",
            "UTC",
            "to: expected a time after the beginning",
        ),
        (DAY, "2026-01-01", "9999-12-31", "UTC", "to: expected a time until the year"),
        (DAY, "1970-01-01", "1970-01-03", "Africa/Monrovia", "time_zone: Africa/Monro"),
        (DAY, "1970-01-01", "1970-01-03", "Asia/Tokyo", "from, to: "),
    ],
)
def test_a_period_that_cannot_be_reported_is_refused(
    interval: ReportInterval, start: str, end: str, zone: str, problem: str
) -> None:
    with pytest.raises(Refused) as refused:
        list_starts(start, end, zone, interval)
    assert problem in refused.value.detail


def test_as_many_buckets_as_allowed_are_served() -> None:
    starts = list_starts("2026-01-01", "2026-03-25T08:00", "UTC", HOUR)
    assert len(starts) == 2_000
    with pytest.raises(Refused):
        list_starts("2026-01-01", "2026-03-25T08:01", "UTC", HOUR)


@given(
    zone=st.sampled_from(sorted(list_time_zones())),
    interval=st.sampled_from(ReportInterval),
    first=st.integers(0, 12 * QUARTERS_PER_YEAR),
    length=st.integers(1, 2_000),
    used=st.lists(st.integers(0, 1_999), max_size=20),
)
def test_buckets_of_any_zone_contain_each_quarter_once(
    zone: str, interval: ReportInterval, first: int, length: int, used: list[int]
) -> None:
    start = datetime(2015, 1, 1, tzinfo=UTC) + first * QUARTER
    period = ReportPeriod(start, start + length * QUARTER, zone)
    starts = list_bucket_starts(period, interval)
    assert starts == sorted(set(starts))
    assert (starts[0], starts[-1] < period.end) == (period.start, True)
    quarters = [start + number % length * QUARTER for number in used]
    buckets = Counter(find_bucket(starts, quarter) for quarter in quarters)
    assert buckets.total() == len(quarters)
    for quarter in quarters:
        bucket = starts[find_bucket(starts, quarter)]
        assert bucket <= quarter
        assert has_same_label(bucket, quarter, zone, interval)


def has_same_label(
    bucket: datetime, quarter: datetime, zone: str, interval: ReportInterval
) -> bool:
    """Return True if two instants are in the same local hour, day, week or month."""
    first, second = (each.astimezone(ZoneInfo(zone)) for each in (bucket, quarter))
    if interval == WEEK:
        return first.isocalendar()[:2] == second.isocalendar()[:2]
    length = {HOUR: 13, DAY: 10, MONTH: 7}[interval]
    return first.isoformat()[:length] == second.isoformat()[:length]
