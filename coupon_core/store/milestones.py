"""What milestones have earned, and which events were taken."""

from collections.abc import Iterable
from datetime import datetime

from coupon_core.model import Definition, Milestone
from coupon_core.store.database import execute
from coupon_core.tables import as_stored_time

EARN = """
    INSERT INTO earned_coupon (tenant_id, definition_id, user_id, occurrence,
        event_id, earned_at)
    VALUES (:tenant_id, :definition_id, :user_id, :occurrence, :event_id, :now)
    ON CONFLICT DO NOTHING
"""
ACCEPT = """
    INSERT INTO accepted_event (tenant_id, event_id, accepted_at)
    VALUES (:tenant_id, :event_id, :now) ON CONFLICT DO NOTHING
"""


def earn(definition: Definition, milestone: Milestone, now: datetime) -> bool:
    """Note an earning; False when this occurrence has earned its coupon already."""
    parameters = {
        "tenant_id": definition.tenant_id,
        "definition_id": definition.definition_id,
        "user_id": milestone.user_id,
        "occurrence": milestone.occurrence,
        "event_id": milestone.event_id,
        "now": as_stored_time(now),
    }
    return bool(execute(EARN, parameters).rowcount == 1)


def accept(tenant_id: str, event_ids: Iterable[str], now: datetime) -> set[str]:
    """Take events by id; gives those that had not been taken before."""
    when = as_stored_time(now)
    return {
        event_id
        for event_id in event_ids
        if execute(
            ACCEPT, {"tenant_id": tenant_id, "event_id": event_id, "now": when}
        ).rowcount
    }
