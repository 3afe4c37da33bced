"""Invariants of reports: their counts are those of the rows once all is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import product
from typing import Any

from coupon_core.domain.models import utc_now
from coupon_core.domain.report_counts import (
    ALL_CREATORS,
    COUNTED_FIELDS,
    WHOLE_TENANT,
    get_quarter,
)
from coupon_core.persistence.database import execute
from coupon_core.persistence.tables import to_datetime
from coupon_core.services.insight import backfill, counting
from tests.factories.tenant import TenantFactory
from tests.support.invariants import fetch_rows, list_events

Key = tuple[Any, ...]  # tenant, definition, quarter, creator, API, name of the count

SELECT_USES = """
    SELECT r.tenant_id, r.definition_id, s.creator_key, r.dialect, r.redeemed_at,
        r.refunded_at
    FROM redemption r
    JOIN coupon c ON c.tenant_id = r.tenant_id AND c.coupon_id = r.coupon_id
    LEFT JOIN shared_code s ON s.tenant_id = r.tenant_id
    AND s.code_key = c.code_key AND s.definition_id = r.definition_id
"""
SELECT_COUNTS = """
    SELECT tenant_id, definition_id, quarter_at, creator_key, dialect, redeemed,
        reversed
    FROM report_quarter
"""
COUNT_TABLES = {"report_quarter": "quarter_at", "report_day": "day_at"}
COLUMNS = ", ".join(f"CAST(sum({name}) AS bigint)" for name in COUNTED_FIELDS)
SELECT_DAYS = f"""
    SELECT tenant_id, CAST(definition_id AS text), creator_key, dialect, {{day}},
        {COLUMNS}
    FROM {{table}} GROUP BY 1, 2, 3, 4, 5
"""
SELECT_TIMES = """
    SELECT tenant_id, CAST(coupon_id AS text), use_number, redeemed_at, refunded_at
    FROM redemption
"""
RETURN_TYPES = ("coupon.refunded", "redemption.reversed")


def count_all(limit: int = 500) -> int:
    """Count everything that is not counted yet; return the number of events."""
    for tenant_id in backfill.list_due_tenants(utc_now()):
        while backfill.continue_backfill(tenant_id, utc_now(), limit):
            pass
    count = 0
    while tenant_ids := counting.list_tenants_with_uncounted():
        count += sum(counting.count_events(each, limit) for each in tenant_ids)
    return count


def assert_reports_agree() -> None:
    """Count what is not counted yet, and check the counts and the times of events."""
    count_all()
    assert_counts_equal_rows()
    assert_events_have_the_time_of_their_rows()


def assert_counts_equal_rows() -> None:
    """Check that the reports have each use and each return once, where it belongs."""
    expected, found = Counter(list_uses()), Counter(dict(list_counts()))
    assert found == expected, (found - expected, expected - found)
    assert_days_are_sums_of_quarters()


def assert_days_are_sums_of_quarters() -> None:
    """Check that reports have the same counts per day as per quarter of an hour."""
    quarters, days = (
        Counter(
            fetch_rows(
                SELECT_DAYS.format(
                    table=table, day=f"substr(CAST({at} AS text), 1, 10)"
                )
            )
        )
        for table, at in COUNT_TABLES.items()
    )
    assert days == quarters, (days - quarters, quarters - days)


def list_uses() -> Iterator[Key]:
    """Yield the key of the count of each use and return, also for the whole tenant."""
    for tenant_id, definition_id, creator, dialect, *times in fetch_rows(SELECT_USES):
        for name, moment in zip(("redeemed", "reversed"), times, strict=True):
            if moment:
                quarter_at = get_quarter(to_datetime(moment))
                for each, key in product(
                    (str(definition_id), WHOLE_TENANT),
                    (creator, ALL_CREATORS) if creator else ("",),
                ):
                    yield tenant_id, each, quarter_at, key, dialect, name


def list_counts() -> Iterator[tuple[Key, int]]:
    """Yield the counts of reports that are not zero, with their keys."""
    for tenant_id, definition_id, quarter_at, *names, used, returned in fetch_rows(
        SELECT_COUNTS
    ):
        key = tenant_id, str(definition_id), to_datetime(quarter_at), *names
        yield from (
            ((*key, name), count)
            for name, count in (("redeemed", used), ("reversed", returned))
            if count
        )


def assert_events_have_the_time_of_their_rows() -> None:
    """Check that an event of a use or return occurred when the row says."""
    expected: Counter[Key] = Counter()
    for tenant_id, coupon_id, number, redeemed_at, returned_at in fetch_rows(
        SELECT_TIMES
    ):
        expected[tenant_id, coupon_id, number, "used", to_datetime(redeemed_at)] += 1
        if returned_at:
            moment = to_datetime(returned_at)
            expected[tenant_id, coupon_id, number, "returned", moment] += 1
    found: Counter[Key] = Counter()
    for event_type in ("coupon.redeemed", *RETURN_TYPES):
        kind = "returned" if event_type in RETURN_TYPES else "used"
        for (tenant_id, data), moment in zip(
            list_events(event_type), _list_times(event_type), strict=True
        ):
            for number in data.get("use_numbers") or [data["use_number"]]:
                found[tenant_id, data["coupon"]["id"], number, kind, moment] += 1
    assert found == expected


def _list_times(event_type: str) -> list[Any]:
    sql = f"""SELECT occurred_at FROM outbox WHERE event_type = '{event_type}'
        ORDER BY occurred_at, event_id"""
    return [to_datetime(moment) for (moment,) in fetch_rows(sql)]


def read_gifts(tenant: TenantFactory) -> tuple[int, int]:
    """Return how many coupons the tenant has generated and assigned, by the reports."""
    sql = """SELECT COALESCE(sum(generated), 0), COALESCE(sum(assigned), 0)
        FROM report_quarter
        WHERE tenant_id = :tenant_id AND definition_id = :definition_id"""
    key = {"tenant_id": tenant.tenant_id, "definition_id": WHOLE_TENANT}
    generated, assigned = execute(sql, key).fetchone()
    return int(generated), int(assigned)
