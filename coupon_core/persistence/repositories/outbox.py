"""The outbox: events are stored in the transaction of the change they announce."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from coupon_core.domain.models import Event
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import (
    execute,
    execute_many,
    fetch_many,
    transaction,
)
from coupon_core.persistence.id_generation import get_id_timestamp, get_min_id_at
from coupon_core.persistence.purging import delete_by_tenant
from coupon_core.persistence.row_locks import skip_locked_clause
from coupon_core.persistence.row_sets import execute_for_rows
from coupon_core.persistence.tables import to_datetime
from coupon_core.persistence.tables.events import COUNTED_TYPES

INSERT = """
    INSERT INTO outbox (tenant_id, event_id, event_type, subject, occurred_at,
        data, traceparent, state)
    SELECT :tenant_id, r.event_id, r.event_type, r.subject, r.occurred_at,
        r.data, r.traceparent, 'pending'
    FROM {rows}
"""
INSERT_SINGLE = """
    INSERT INTO outbox (tenant_id, event_id, event_type, subject, occurred_at,
        data, state{columns})
    SELECT :tenant_id, :event_id, :event_type, :subject, :occurred_at,
        :data, 'pending'{values}
"""
ROW_COLUMNS = """event_id uuid, event_type text, subject text, occurred_at timestamptz,
    data text, traceparent text"""

_read_traceparent: Callable[[], str | None] | None = None


def store_traces(read_traceparent: Callable[[], str | None]) -> None:
    """Store with each event the trace that this function returns, if it returns one."""
    global _read_traceparent
    _read_traceparent = read_traceparent


def add(events: Iterable[Event]) -> None:
    """Store events in the transaction of the caller."""
    rows_by_tenant: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for event in events:
        rows_by_tenant[event.tenant_id].append(to_event_row(event))
    for tenant_id, rows in rows_by_tenant.items():
        execute_for_rows(
            INSERT, ROW_COLUMNS, rows=rows, parameters={"tenant_id": tenant_id}
        )


def build_single_insert(is_traced: bool) -> str:
    """Return the insertion of one event, as a part of a larger statement.

    Its parameters are those of `to_event_row`, with or without `traceparent`.
    """
    columns = ", traceparent" * is_traced
    return INSERT_SINGLE.format(columns=columns, values=columns.replace(", ", ", :"))


def to_event_row(event: Event) -> dict[str, Any]:
    """Return the columns of an event, without its tenant.

    `traceparent` is missing unless a trace is recorded.
    """
    row = {
        "event_id": event.event_id,
        "event_type": event.event_type,
        "subject": event.subject,
        "occurred_at": format_timestamp_milliseconds(event.occurred_at),
        "data": event.data,
    }
    if _read_traceparent and (traceparent := _read_traceparent()):
        row["traceparent"] = traceparent
    return row


CLAIM = """
    WITH due AS MATERIALIZED (
        SELECT event_id FROM outbox WHERE tenant_id = :tenant_id
        AND state = 'pending' AND (claimed_until IS NULL OR claimed_until < :now)
        ORDER BY event_id LIMIT :limit {skipping}
    )
    UPDATE outbox SET claimed_until = :until
    WHERE tenant_id = :tenant_id AND event_id IN (SELECT event_id FROM due)
    RETURNING tenant_id, event_id, event_type, subject, occurred_at, data, traceparent
"""
MARK_SENT = """
    UPDATE outbox SET state = 'sent'
    WHERE tenant_id = :tenant_id AND event_id = :event_id
"""
RELEASE = """
    UPDATE outbox SET claimed_until = NULL
    WHERE tenant_id = :tenant_id AND event_id = :event_id AND state = 'pending'
"""
_COUNTED_TYPES = ", ".join(f"'{event_type}'" for event_type in COUNTED_TYPES)
# In the words of the condition of an index.
UNCOUNTED_CONDITION = f"NOT counted AND event_type IN ({_COUNTED_TYPES})"
FINISHED_CONDITION = f"""
    state = 'sent' AND (counted OR event_type NOT IN ({_COUNTED_TYPES}))
"""
SELECT_OLD_OF_ALL_TENANTS = f"""
    SELECT tenant_id, event_id FROM outbox
    WHERE {FINISHED_CONDITION} AND event_id < :first_kept ORDER BY event_id LIMIT :limit
