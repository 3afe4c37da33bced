"""Invariants of the database after every race and every fault.

docs/performance.md lists them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from coupon_core.persistence.tables import database_proxy
from tests.support.invariant_queries import UNDELIVERED_SQL, VIOLATION_QUERIES


def assert_invariants() -> None:
    """Check every invariant in the database of this process."""
    broken = {rule: fetch_rows(sql) for rule, sql in VIOLATION_QUERIES.items()}
    broken["I4: an event for each use, a use for each event"] = find_differences(
        "SELECT tenant_id, coupon_id, use_number FROM redemption",
        (
            (tenant, data["coupon"]["id"], data["use_number"])
            for tenant, data in list_events("coupon.redeemed")
        ),
    )
    broken["I4: one event for each use that was given back"] = find_differences(
        "SELECT tenant_id, coupon_id, use_number FROM redemption "
        "WHERE refunded_at IS NOT NULL",
        (
            (tenant, data["coupon"]["id"], number)
            for event_type in ("coupon.refunded", "redemption.reversed")
            for tenant, data in list_events(event_type)
            for number in data.get("use_numbers") or [data["use_number"]]
        ),
    )
    broken["I4: an event for each revocation that is in force"] = find_differences(
        # Unassigned codes of a batch are reported together, when the job completes.
        """SELECT tenant_id, coupon_id FROM coupon c WHERE revoked_at IS NOT NULL
        AND (user_id <> '' OR EXISTS (SELECT 1 FROM coupon_event e
        WHERE e.tenant_id = c.tenant_id AND e.coupon_id = c.coupon_id
        AND e.kind = 'revoked'))""",
        list_announced_revocations(),
    )
    broken["I4: one event for each reservation and for its end"] = list(
        find_wrong_reservation_events()
    )
    found = {rule: rows for rule, rows in broken.items() if rows}
    assert found == {}, found


def find_wrong_reservation_events() -> Iterator[tuple[str, str, Counter[str]]]:
    """Yield reservations whose events do not tell their state, each once.

    One that was confirmed late has expired before.
    """
    counts: dict[str, Counter[str]] = {}
    for verb in ("created", "confirmed", "released", "expired"):
        for _, data in list_events(f"reservation.{verb}"):
            counts.setdefault(data["reservation_id"], Counter())[verb] += 1
    for reservation_id, state in fetch_rows(
        "SELECT reservation_id, state FROM reservation"
    ):
        found = counts.pop(str(reservation_id), Counter())
        expected = {"created": 1, **({} if state == "held" else {state: 1})}
        late = {**expected, "expired": 1} if state == "confirmed" else expected
        if found not in (expected, late):
            yield str(reservation_id), state, found
    yield from ((unknown, "unknown", found) for unknown, found in counts.items())


def assert_all_delivered() -> None:
    """Check that every event reached every webhook subscribed when it happened."""
    assert fetch_rows(UNDELIVERED_SQL) == [], fetch_rows(UNDELIVERED_SQL)


def find_differences(stored: str, announced: Iterator[tuple[Any, ...]]) -> list[Any]:
    """Return events that are missing, unexpected, or duplicated."""
    here, there = Counter(map(tuple, fetch_rows(stored))), Counter(announced)
    return [*(here - there), *(there - here)]


def list_announced_revocations() -> Iterator[tuple[str, str]]:
    """Return the coupons that were reported as revoked more often than as restored."""
    revoked, restored = (
        Counter((tenant, data["coupon"]["id"]) for tenant, data in list_events(name))
        for name in ("coupon.revoked", "coupon.restored")
    )
    # A job that restored an unassigned code has reported it in the event of its end.
    unreported = {
        tuple(row)
        for row in fetch_rows(
            "SELECT tenant_id, coupon_id FROM coupon "
            "WHERE user_id = '' AND revoked_at IS NULL"
        )
    }
    return (key for key in (revoked - restored).elements() if key not in unreported)


def list_events(event_type: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Return tenant and data of the outbox's events of a type, oldest first."""
    sql = f"""SELECT tenant_id, data FROM outbox WHERE event_type = '{event_type}'
        ORDER BY occurred_at, event_id"""
    for tenant_id, data in fetch_rows(sql):
        yield tenant_id, json.loads(data)


def fetch_rows(sql: str) -> list[Any]:
    """Return the rows of a query in the database of this process."""
    return list(database_proxy.execute_sql(sql).fetchall())
