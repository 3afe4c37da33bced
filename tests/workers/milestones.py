"""Build milestones in both envelopes and read what they caused."""

from __future__ import annotations

import json
from typing import Any

from coupon_core.domain.models import Definition, Trigger
from coupon_core.messaging.topology import CONTENT_TYPE, EVENT_QUEUES
from tests.factories.tenant import TenantFactory
from tests.support.invariants import fetch_rows
from workers.message_handlers import handle_one
from workers.messages import Message

STREAK_DATA = {"streak_id": "daily", "threshold": 7}
ACHIEVEMENT_DATA = {"achievement_id": "first-win"}
RANK_DATA = {"leaderboard_id": "weekly", "rank": 3}
MILESTONES_BY_TYPE = {
    "streak.milestone_reached": ("coupons.streak", STREAK_DATA),
    "achievement.completed": ("coupons.achievement", ACHIEVEMENT_DATA),
    "leaderboard.rank_reached": ("coupons.leaderboard", RANK_DATA),
}
Json = dict[str, Any]


def cloud(tenant: TenantFactory, data: Json = STREAK_DATA, **members: Any) -> Json:
    """Return a milestone as CloudEvents 1.0; members that are None are omitted."""
    event = {
        "specversion": "1.0",
        "id": "e-1",
        "source": "/streaks",
        "type": "streak.milestone_reached",
        "subject": "ann",
        "tenantid": tenant.tenant_id,
        "data": data,
    }
    merged = event | members
    return {name: value for name, value in merged.items() if value is not None}


def phoenix(tenant: TenantFactory, data: Json = STREAK_DATA, **members: Any) -> Json:
    """Return the same milestone in the Phoenix envelope."""
    event = {
        "event_id": "e-1",
        "event_type": "streak.milestone_reached",
        "tenant_id": tenant.tenant_id,
        "user_id": "ann",
        "timestamp": "2026-05-04T12:00:00Z",
        "attributes": data,
    }
    merged = event | members
    return {name: value for name, value in merged.items() if value is not None}


def build_message(
    body: Json | bytes, queue: str = "coupons.streak", **options: Any
) -> Message:
    """Return a message as a consumer passes it to its handler."""
    encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
    members = {"content_type": CONTENT_TYPE, **options}
    return Message(queue, EVENT_QUEUES[queue], body=encoded, **members)


def process_event(event: Json | bytes, **options: Any) -> str:
    """Process an event and return its outcome."""
    return handle_one(build_message(event, **options))


def define_streak_trigger(
    tenant: TenantFactory, source: str = "daily", threshold: int = 7, **members: Any
) -> Any:
    """Create a definition that is earned by a streak, or by `trigger_kind`."""
    trigger_members = {
        "trigger_kind": Trigger.STREAK_MILESTONE,
        "trigger_enabled": True,
        "trigger_source": source,
        "trigger_threshold": threshold,
    }
    return tenant.define(**(trigger_members | members))


def count_held_coupons(definition: Definition, user: str = "ann") -> int:
    """Return the number of coupons of a definition that a user holds."""
    sql = f"""SELECT count(*) FROM coupon WHERE user_id = '{user}'
        AND definition_id = '{definition.definition_id}'"""
    return int(fetch_rows(sql)[0][0])


def get_last_dead_letter() -> tuple[str, str, bytes]:
    """Return tenant, reason and body of the newest dead letter."""
    sql = "SELECT tenant_id, reason, body FROM dead_letter ORDER BY letter_id DESC"
    tenant_id, reason, body = fetch_rows(f"{sql} LIMIT 1")[0]
    return tenant_id, reason, bytes(body)
