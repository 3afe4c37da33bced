"""Tests of the periods of limits per user and period."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

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


def test_without_a_limit_uses_count_in_no_period() -> None:
    assert get_period_key(DEFINITION, datetime(2026, 11, 28, tzinfo=UTC)) == ""
