"""Rows that are kept for a limited time: count and delete those past it."""

from dataclasses import dataclass
from datetime import datetime

from coupon_core.domain.report_counts import get_midnight
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import execute, transaction
from coupon_core.persistence.id_generation import get_min_id_at
from coupon_core.persistence.repositories.outbox import FINISHED_CONDITION
from coupon_core.persistence.row_locks import skip_locked_clause


@dataclass(frozen=True, slots=True)
class RetainedTable:
    """A table, the columns that identify a row, and the condition that it is past.

    Without another `past` the column is a UUIDv7, which contains the time of the row.
    """

    table: str
    id_columns: str
    condition: str = ""
    past: str = "{id_columns} < :first_id"


# Dates, weeks and months are compared as text: 2026-11 is less than 2026-11-28.
PAST_PERIOD = """period_key < CASE WHEN substr(period_key, 6, 1) = 'W'
    THEN :first_week ELSE :first_day END"""
# Reports subtract quarters of an hour from days, so that both are kept for whole days,
# and the quarters are deleted first.
RETAINED_TABLES = {
    "audit": RetainedTable("audit_entry", "entry_id"),
    "dead_letters": RetainedTable("dead_letter", "letter_id"),
    "events": RetainedTable("outbox", "event_id", f" AND {FINISHED_CONDITION}"),
    "deliveries": RetainedTable("webhook_delivery", "event_id"),
    "reservations": RetainedTable(
        "reservation", "reservation_id", " AND state <> 'held'"
    ),
    "period_counters": RetainedTable(
        "user_period_usage", "definition_id, user_id, period_key", past=PAST_PERIOD
    ),
    "reports": RetainedTable(
        "report_quarter", "quarter_at", past="quarter_at < :first_midnight"
    ),
    "report_days": RetainedTable(
        "report_day", "day_at", past="day_at < :first_midnight"
    ),
    "refusals": RetainedTable(
        "refusal_count",
        "resolution, bucket_at",
        past="resolution = 'quarter' AND bucket_at < :first_midnight",
    ),
    "refusal_days": RetainedTable(
        "refusal_count",
        "resolution, bucket_at",
        past="resolution = 'day' AND bucket_at < :first_midnight",
    ),
    "attempts": RetainedTable("attempt", "attempt_id"),
    "signals": RetainedTable("signal", "hour_at", past="hour_at < :before"),
}


def count_past(tenant_id: str, kind: str, before: datetime) -> int:
    """Return how many rows of a tenant are older than a time."""
    retained = RETAINED_TABLES[kind]
    sql = f"SELECT count(*) FROM {retained.table} WHERE {_build_condition(retained)}"
    return int(execute(sql, _to_parameters(tenant_id, before)).fetchone()[0])


def delete_past(tenant_id: str, kind: str, before: datetime, limit: int) -> int:
    """Delete the rows of up to `limit` IDs that are older; return the row count.

    Rows that another transaction has locked are left for the next time.
    """
    retained = RETAINED_TABLES[kind]
    condition, columns = _build_condition(retained), retained.id_columns
    sql = f"""DELETE FROM {retained.table} WHERE {condition} AND ({columns}) IN (
        WITH past AS MATERIALIZED (SELECT {columns} FROM {retained.table}
            WHERE {condition} ORDER BY {columns} LIMIT :limit {skip_locked_clause()})
        SELECT {columns} FROM past)"""
    with transaction():
        parameters = _to_parameters(tenant_id, before)
        return int(execute(sql, {**parameters, "limit": limit}).rowcount)


def _build_condition(retained: RetainedTable) -> str:
    past = retained.past.format(id_columns=retained.id_columns)
    return f"tenant_id = :tenant_id AND {past}{retained.condition}"


def _to_parameters(tenant_id: str, before: datetime) -> dict[str, str]:
    first_day = before.date()
    week = first_day.isocalendar()
    return {
        "tenant_id": tenant_id,
        "before": format_timestamp_milliseconds(before),
        "first_midnight": format_timestamp_milliseconds(get_midnight(before)),
        "first_id": get_min_id_at(before),
        "first_day": first_day.isoformat(),
        "first_week": f"{week.year}-W{week.week:02}",
    }
