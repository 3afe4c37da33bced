"""What goes out: an event is stored in the transaction of the change it tells of."""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from coupon_core.model import Coupon, Event
from coupon_core.store.database import execute_many, new_id
from coupon_core.tables import as_stored_time

# Built once: json.dumps with options makes a new encoder at every call.
_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
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


def coupon_event(
    event_type: str, coupon: Coupon, data: dict[str, Any], now: datetime
) -> Event:
    """An event about one coupon, for the outbox."""
    ids = coupon.tenant_id, new_id()
    return Event(*ids, event_type, coupon.user_id, now, _ENCODE(data))
