"""Tests that each invalid limit, refill or time zone is refused by its name."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.admin_client import AdminClient
from tests.support.invalid_values import (
    BAD_BOOLEANS,
    GOOD_DEFINITION,
    UUID,
    build_cases,
    expect_named_refusal,
    with_value,
)

BAD_COUNTS = [0, -1, 1.0, "1", True, [], {}]
# null means no limit.
BAD_LIMITS = [*BAD_COUNTS, "", 1_000_000_001, 10**30]
CONFIG: dict[str, list[Any]] = {
    "limits": ["", 1, [], True, "per_user"],
    "hot": BAD_BOOLEANS,
    "refill": ["", 1, [], True, {}, {"below": 1}],
    "time_zone": [
        *["", " ", 1, True, [], {}, "x" * 256],
        *["Mars/Olympus", "europe/berlin ", "UTC+1", "+01:00", "../UTC", "CEST"],
    ],
}
LIMITS: dict[str, list[Any]] = {
    "per_code": BAD_LIMITS,
    "per_user": BAD_LIMITS,
    "total": BAD_LIMITS,
    "per_user_period": [*BAD_COUNTS, {"max_uses": 1}, {"period": "day"}],
    "global": [1],
    "used_count": [0],
}
PERIOD_LIMIT: dict[str, list[Any]] = {
    "max_uses": [None, *BAD_LIMITS],
    "period": [None, "", "year", "Day", "days", 1, []],
    "time_zone": ["UTC"],
}
REFILL: dict[str, list[Any]] = {
    "count": [None, *BAD_COUNTS, 10_000_001],
    "below": [None, *BAD_COUNTS, 11, 10_000_001],
    "tenant_id": ["acme"],
}
GOOD_LIMITS = {"per_user_period": {"max_uses": 1, "period": "day"}}
GOOD = with_value(
    with_value(GOOD_DEFINITION, "config.limits", GOOD_LIMITS),
    "config.refill",
    {"count": 10, "below": 1},
)
del GOOD["config"]["usage_limit"]
PATCH, CHANGE = f"PATCH coupons/{UUID}", {"config": {"limits": {}, "refill": {}}}
CASES = [
    *build_cases("POST coupons", GOOD, CONFIG, "config."),
    *build_cases(PATCH, CHANGE, CONFIG, "config."),
    *build_cases("POST coupons", GOOD, LIMITS, "config.limits."),
    *build_cases(PATCH, {"config": {"limits": {}}}, LIMITS, "config.limits."),
    *build_cases("POST coupons", GOOD, PERIOD_LIMIT, "config.limits.per_user_period."),
    *build_cases("POST coupons", GOOD, REFILL, "config.refill."),
]


@pytest.mark.parametrize(("route", "body", "field"), CASES)
def test_a_bad_limit_is_refused_by_its_name(
    sqlite_admin: AdminClient, route: str, body: dict[str, Any], field: str
) -> None:
    expect_named_refusal(sqlite_admin, route, body, field)


def test_nothing_was_stored(sqlite_admin: AdminClient) -> None:
    assert sqlite_admin.get("coupons").json["total"] == 0