"""
DELETE_OLD = "DELETE FROM outbox WHERE tenant_id = :tenant_id AND event_id {among}"
# The events of a tenant follow each other, so few are read of each.
CLAIMABLE_PAGE_SIZE = 100
SELECT_CLAIMABLE_OF_ALL_TENANTS = """
    SELECT tenant_id FROM outbox
    WHERE state = 'pending' AND (claimed_until IS NULL OR claimed_until < :now)
    AND tenant_id > :after_id ORDER BY tenant_id, event_id LIMIT :limit
"""
# PostgreSQL before version 18 has no min(uuid).
COUNT_PENDING_OF_ALL_TENANTS = """
    SELECT count(*), (SELECT event_id FROM outbox WHERE state = 'pending'
        ORDER BY event_id LIMIT 1)
    FROM outbox WHERE state = 'pending'
"""

SELECT_OLDEST_PENDING = """
    SELECT o.event_id FROM outbox o
    WHERE o.tenant_id = :tenant_id AND o.state = 'pending'
    ORDER BY o.event_id LIMIT 1
"""


def list_tenants_with_events(now: datetime) -> list[str]:
    """Return the tenants that have events to claim, by id."""
    return list_tenants(
        SELECT_CLAIMABLE_OF_ALL_TENANTS, {"now": format_timestamp_milliseconds(now)}
    )


def list_tenants(sql: str, parameters: Mapping[str, str]) -> list[str]:
    """Return the tenants of the rows that `sql` selects, by id.

    It selects up to `:limit` rows of tenants after `:after_id`, in their order.
    """
    tenant_ids: list[str] = []
    page = {"limit": CLAIMABLE_PAGE_SIZE, "after_id": ""}
    while True:
        rows = execute(sql, {**parameters, **page}).fetchall()
        tenant_ids += dict.fromkeys(tenant_id for (tenant_id,) in rows)
        if len(rows) < CLAIMABLE_PAGE_SIZE:
            return tenant_ids
        page["after_id"] = tenant_ids[-1]


def claim(
    tenant_ids: Iterable[str], limit: int, now: datetime, until: datetime
) -> list[list[Event]]:
    """Claim up to `limit` events of each tenant for publishing, oldest first.

    An event that is not marked as sent by `until` may be claimed again.
    """
    sql = CLAIM.format(skipping=skip_locked_clause())
    parameters = {
        "now": format_timestamp_milliseconds(now),
        "until": format_timestamp_milliseconds(until),
        "limit": limit,
    }
    rows = [{**parameters, "tenant_id": tenant_id} for tenant_id in tenant_ids]
    with transaction():
        return [list(map(_to_event, found)) for found in fetch_many(sql, rows)]


def mark_sent(events: Iterable[Event]) -> None:
    """Mark events as confirmed by the broker."""
    _update_events(MARK_SENT, events)


def release(events: Iterable[Event]) -> None:
    """Release the claim on events, so that others can claim them at once."""
    _update_events(RELEASE, events)


def _update_events(sql: str, events: Iterable[Event]) -> None:
    keys = [
        {"tenant_id": event.tenant_id, "event_id": event.event_id} for event in events
    ]
    if keys:
        with transaction():
            execute_many(sql, keys)


def purge(before: datetime, limit: int) -> int:
    """Delete up to `limit` events stored before a time; return their number.

    Events that are not sent yet, or not counted by reports, are kept.
    """
    parameters = {"first_kept": get_min_id_at(before), "limit": limit}
    return delete_by_tenant(
        SELECT_OLD_OF_ALL_TENANTS, DELETE_OLD, key_type="uuid", parameters=parameters
    )


def measure_backlog(now: datetime) -> tuple[int, float]:
    """Return the number of pending events, and for how many seconds the oldest waits.

    An event waits from the time when it was stored, which its id contains. It may have
    occurred long before.
    """
    count, oldest_id = execute(COUNT_PENDING_OF_ALL_TENANTS, {}).fetchone()
    return count, _measure_age(oldest_id, now)


def measure_delay(tenant_id: str, now: datetime) -> float:
    """Return for how many seconds the oldest pending event of a tenant waits."""
    row = execute(SELECT_OLDEST_PENDING, {"tenant_id": tenant_id}).fetchone()
    return _measure_age(row[0], now) if row else 0.0


def _measure_age(event_id: Any, now: datetime) -> float:
    if event_id is None:
        return 0.0
    return max(0.0, (now - get_id_timestamp(event_id)).total_seconds())


def _to_event(row: Sequence[Any]) -> Event:
    tenant_id, event_id, event_type, subject, occurred_at, data, traceparent = row
    return Event(
        tenant_id,
        event_id,
        event_type=event_type,
        subject=subject,
        occurred_at=to_datetime(occurred_at),
        data=data,
        traceparent=traceparent,
    )
