"""The transactional outbox: build, add, claim and mark outgoing events.

An event is added in the transaction of the change it reports. The relay claims it,
publishes it and marks it as sent.
"""

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from coupon_core.domain.models import Coupon, Event
from coupon_core.json_encoding import encode_json
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories.outbox import (
    add,
    claim,
    list_tenants_with_events,
    mark_sent,
    measure_backlog,
    measure_delay,
    purge,
    release,
    store_traces,
)

__all__ = [
    "ClaimRounds",
    "add",
    "build_coupon_event",
    "build_event",
    "mark_sent",
    "measure_backlog",
    "measure_delay",
    "purge",
    "release",
    "store_traces",
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


# An event of a tenant that had none waits this long for the next round.
MIN_ROUND_SECONDS = 0.5
# A claim of a few events of a tenant costs almost as much as that of one event.
MAX_TENANTS_PER_CLAIM = 10


class ClaimRounds:
    """Claims events for one relay, in rounds in which each tenant has one turn.

    A tenant with many events does not delay those of others.
    """

    def __init__(self) -> None:
        self._waiting: list[str] = []
        self._served: list[str] = []
        self._looked_up_at = 0.0

    def claim(self, limit: int, now: datetime, until: datetime) -> list[Event]:
        """Claim up to `limit` events for publishing, shared among the tenants.

        An event that is not marked as sent by `until` may be claimed again.
        """
        events: list[Event] = []
        has_looked_up = False
        while len(events) < limit:
            if not self._waiting:
                self._waiting, self._served = self._served, []
                if not has_looked_up and self._is_look_up_due():
                    self._waiting = list_tenants_with_events(now)
                    self._looked_up_at = time.monotonic()
                    has_looked_up = True
            if not self._waiting:
                break
            events += self._serve(limit - len(events), now, until)
        return sorted(events, key=lambda event: event.event_id)

    def _is_look_up_due(self) -> bool:
        """Return True unless tenants that may have more events are known."""
        age = time.monotonic() - self._looked_up_at
        return not self._waiting or age >= MIN_ROUND_SECONDS

    def _serve(self, limit: int, now: datetime, until: datetime) -> Iterator[Event]:
        count = min(limit, MAX_TENANTS_PER_CLAIM)
        tenant_ids, self._waiting = self._waiting[:count], self._waiting[count:]
        share = limit // len(tenant_ids)
        claimed = claim(tenant_ids, share, now, until)
        for tenant_id, events in zip(tenant_ids, claimed, strict=True):
            if len(events) == share:
                self._served.append(tenant_id)
            yield from events
