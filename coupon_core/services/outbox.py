"""The transactional outbox: build, add, claim and mark outgoing events.

An event is added in the transaction of the change it reports. The relay claims it,
publishes it and marks it as sent.
"""

from datetime import datetime
from typing import Any

from coupon_core.domain.models import Coupon, Event
from coupon_core.json_encoding import encode_json
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories.outbox import (
    add,
    claim,
    mark_sent,
    measure_backlog,
    purge,
    release,
)

__all__ = [
    "add",
    "build_coupon_event",
    "build_event",
    "claim",
    "mark_sent",
    "measure_backlog",
    "purge",
    "release",
]


def build_coupon_event(
    event_type: str, coupon: Coupon, data: dict[str, Any], now: datetime
) -> Event:
    """Return an outbox event about one coupon."""
    return build_event(
        coupon.tenant_id, event_type, subject=coupon.user_id, data=data, now=now
    )


def build_event(
    tenant_id: str, event_type: str, subject: str, data: dict[str, Any], now: datetime
) -> Event:
    """Return an outbox event of any type."""
    text = encode_json(data).decode()
    return Event(
        tenant_id,
        generate_id(),
        event_type=event_type,
        subject=subject,
        occurred_at=now,
        data=text,
    )
