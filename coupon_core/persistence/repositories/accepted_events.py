"""Events accepted over HTTP, by id."""

from collections.abc import Iterable
from datetime import datetime

from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.purging import delete_by_tenant
from coupon_core.persistence.row_sets import execute_for_rows

INSERT_EVENT = """
    INSERT INTO accepted_event (tenant_id, event_id, accepted_at)
    SELECT :tenant_id, r.event_id, :now FROM {rows} WHERE true ORDER BY r.event_id
    ON CONFLICT DO NOTHING RETURNING event_id
"""

SELECT_OLD_OF_ALL_TENANTS = """
    SELECT tenant_id, event_id FROM accepted_event
    WHERE accepted_at < :before ORDER BY accepted_at LIMIT :limit
"""
DELETE_OLD = """
    DELETE FROM accepted_event WHERE tenant_id = :tenant_id AND event_id {among}
"""


def accept(tenant_id: str, event_ids: Iterable[str], now: datetime) -> set[str]:
    """Accept events by id and return the ids that had not been accepted before."""
    rows = [{"event_id": event_id} for event_id in event_ids]
    parameters = {"tenant_id": tenant_id, "now": format_timestamp_milliseconds(now)}
    cursor = execute_for_rows(
        INSERT_EVENT, "event_id text", rows=rows, parameters=parameters
    )
    return {event_id for (event_id,) in cursor.fetchall()}


def purge(before: datetime, limit: int) -> int:
    """Delete up to `limit` accepted events older than `before`; return their number."""
    parameters = {"before": format_timestamp_milliseconds(before), "limit": limit}
    return delete_by_tenant(
        SELECT_OLD_OF_ALL_TENANTS, DELETE_OLD, key_type="text", parameters=parameters
    )
