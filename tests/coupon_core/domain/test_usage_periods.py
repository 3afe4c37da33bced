"""Tests of the periods of limits per user and period."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from coupon_core.domain.models import UsagePeriod
from coupon_core.domain.rules.usage_periods import get_period_key, get_period_start
from tests.coupon_core.domain.test_redemption_rules import DEFINITION

DAY, WEEK, MONTH = UsagePeriod
# Period, instant, key, and the start of the period.
PERIODS = [
    (DAY, "2026-11-28T00:00:00.000", "2026-11-28", "2026-11-28"),
    (DAY, "2026-11-28T23:59:59.999", "2026-11-28", "2026-11-28"),
    (WEEK, "2026-11-29T23:59:59.999", "2026-W48", "2026-11-23"),
    (WEEK, "2026-11-30T00:00:00.000", "2026-W49", "2026-11-30"),
    (WEEK, "2027-01-01T12:00:00.000", "2026-W53", "2026-12-28"),
    (MONTH, "2026-11-30T23:59:59.999", "2026-11", "2026-11-01"),
    (MONTH, "2026-12-01T00:00:00.000", "2026-12", "2026-12-01"),
]


@pytest.mark.parametrize(("period", "now", "key", "start"), PERIODS)
def test_a_period_has_a_key_and_a_start(
    period: UsagePeriod, now: str, key: str, start: str
) -> None:
    definition = replace(DEFINITION, user_period_limit=1, user_period=period)
    instant = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert get_period_key(definition, instant) == key
    expected_start = datetime.fromisoformat(start).replace(tzinfo=UTC)
    assert get_period_start(definition, instant) == expected_start


@pytest.mark.parametrize(
    ("zones", "key"),
    [
        ({"time_zone": "Europe/Berlin"}, "2026-11-29"),
        ({"campaign_time_zone": "Europe/Berlin"}, "2026-11-29"),
        (
            {"time_zone": "America/New_York", "campaign_time_zone": "Europe/Berlin"},
            "2026-11-28",
        ),
        ({}, "2026-11-28"),
    ],
)
def test_a_period_is_local(zones: dict[str, str], key: str) -> None:
    definition = replace(DEFINITION, user_period_limit=1, user_period=DAY)
    now = datetime(2026, 11, 28, 23, 30, tzinfo=UTC)
    assert get_period_key(replace(definition, **zones), now) == key


def test_a_day_on_which_the_clocks_change_is_one_period() -> None:
    definition = replace(
        DEFINITION,
        user_period_limit=1,
        user_period=DAY,
        time_zone="Europe/Berlin",
    )
    start = datetime(2026, 10, 24, 22, tzinfo=UTC)
    for hours in (0, 3, 24):
        now = start + timedelta(hours=hours, minutes=59)
        assert get_period_key(definition, now) == "2026-10-25"
        assert get_period_start(definition, now) == start
    next_day = start + timedelta(hours=25)
    assert get_period_key(definition, next_day) == "2026-10-26"


def test_without_a_limit_uses_count_in_no_period() -> None:
    assert get_period_key(DEFINITION, datetime(2026, 11, 28, tzinfo=UTC)) == ""
