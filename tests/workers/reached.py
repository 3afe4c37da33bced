"""Milestones in both envelopes, what watches for them, and what came of it."""

from __future__ import annotations

import json
from typing import Any

from coupon_core.domain.models import Definition, Trigger
from coupon_core.messaging.topology import CONTENT_TYPE, QUEUES
from tests.invariants import rows
from tests.shop import Shop
from workers.message_handlers import handle
from workers.messages import Message

STREAK = {"streak_id": "daily", "threshold": 7}
ACHIEVEMENT = {"achievement_id": "first-win"}
RANK = {"leaderboard_id": "weekly", "rank": 3}
TYPES = {
    "streak.milestone_reached": ("coupons.streak", STREAK),
    "achievement.completed": ("coupons.achievement", ACHIEVEMENT),
    "leaderboard.rank_reached": ("coupons.leaderboard", RANK),
}
Json = dict[str, Any]


def cloud(shop: Shop, data: Json = STREAK, **members: Any) -> Json:
    """A milestone in CloudEvents 1.0; a member that is None is left out."""
    event = {
        "specversion": "1.0",
        "id": "e-1",
        "source": "/streaks",
        "type": "streak.milestone_reached",
        "subject": "ann",
        "tenantid": shop.tenant_id,
        "data": data,
    }
    return {name: it for name, it in (event | members).items() if it is not None}


def phoenix(shop: Shop, data: Json = STREAK, **members: Any) -> Json:
    """The same in Phoenix's envelope."""
    event = {
        "event_id": "e-1",
        "event_type": "streak.milestone_reached",
        "tenant_id": shop.tenant_id,
        "user_id": "ann",
        "timestamp": "2026-05-04T12:00:00Z",
        "attributes": data,
    }
    return {name: it for name, it in (event | members).items() if it is not None}


def message(body: Json | bytes, queue: str = "coupons.streak", **more: Any) -> Message:
    """A message as a consumer hands it to its handler."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"content_type": CONTENT_TYPE, **more}
    return Message(queue, QUEUES[queue], body=raw, **given)


def tell(event: Json | bytes, **more: Any) -> str:
    """What became of an event."""
    return handle(message(event, **more))


def watch(shop: Shop, source: str = "daily", threshold: int = 7, **members: Any) -> Any:
    """A definition that a streak earns; `trigger_kind` names another milestone."""
    given = {
        "trigger_kind": Trigger.STREAK_MILESTONE,
        "trigger_enabled": True,
        "trigger_source": source,
        "trigger_threshold": threshold,
    }
    return shop.define(**(given | members))


def held(definition: Definition, user: str = "ann") -> int:
    """How many coupons of a definition a user holds."""
    sql = f"""SELECT count(*) FROM coupon WHERE user_id = '{user}'
        AND definition_id = '{definition.definition_id}'"""
    return int(rows(sql)[0][0])


def last_letter() -> tuple[str, str, bytes]:
    """Tenant, reason and body of the newest dead letter."""
    sql = "SELECT tenant_id, reason, body FROM dead_letter ORDER BY letter_id DESC"
    tenant_id, reason, body = rows(f"{sql} LIMIT 1")[0]
    return tenant_id, reason, bytes(body)
