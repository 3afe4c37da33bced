"""Events of the outbox that reports do not contain yet."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from coupon_core.persistence.database import execute, execute_for_values
from coupon_core.persistence.id_generation import get_id_timestamp
from coupon_core.persistence.repositories.outbox import (
    UNCOUNTED_CONDITION,
    list_tenants,
)
from coupon_core.persistence.row_locks import skip_locked_clause
from coupon_core.persistence.tables import to_datetime

# Events before the cut-over are counted from the redemptions, so they are only marked.
CLAIM = f"""
    WITH due AS MATERIALIZED (
        SELECT event_id FROM outbox WHERE tenant_id = :tenant_id
        AND {UNCOUNTED_CONDITION} ORDER BY event_id LIMIT :limit {{skipping}}
    )
    UPDATE outbox SET counted = true
    WHERE tenant_id = :tenant_id AND event_id IN (SELECT event_id FROM due)
    RETURNING event_id, event_type, occurred_at, data,
        occurred_at >= COALESCE((SELECT b.cut_over_at FROM report_backfill b
            WHERE b.tenant_id = :tenant_id), occurred_at)
"""
SELECT_UNCOUNTED_OF_ALL_TENANTS = f"""
    SELECT tenant_id FROM outbox WHERE {UNCOUNTED_CONDITION}
    AND tenant_id > :after_id ORDER BY tenant_id, event_id LIMIT :limit
"""
# As text, because PostgreSQL before version 18 has no min(uuid).
MEASURE_OF_ALL_TENANTS = f"""
    SELECT count(*), min(CAST(event_id AS text)) FROM outbox
    WHERE {UNCOUNTED_CONDITION}
"""
SELECT_LISTED = """
    SELECT definition_id FROM definition
    WHERE tenant_id = :tenant_id AND code_format = 'listed' AND definition_id {among}
"""
SELECT_DIALECTS = """
    SELECT coupon_id, use_number, dialect FROM redemption
    WHERE tenant_id = :tenant_id AND coupon_id {among}
"""


def list_tenants_with_uncounted() -> list[str]:
    """Return the tenants that have events to count, by id."""
    return list_tenants(SELECT_UNCOUNTED_OF_ALL_TENANTS, {})


def claim(tenant_id: str, limit: int) -> list[tuple[str, str, datetime, str, bool]]:
    """Mark up to `limit` events as counted; return them, the oldest ones.

    Returns their id, type, time and data, and whether they occurred since the cut-over.
    Those that another counter has claimed are left out.
    """
    sql = CLAIM.format(skipping=skip_locked_clause())
    rows = execute(sql, {"tenant_id": tenant_id, "limit": limit}).fetchall()
    return [
        (str(event_id), event_type, to_datetime(occurred_at), data, bool(is_due))
        for event_id, event_type, occurred_at, data, is_due in rows
    ]


def measure(now: datetime) -> tuple[int, float]:
    """Return the number of uncounted events, and for how many seconds one waits."""
    count, oldest_id = execute(MEASURE_OF_ALL_TENANTS, {}).fetchone()
    if oldest_id is None:
        return 0, 0.0
    return count, max(0.0, (now - get_id_timestamp(oldest_id)).total_seconds())


def find_listed(tenant_id: str, definition_ids: Collection[str]) -> set[str]:
    """Return those of the definitions whose codes were listed before they are given."""
    rows = _select(SELECT_LISTED, "uuid", tenant_id, keys=definition_ids)
    return {str(definition_id) for (definition_id,) in rows}


def find_dialects(
    tenant_id: str, coupon_ids: Collection[str]
) -> dict[tuple[str, int], str]:
    """Return the APIs of the uses of coupons, by coupon and number of the use."""
    rows = _select(SELECT_DIALECTS, "uuid", tenant_id, keys=coupon_ids)
    return {
        (str(coupon_id), use_number): dialect for coupon_id, use_number, dialect in rows
    }


def _select(sql: str, sql_type: str, tenant_id: str, keys: Collection[str]) -> Any:
    if not keys:
        return ()
    parameters = {"tenant_id": tenant_id}
    return execute_for_values(sql, sql_type, [*keys], parameters).fetchall()
