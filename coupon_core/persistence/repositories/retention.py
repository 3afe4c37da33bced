"""Rows that are kept for a limited time: count and delete those past it."""

from dataclasses import dataclass
from datetime import datetime

from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import execute, transaction
from coupon_core.persistence.id_generation import get_min_id_at
from coupon_core.persistence.repositories.outbox import FINISHED_CONDITION


@dataclass(frozen=True, slots=True)
class RetainedTable:
    """A table with UUIDv7 `id_column`, which contains the time of the row.

    The column of a table with `has_times` is the time itself.
    """

    table: str
    id_column: str
    condition: str = ""
    has_times: bool = False


RETAINED_TABLES = {
    "audit": RetainedTable("audit_entry", "entry_id"),
    "dead_letters": RetainedTable("dead_letter", "letter_id"),
    "events": RetainedTable("outbox", "event_id", f" AND {FINISHED_CONDITION}"),
    "deliveries": RetainedTable("webhook_delivery", "event_id"),
    "reservations": RetainedTable(
        "reservation", "reservation_id", " AND state <> 'held'"
    ),
    "reports": RetainedTable("report_quarter", "quarter_at", has_times=True),
    "refusals": RetainedTable("refusal_count", "bucket_at", has_times=True),
    "attempts": RetainedTable("attempt", "attempt_id"),
    "signals": RetainedTable("signal", "hour_at", has_times=True),
}
PAST_RETENTION = "tenant_id = :tenant_id AND {id_column} < :first_kept{condition}"


def count_past(tenant_id: str, kind: str, before: datetime) -> int:
    """Return how many rows of a tenant are older than a time."""
    retained = RETAINED_TABLES[kind]
    sql = f"SELECT count(*) FROM {retained.table} WHERE {_build_condition(retained)}"
    parameters = {"tenant_id": tenant_id, "first_kept": _to_key(retained, before)}
    return int(execute(sql, parameters).fetchone()[0])


def delete_past(tenant_id: str, kind: str, before: datetime, limit: int) -> int:
    """Delete the rows of up to `limit` IDs that are older; return the row count."""
    retained = RETAINED_TABLES[kind]
    condition = _build_condition(retained)
    sql = f"""DELETE FROM {retained.table} WHERE {condition}
        AND {retained.id_column} IN (SELECT {retained.id_column} FROM {retained.table}
            WHERE {condition} ORDER BY {retained.id_column} LIMIT :limit)"""
    parameters = {
        "tenant_id": tenant_id,
        "first_kept": _to_key(retained, before),
        "limit": limit,
    }
    with transaction():
        return int(execute(sql, parameters).rowcount)


def _to_key(retained: RetainedTable, before: datetime) -> str:
    to_key = format_timestamp_milliseconds if retained.has_times else get_min_id_at
    return to_key(before)


def _build_condition(retained: RetainedTable) -> str:
    return PAST_RETENTION.format(
        id_column=retained.id_column, condition=retained.condition
    )
