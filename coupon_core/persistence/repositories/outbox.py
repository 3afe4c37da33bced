"""The outbox: events are stored in the transaction of the change they announce."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from coupon_core.domain.models import Event
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import execute, execute_many, transaction
from coupon_core.persistence.id_generation import get_id_timestamp, get_min_id_at
from coupon_core.persistence.row_locks import skip_locked_clause
from coupon_core.persistence.row_sets import execute_for_rows
from coupon_core.persistence.tables import to_datetime

INSERT = """
    INSERT INTO outbox (tenant_id, event_id, event_type, subject, occurred_at,
        data, state)
    SELECT :tenant_id, r.event_id, r.event_type, r.subject, r.occurred_at,
        r.data, 'pending'
    FROM {rows}
"""
ROW_COLUMNS = """event_id uuid, event_type text, subject text, occurred_at timestamptz,
    data text"""


def add(events: Iterable[Event]) -> None:
    """Store events in the transaction of the caller."""
    rows_by_tenant: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for event in events:
        row = {
            "event_id": event.event_id,
            "event_type": event.event_type,
            "subject": event.subject,
            "occurred_at": format_timestamp_milliseconds(event.occurred_at),
            "data": event.data,
        }
        rows_by_tenant[event.tenant_id].append(row)
    for tenant_id, rows in rows_by_tenant.items():
        execute_for_rows(
            INSERT, ROW_COLUMNS, rows=rows, parameters={"tenant_id": tenant_id}
        )


CLAIM = """
    UPDATE outbox SET claimed_until = :until
    WHERE (tenant_id, event_id) IN (
        SELECT tenant_id, event_id FROM outbox
        WHERE state = 'pending' AND (claimed_until IS NULL OR claimed_until < :now)
        ORDER BY event_id LIMIT :limit {skipping}
    )
    RETURNING tenant_id, event_id, event_type, subject, occurred_at, data
"""
MARK_SENT = """
    UPDATE outbox SET state = 'sent'
    WHERE tenant_id = :tenant_id AND event_id = :event_id
"""
RELEASE = """
    UPDATE outbox SET claimed_until = NULL
    WHERE tenant_id = :tenant_id AND event_id = :event_id AND state = 'pending'
"""
PURGE = """
    DELETE FROM outbox WHERE (tenant_id, event_id) IN (
        SELECT tenant_id, event_id FROM outbox
        WHERE state = 'sent' AND event_id < :first_kept ORDER BY event_id LIMIT :limit
    )
"""
SELECT_CLAIMABLE = """
    SELECT 1 FROM outbox
    WHERE state = 'pending' AND (claimed_until IS NULL OR claimed_until < :now) LIMIT 1
"""
# PostgreSQL before version 18 has no min(uuid).
COUNT_PENDING = """
    SELECT count(*), (SELECT event_id FROM outbox WHERE state = 'pending'
        ORDER BY event_id LIMIT 1)
    FROM outbox WHERE state = 'pending'
"""


def claim(limit: int, now: datetime, until: datetime) -> list[Event]:
    """Claim up to `limit` events for publishing, oldest first.

    An event that is not marked as sent by `until` may be claimed again.
    """
    # Only read while there is nothing to claim: SQLite writers queue.
    now_parameter = {"now": format_timestamp_milliseconds(now)}
    if execute(SELECT_CLAIMABLE, now_parameter).fetchone() is None:
        return []
    sql = CLAIM.format(skipping=skip_locked_clause())
    parameters = {
        **now_parameter,
        "until": format_timestamp_milliseconds(until),
        "limit": limit,
    }
    with transaction():
        events = [_to_event(row) for row in execute(sql, parameters).fetchall()]
    return sorted(events, key=lambda event: event.event_id)


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
    """Delete up to `limit` sent events stored before a time; return their number."""
    first_kept = get_min_id_at(before)
    with transaction():
        cursor = execute(PURGE, {"first_kept": first_kept, "limit": limit})
    return int(cursor.rowcount)


def measure_backlog(now: datetime) -> tuple[int, float]:
    """Return the number of pending events, and for how many seconds the oldest waits.

    An event waits from the time when it was stored, which its id contains. It may have
    occurred long before.
    """
    count, oldest_id = execute(COUNT_PENDING, {}).fetchone()
    if oldest_id is None:
        return count, 0.0
    return count, max(0.0, (now - get_id_timestamp(oldest_id)).total_seconds())


def _to_event(row: Sequence[Any]) -> Event:
    tenant_id, event_id, event_type, subject, occurred_at, data = row
    return Event(
        tenant_id,
        event_id,
        event_type=event_type,
        subject=subject,
        occurred_at=to_datetime(occurred_at),
        data=data,
    )
