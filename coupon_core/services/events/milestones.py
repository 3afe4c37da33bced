"""Accept milestones over HTTP, each once, and send them to the workers."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from coupon_core.domain.models import MILESTONE_TYPES, Event, Milestone
from coupon_core.persistence.database import transaction
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories import (
    accepted_events as accepted_event_repository,
)
from coupon_core.services import audit, outbox

EVENT_TYPES_BY_TRIGGER = {
    trigger: event_type for event_type, trigger in MILESTONE_TYPES.items()
}


def accept(
    tenant_id: str,
    events: Sequence[tuple[Milestone, Mapping[str, Any]]],
    now: datetime,
) -> None:
    """Accept milestones with their original envelopes; ignore repeated ids.

    They are durable when this returns: the relay sends them from the outbox.
    """
    first_by_id = {
        milestone.event_id: (milestone, envelope)
        for milestone, envelope in reversed(events)
    }
    with transaction():
        new_ids = accepted_event_repository.accept(tenant_id, sorted(first_by_id), now)
        accepted = [
            first_by_id[event_id]
            for event_id in reversed(first_by_id)
            if event_id in new_ids
        ]
        outbox.add(
            _build_event(milestone, envelope, now) for milestone, envelope in accepted
        )
        if accepted:
            audit.record(tenant_id, "milestone.accepted", count=len(accepted))


def purge_accepted_ids(before: datetime, limit: int) -> int:
    """Delete up to `limit` event ids accepted before `before`; return the count.

    An event with such an id is accepted again, but its coupons are not earned twice.
    """
    return accepted_event_repository.purge(before, limit)


def _build_event(
    milestone: Milestone, envelope: Mapping[str, Any], now: datetime
) -> Event:
    text = json.dumps(envelope, ensure_ascii=False, separators=(",", ":"))
    return Event(
        tenant_id=milestone.tenant_id,
        event_id=generate_id(),
        event_type=EVENT_TYPES_BY_TRIGGER[milestone.trigger_kind],
        subject=milestone.user_id,
        occurred_at=now,
        data=text,
    )
