"""Milestones that came over HTTP: taken once each, then sent to the workers."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from coupon_core.domain.models import MILESTONE_TYPES, Event, Milestone
from coupon_core.persistence.database import transaction
from coupon_core.persistence.id_generation import new_id
from coupon_core.persistence.repositories import accepted_events as store
from coupon_core.services import audit, outbox

EVENT_TYPES = {kind: name for name, kind in MILESTONE_TYPES.items()}


def accept(
    tenant_id: str,
    events: Sequence[tuple[Milestone, Mapping[str, Any]]],
    now: datetime,
) -> None:
    """Take milestones with the envelopes they came in; a repeated id is taken once.

    Durable when this returns: the relay sends them from the outbox.
    """
    first = {one.event_id: (one, whole) for one, whole in reversed(events)}
    with transaction():
        new = store.accept(tenant_id, sorted(first), now)
        taken = [first[event_id] for event_id in reversed(first) if event_id in new]
        outbox.add(_event(milestone, whole, now) for milestone, whole in taken)
        if taken:
            audit.record(tenant_id, "milestone.accepted", count=len(taken))


def forget(before: datetime, most: int) -> int:
    """Forget up to `most` ids of events taken before then; gives how many.

    From then on such an id is taken as new; what it earned stays earned once.
    """
    with transaction():
        return store.forget(before, most)


def _event(milestone: Milestone, envelope: Mapping[str, Any], now: datetime) -> Event:
    text = json.dumps(envelope, ensure_ascii=False, separators=(",", ":"))
    kind = EVENT_TYPES[milestone.trigger_kind]
    return Event(milestone.tenant_id, new_id(), kind, milestone.user_id, now, text)
