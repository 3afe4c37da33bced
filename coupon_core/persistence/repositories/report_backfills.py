"""Uses before the cut-over, from which the reports of a tenant are filled."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import execute
from coupon_core.persistence.id_generation import get_min_integer_id_at
from coupon_core.persistence.row_locks import skip_locked_clause
from coupon_core.persistence.tables import to_datetime

# The clocks of hosts differ less than this.
MAX_CLOCK_DIFFERENCE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class PastUse:
    """A use, with its time and that of its return if they are before the cut-over."""

    definition_id: str
    dialect: str
    creator_key: str
    redeemed_at: datetime | None
    returned_at: datetime | None


SELECT_DUE_OF_ALL_TENANTS = """
    SELECT tenant_id FROM report_backfill
    WHERE finished_at IS NULL AND cut_over_at <= :before ORDER BY tenant_id
"""
LOCK = """
    SELECT cut_over_at, redemption_id FROM report_backfill
    WHERE tenant_id = :tenant_id AND finished_at IS NULL AND cut_over_at <= :before
    {skipping}
"""
# Redemptions of one millisecond may have one id, so a chunk ends with an id.
SELECT_LAST_ID = """
    SELECT max(redemption_id) FROM (SELECT redemption_id FROM redemption
        WHERE tenant_id = :tenant_id AND redemption_id > :redemption_id
        AND redemption_id < :end_id ORDER BY redemption_id LIMIT :limit) AS chunk
"""
SELECT_USES = """
    SELECT r.definition_id, r.dialect,
        CASE WHEN r.redeemed_at < :cut_over_at THEN r.redeemed_at END,
        CASE WHEN r.refunded_at < :cut_over_at THEN r.refunded_at END,
        COALESCE(CASE WHEN d.code_format = 'shared' THEN (SELECT s.creator_key
            FROM coupon c JOIN shared_code s ON s.tenant_id = :tenant_id
            AND s.code_key = c.code_key AND s.definition_id = c.definition_id
            WHERE c.tenant_id = :tenant_id AND c.coupon_id = r.coupon_id) END, '')
    FROM redemption r
    JOIN definition d ON d.tenant_id = :tenant_id AND d.definition_id = r.definition_id
    WHERE r.tenant_id = :tenant_id
    AND r.redemption_id > :redemption_id AND r.redemption_id <= :last_id
"""
ADVANCE = """
    UPDATE report_backfill SET redemption_id = :last_id WHERE tenant_id = :tenant_id
"""
FINISH = "UPDATE report_backfill SET finished_at = :now WHERE tenant_id = :tenant_id"


def list_due_tenants(now: datetime) -> list[str]:
    """Return the tenants whose uses before the cut-over are to be counted.

    These begin when no process can write such a use any more.
    """
    rows = execute(SELECT_DUE_OF_ALL_TENANTS, _to_due_parameters(now)).fetchall()
    return [tenant_id for (tenant_id,) in rows]


def take_chunk(tenant_id: str, limit: int, now: datetime) -> list[PastUse]:
    """Advance the backfill of a tenant by about `limit` redemptions; return them.

    Returns an empty list if it is finished, or another process continues it.
    """
    parameters = {"tenant_id": tenant_id, "limit": limit, **_to_due_parameters(now)}
    sql = LOCK.format(skipping=skip_locked_clause())
    row = execute(sql, parameters).fetchone()
    if row is None:
        return []
    cut_over_at = to_datetime(row[0])
    parameters |= {
        "cut_over_at": format_timestamp_milliseconds(cut_over_at),
        "redemption_id": row[1],
        # By the clocks of two hosts, what was reversed before the cut-over may have
        # been redeemed after it.
        "end_id": get_min_integer_id_at(cut_over_at + MAX_CLOCK_DIFFERENCE),
    }
    (last_id,) = execute(SELECT_LAST_ID, parameters).fetchone()
    if last_id is None:
        execute(FINISH, parameters)
        return []
    parameters["last_id"] = last_id
    execute(ADVANCE, parameters)
    return [_to_use(row) for row in execute(SELECT_USES, parameters).fetchall()]


def _to_use(row: Sequence[Any]) -> PastUse:
    definition_id, dialect, redeemed_at, returned_at, creator_key = row
    return PastUse(
        str(definition_id),
        dialect,
        creator_key,
        redeemed_at=to_datetime(redeemed_at) if redeemed_at else None,
        returned_at=to_datetime(returned_at) if returned_at else None,
    )


def _to_due_parameters(now: datetime) -> dict[str, Any]:
    return {
        "now": format_timestamp_milliseconds(now),
        "before": format_timestamp_milliseconds(now - MAX_CLOCK_DIFFERENCE),
    }
