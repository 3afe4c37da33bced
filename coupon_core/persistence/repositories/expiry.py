"""Coupons that have expired and whose expiry has not been announced yet."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from coupon_core.domain.models import Coupon, IssuedCoupon
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import (
    execute,
    execute_for_values,
    is_postgresql,
)
from coupon_core.persistence.id_generation import MIN_ID
from coupon_core.persistence.row_locks import skip_locked_clause
from coupon_core.persistence.row_mapping import SELECT_ISSUED_COUPONS, to_issued_coupon
from coupon_core.persistence.tables import to_datetime

SELECT_ID_OF_ALL_TENANTS = """
    SELECT tenant_id FROM tenant WHERE tenant_id > :after_id
    ORDER BY tenant_id LIMIT :limit
"""
# A second worker skips the rows that the first has locked, and takes others.
MARK_OWN_EXPIRY = """
    WITH expired AS MATERIALIZED (
        SELECT coupon_id FROM coupon WHERE tenant_id = :tenant_id
        AND expires_at < :now AND swept_at IS NULL
        ORDER BY expires_at LIMIT :limit {skipping}
    )
    UPDATE coupon SET swept_at = :now
    WHERE tenant_id = :tenant_id AND coupon_id IN (SELECT coupon_id FROM expired)
    RETURNING coupon_id
"""
SELECT_EXPIRED_DEFINITION = """
    SELECT d.definition_id, d.expires_at FROM definition d
    LEFT JOIN definition_sweep s
    ON s.tenant_id = :tenant_id AND s.definition_id = d.definition_id
    WHERE d.tenant_id = :tenant_id AND d.expires_at < :now AND EXISTS (
        SELECT 1 FROM coupon c WHERE c.tenant_id = :tenant_id
        AND c.definition_id = d.definition_id AND c.coupon_id < :settled_id
        AND (s.after_id IS NULL OR s.expires_at <> d.expires_at
            OR c.coupon_id > {after}))
    ORDER BY d.definition_id LIMIT 1
"""
START_DEFINITION_SWEEP = """
    INSERT INTO definition_sweep (tenant_id, definition_id, expires_at, after_id)
    VALUES (:tenant_id, :definition_id, :expires_at, :first_id)
    ON CONFLICT (tenant_id, definition_id) DO UPDATE
    SET expires_at = excluded.expires_at, after_id = excluded.after_id
    WHERE definition_sweep.expires_at <> excluded.expires_at
"""
SELECT_SWEEP_POSITION = """
    SELECT after_id FROM definition_sweep
    WHERE tenant_id = :tenant_id AND definition_id = :definition_id {skipping}
"""
SELECT_NEXT_COUPONS = """
    SELECT coupon_id FROM coupon
    WHERE tenant_id = :tenant_id AND definition_id = :definition_id
    AND coupon_id > :after_id AND coupon_id < :settled_id
    ORDER BY coupon_id LIMIT :limit
"""
# A coupon that was swept at an earlier expiry of its definition is announced again.
MARK_DEFINITION_EXPIRY = """
    UPDATE coupon SET swept_at = :now
    WHERE tenant_id = :tenant_id AND definition_id = :definition_id
    AND coupon_id > :after_id AND coupon_id <= :last_id
    AND expires_at IS NULL AND (swept_at IS NULL OR swept_at <= :expires_at)
    RETURNING coupon_id
"""
SELECT_SWEPT_AT = """
    SELECT swept_at FROM coupon
    WHERE tenant_id = :tenant_id AND coupon_id = :coupon_id
"""
SELECT_SWEPT_WHILE_REVOKED = """
    SELECT c.coupon_id FROM coupon c JOIN coupon_event e
    ON e.tenant_id = :tenant_id AND e.coupon_id = c.coupon_id
    AND e.event_id = :event_id
    WHERE c.tenant_id = :tenant_id AND c.coupon_id {among}
    AND c.swept_at >= e.revoked_at
"""
MARK_EXPIRED_FOLLOWERS = """
    UPDATE coupon AS c SET swept_at = :now
    WHERE c.tenant_id = :tenant_id AND c.coupon_id {among} AND (
        SELECT d.expires_at FROM definition d WHERE d.tenant_id = :tenant_id
        AND d.definition_id = c.definition_id) < :now
    RETURNING coupon_id
"""
ADVANCE_SWEEP = """
    UPDATE definition_sweep SET after_id = :last_id
    WHERE tenant_id = :tenant_id AND definition_id = :definition_id
