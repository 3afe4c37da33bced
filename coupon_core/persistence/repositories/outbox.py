"""What goes out: an event is stored in the transaction of the change it tells of."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from coupon_core.domain.models import Event
from coupon_core.persistence.database import (
    execute,
    execute_many,
    is_postgresql,
    transaction,
)
from coupon_core.persistence.id_generation import first_id_of
from coupon_core.persistence.tables import as_stored_time, as_time

INSERT = """
    INSERT INTO outbox (tenant_id, event_id, event_type, subject, occurred_at,
        data, state)
    VALUES (:tenant_id, :event_id, :event_type, :subject, :occurred_at,
        :data, 'pending')
"""


def add(events: Iterable[Event]) -> None:
    """Store events, inside the caller's transaction."""
    rows = [
        {
            "tenant_id": event.tenant_id,
            "event_id": event.event_id,
            "event_type": event.event_type,
            "subject": event.subject,
            "occurred_at": as_stored_time(event.occurred_at),
            "data": event.data,
        }
        for event in events
    ]
    if rows:
        execute_many(INSERT, rows)


CLAIM = """
    UPDATE outbox SET claimed_until = :until
    WHERE (tenant_id, event_id) IN (
        SELECT tenant_id, event_id FROM outbox
        WHERE state = 'pending' AND (claimed_until IS NULL OR claimed_until < :now)
        ORDER BY event_id LIMIT :most {skipping}
    )
    RETURNING tenant_id, event_id, event_type, subject, occurred_at, data
"""
SENT = """
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
        WHERE state = 'sent' AND event_id < :first_kept ORDER BY event_id LIMIT :most
    )
"""
WAITING = """
    SELECT 1 FROM outbox
    WHERE state = 'pending' AND (claimed_until IS NULL OR claimed_until < :now) LIMIT 1
"""
COUNT_PENDING = "SELECT count(*), min(occurred_at) FROM outbox WHERE state = 'pending'"


def claim(most: int, now: datetime, until: datetime) -> list[Event]:
    """Take up to `most` events to publish, oldest first; others leave them alone.

    What is not marked sent by `until` may be claimed again.
    """
    # Only a read while there is nothing to do: writers of SQLite queue.
    if execute(WAITING, {"now": as_stored_time(now)}).fetchone() is None:
        return []
    skipping = "FOR UPDATE SKIP LOCKED" if is_postgresql() else ""
    times = {"now": as_stored_time(now), "until": as_stored_time(until)}
    with transaction():
        cursor = execute(CLAIM.format(skipping=skipping), {**times, "most": most})
        events = [_event_of(row) for row in cursor.fetchall()]
    return sorted(events, key=lambda event: event.event_id)


def mark_sent(events: Iterable[Event]) -> None:
    """Note that the broker has confirmed these events."""
    _update(SENT, events)


def release(events: Iterable[Event]) -> None:
    """Let others claim these events at once."""
    _update(RELEASE, events)


def _update(sql: str, events: Iterable[Event]) -> None:
    keys = [{"tenant_id": e.tenant_id, "event_id": e.event_id} for e in events]
    if keys:
        with transaction():
            execute_many(sql, keys)


def purge(before: datetime, most: int) -> int:
    """Forget up to `most` events that were stored earlier and sent; gives how many."""
    first_kept = first_id_of(before)
    with transaction():
        cursor = execute(PURGE, {"first_kept": first_kept, "most": most})
    return int(cursor.rowcount)


def pending(now: datetime) -> tuple[int, float]:
    """How many events wait to be published, and for how many seconds the oldest has."""
    count, oldest = execute(COUNT_PENDING, {}).fetchone()
    return count, (now - as_time(oldest)).total_seconds() if oldest else 0.0


def _event_of(row: Sequence[Any]) -> Event:
    tenant_id, event_id, event_type, subject, occurred_at, data = row
    moment = as_time(occurred_at)
    return Event(tenant_id, event_id, event_type, subject, moment, data)
