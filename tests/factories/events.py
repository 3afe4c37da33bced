"""Milestone events for tests, and the events that wait in the outbox."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from coupon_core.domain.models import Event, utc_now
from coupon_core.messaging.cloud_events import to_outgoing_message
from coupon_core.persistence import database
from coupon_core.services import outbox

CLOUD_EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "e1",
    "source": "/streaks",
    "type": "streak.milestone_reached",
    "subject": "ann",
    "data": {"streak_id": "daily", "threshold": 7},
}
PHOENIX_EVENT: dict[str, Any] = {
    "event_id": "e2",
    "event_type": "leaderboard.rank_reached",
    "user_id": "ann",
    "timestamp": "2026-01-15T10:00:00Z",
    "attributes": {"leaderboard_id": "weekly", "rank": 3, "extra": [1, None]},
}


def list_pending_events() -> list[Event]:
    """Claim and return the events that wait for the relay."""
    now = utc_now()
    events = outbox.ClaimRounds().claim(1_000, now, now - timedelta(seconds=1))
    database.release_connection()
    return events


def list_pending_bodies() -> list[dict[str, Any]]:
    """Return the bodies that the relay would publish, oldest first."""
    return [
        json.loads(to_outgoing_message(event).body) for event in list_pending_events()
    ]