"""


def list_tenants(after_id: str, limit: int) -> list[str]:
    """Return up to `limit` tenants after an id, ordered by id."""
    rows = execute(
        SELECT_ID_OF_ALL_TENANTS, {"after_id": after_id, "limit": limit}
    ).fetchall()
    return [tenant_id for (tenant_id,) in rows]


def mark_own_expiry(tenant_id: str, limit: int, now: datetime) -> list[str]:
    """Mark coupons whose own expiry has passed, and return their ids."""
    parameters = {
        "tenant_id": tenant_id,
        "now": format_timestamp_milliseconds(now),
        "limit": limit,
    }
    rows = execute(
        MARK_OWN_EXPIRY.format(skipping=skip_locked_clause()), parameters
    ).fetchall()
    return [coupon_id for (coupon_id,) in rows]


def find_expired_definition(
    tenant_id: str, before_id: str, now: datetime
) -> tuple[str, Any] | None:
    """Return an expired definition with coupons to sweep, and its expiry, or None."""
    after = "CAST(s.after_id AS uuid)" if is_postgresql() else "s.after_id"
    parameters = {
        "tenant_id": tenant_id,
        "settled_id": before_id,
        "now": format_timestamp_milliseconds(now),
    }
    row = execute(SELECT_EXPIRED_DEFINITION.format(after=after), parameters).fetchone()
    return (row[0], row[1]) if row else None


def mark_definition_expiry(
    tenant_id: str,
    definition: tuple[str, Any],
    before_id: str,
    limit: int,
    now: datetime,
) -> tuple[list[str], int]:
    """Mark coupons that expired with their definition.

    Returns their ids, and the number of coupons examined: 0 if another worker sweeps
    the definition.
    """
    definition_id, expires_at = definition
    parameters = {
        "tenant_id": tenant_id,
        "definition_id": definition_id,
        "expires_at": expires_at,
        "first_id": MIN_ID,
        "settled_id": before_id,
        "now": format_timestamp_milliseconds(now),
        "limit": limit,
    }
    execute(START_DEFINITION_SWEEP, parameters)
    row = execute(
        SELECT_SWEEP_POSITION.format(skipping=skip_locked_clause()), parameters
    ).fetchone()
    if row is None:
        return [], 0
    return _mark_next_chunk(parameters | {"after_id": row[0]})


def _mark_next_chunk(parameters: dict[str, Any]) -> tuple[list[str], int]:
    next_rows = execute(SELECT_NEXT_COUPONS, parameters).fetchall()
    if not next_rows:
        return [], 0
    chunk_parameters = parameters | {"last_id": next_rows[-1][0]}
    marked_rows = execute(MARK_DEFINITION_EXPIRY, chunk_parameters).fetchall()
    execute(ADVANCE_SWEEP, chunk_parameters)
    return [coupon_id for (coupon_id,) in marked_rows], len(next_rows)


def list_issued_coupons(
    tenant_id: str, coupon_ids: Iterable[str]
) -> Sequence[IssuedCoupon]:
    """Return coupons with their definitions, by id."""
    rows = execute_for_values(
        f"{SELECT_ISSUED_COUPONS} WHERE c.tenant_id = :tenant_id"
        " AND c.coupon_id {among} ORDER BY c.coupon_id",
        "uuid",
        values=list(coupon_ids),
        parameters={"tenant_id": tenant_id},
    ).fetchall()
    return [to_issued_coupon(row) for row in rows]


def find_swept_while_revoked(
    tenant_id: str, coupon_ids: Sequence[str], event_id: str
) -> list[str]:
    """Return which of the restored coupons were swept while they were revoked."""
    rows = execute_for_values(
        SELECT_SWEPT_WHILE_REVOKED,
        "uuid",
        values=coupon_ids,
        parameters={"tenant_id": tenant_id, "event_id": event_id},
    ).fetchall()
    return [coupon_id for (coupon_id,) in rows]


def mark_expired_followers(
    tenant_id: str, coupon_ids: Sequence[str], now: datetime
) -> list[str]:
    """Mark those of the coupons whose definition has expired; return their ids."""
    rows = execute_for_values(
        MARK_EXPIRED_FOLLOWERS,
        "uuid",
        values=coupon_ids,
        parameters={"tenant_id": tenant_id, "now": format_timestamp_milliseconds(now)},
    ).fetchall()
    return [coupon_id for (coupon_id,) in rows]


def get_swept_at(coupon: Coupon) -> datetime | None:
    """Return when the expiry of a coupon was marked, or None."""
    key = {"tenant_id": coupon.tenant_id, "coupon_id": coupon.coupon_id}
    (swept_at,) = execute(SELECT_SWEPT_AT, key).fetchone()
    return to_datetime(swept_at) if swept_at else None
