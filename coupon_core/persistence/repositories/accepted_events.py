"""Which events were taken over HTTP."""

from collections.abc import Iterable
from datetime import datetime

from coupon_core.persistence.database import execute
from coupon_core.persistence.tables import as_stored_time

ACCEPT = """
    INSERT INTO accepted_event (tenant_id, event_id, accepted_at)
    VALUES (:tenant_id, :event_id, :now) ON CONFLICT DO NOTHING
"""

FORGET = """
    DELETE FROM accepted_event WHERE (tenant_id, event_id) IN (
        SELECT tenant_id, event_id FROM accepted_event
        WHERE accepted_at < :before ORDER BY accepted_at LIMIT :most
    )
"""


def accept(tenant_id: str, event_ids: Iterable[str], now: datetime) -> set[str]:
    """Take events by id; gives those that had not been taken before."""
    same = {"tenant_id": tenant_id, "now": as_stored_time(now)}
    return {
        event_id
        for event_id in event_ids
        if execute(ACCEPT, {**same, "event_id": event_id}).rowcount
    }


def forget(before: datetime, most: int) -> int:
    """Remove up to `most` ids of events that were taken before then; gives how many."""
    times = {"before": as_stored_time(before), "most": most}
    return int(execute(FORGET, times).rowcount)
