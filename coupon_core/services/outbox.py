"""The transactional outbox: outgoing events, created, added, claimed and marked.

An event is added in the transaction of the change it reports. The relay claims it,
publishes it and marks it as sent.
"""

from datetime import datetime
from typing import Any

from coupon_core.domain.models import Coupon, Event
from coupon_core.json_encoding import json_bytes
from coupon_core.persistence.id_generation import new_id
from coupon_core.persistence.repositories.outbox import (
    add,
    claim,
    mark_sent,
    pending,
    purge,
    release,
)

__all__ = [
    "add",
    "claim",
    "coupon_event",
    "event_of",
    "mark_sent",
    "pending",
    "purge",
    "release",
]


def coupon_event(
    event_type: str, coupon: Coupon, data: dict[str, Any], now: datetime
) -> Event:
    """An event about one coupon, for the outbox."""
    return event_of(coupon.tenant_id, event_type, coupon.user_id, data, now)


def event_of(
    tenant_id: str, event_type: str, subject: str, data: dict[str, Any], now: datetime
) -> Event:
    """An event about anything, for the outbox."""
    text = json_bytes(data).decode()
    return Event(tenant_id, new_id(), event_type, subject, now, text)
