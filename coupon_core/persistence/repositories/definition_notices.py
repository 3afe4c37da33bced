"""What was announced about definitions, and whether their unassigned codes run out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coupon_core.domain.models import Definition
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import execute
from coupon_core.persistence.row_mapping import (
    IS_CAMPAIGN_ENDED_EXPRESSION,
    USED_COUNT_EXPRESSION,
)

AVAILABLE_CODES = """FROM coupon c WHERE c.tenant_id = :tenant_id
    AND c.definition_id = {definition_id} AND c.user_id = '' AND c.revoked_at IS NULL"""
# Two probes of the index `coupon_available`, however many codes have expired.
COUNT_AVAILABLE = f"""
    SELECT count(*) FROM (
        SELECT 1 FROM (
            SELECT 1 {AVAILABLE_CODES.format(definition_id=":definition_id")}
            AND c.expires_at IS NULL LIMIT :limit) AS lasting
        UNION ALL SELECT 1 FROM (
            SELECT 1 {AVAILABLE_CODES.format(definition_id=":definition_id")}
            AND c.expires_at >= :now LIMIT :limit) AS limited) AS available
"""
_HAS_CODES = f"""(
    EXISTS (SELECT 1 {AVAILABLE_CODES.format(definition_id="d.definition_id")}
        AND c.expires_at IS NULL)
    OR EXISTS (SELECT 1 {AVAILABLE_CODES.format(definition_id="d.definition_id")}
        AND c.expires_at >= :now)
    OR EXISTS (SELECT 1 FROM batch b WHERE b.tenant_id = :tenant_id
        AND b.definition_id = d.definition_id AND b.kind <> 'users'
        AND b.state IN ('pending', 'running')))"""
_TOTAL_REACHED = f"(d.total_limit > 0 AND {USED_COUNT_EXPRESSION} >= d.total_limit)"
_EXHAUSTION_EXPRESSION = f"""CASE
    WHEN {_TOTAL_REACHED} THEN 'total_limit'
    WHEN n.has_stock AND NOT {_HAS_CODES} THEN 'unassigned_codes' END"""
_FROM_USABLE_DEFINITIONS = f"""
    FROM definition d LEFT JOIN definition_notice n
    ON n.tenant_id = :tenant_id AND n.definition_id = d.definition_id
    WHERE d.tenant_id = :tenant_id AND d.status <> 'archived'
    AND NOT {IS_CAMPAIGN_ENDED_EXPRESSION}
    AND (d.expires_at IS NULL OR d.expires_at >= :now)"""
SELECT_CHANGED_EXHAUSTIONS = f"""
    SELECT definition_id, exhaustion FROM (
        SELECT d.definition_id, n.exhausted_at, {_EXHAUSTION_EXPRESSION} AS exhaustion
        {_FROM_USABLE_DEFINITIONS} {{condition}}) AS usable
    WHERE (exhaustion IS NULL) <> (exhausted_at IS NULL) ORDER BY definition_id
"""
SELECT_EXPIRING = f"""
    SELECT d.definition_id, 'expiring' {_FROM_USABLE_DEFINITIONS} {{condition}}
    AND d.expires_at <= :until
    AND (n.announced_expiry IS NULL OR n.announced_expiry <> d.expires_at)
    ORDER BY d.definition_id
"""
ONE_DEFINITION = "AND d.definition_id = :definition_id"
SET_COLUMN = """
    INSERT INTO definition_notice (tenant_id, definition_id, {column})
    VALUES (:tenant_id, :definition_id, :value)
    ON CONFLICT (tenant_id, definition_id) DO UPDATE SET {column} = excluded.{column}
"""
# A conflict takes no lock, so that chunks of one definition do not wait for each other.
INSERT_STOCKED = """
    INSERT INTO definition_notice (tenant_id, definition_id, has_stock)
    VALUES (:tenant_id, :definition_id, true)
    ON CONFLICT (tenant_id, definition_id) DO NOTHING
"""
SET_STOCKED = """
    UPDATE definition_notice SET has_stock = true
    WHERE tenant_id = :tenant_id AND definition_id = :definition_id AND NOT has_stock
"""
# After a batch that failed or was cancelled, a change of the definition tries again.
SELECT_REFILLABLE = f"""
    SELECT d.definition_id, d.refill_below,
        (b.state IS NULL OR b.state = 'completed' OR d.updated_at > b.finished_at)
    FROM definition d
    LEFT JOIN definition_notice n
    ON n.tenant_id = :tenant_id AND n.definition_id = d.definition_id
    LEFT JOIN batch b ON b.tenant_id = :tenant_id AND b.batch_id = n.refill_batch_id
    WHERE d.tenant_id = :tenant_id AND d.refill_count > 0 {{condition}}
    AND d.status = 'active' AND d.suspended_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM campaign a WHERE a.tenant_id = :tenant_id
        AND a.campaign_id = d.campaign_id
        AND (a.suspended_at IS NOT NULL OR a.status IN ('COMPLETED', 'CANCELLED')))
    AND (d.expires_at IS NULL OR d.expires_at >= :now)
    AND NOT {_TOTAL_REACHED}
    AND NOT EXISTS (SELECT 1 FROM batch u WHERE u.tenant_id = :tenant_id
        AND u.definition_id = d.definition_id AND u.kind <> 'users'
        AND u.state IN ('pending', 'running'))
    ORDER BY d.definition_id
"""


@dataclass(frozen=True, slots=True)
class Refillable:
    """A definition that may be refilled now.

    `is_due` is False after a refill that did not complete, until there are enough codes
    again or the definition is changed.
    """

    definition_id: str
    below: int
    is_due: bool


def find_changed_exhaustions(
    tenant_id: str, now: datetime, definition_id: str | None = None
) -> list[tuple[str, str | None]]:
    """Return the definitions that ran out, with the cause, or no longer are: None.

    Those that have expired or are archived are left out. With `definition_id` only this
    one is examined.
    """
    rows = _select(SELECT_CHANGED_EXHAUSTIONS, tenant_id, now, definition_id)
    return [(found_id, cause) for found_id, cause in rows]


def find_expiring(
    tenant_id: str, now: datetime, until: datetime, definition_id: str | None = None
) -> list[str]:
    """Return the definitions that expire up to `until`, and are not announced."""
    formatted = format_timestamp_milliseconds(until)
    rows = _select(SELECT_EXPIRING, tenant_id, now, definition_id, until=formatted)
    return [found_id for found_id, _ in rows]


def find_refillable(
    tenant_id: str, now: datetime, definition_id: str | None = None
) -> list[Refillable]:
    """Return the definitions that may be refilled: in use, and not about to get codes.

    With `definition_id` only this one is examined.
    """
    rows = _select(SELECT_REFILLABLE, tenant_id, now, definition_id)
    return [
        Refillable(found_id, below, is_due=bool(is_due))
        for found_id, below, is_due in rows
    ]


def _select(
    sql: str, tenant_id: str, now: datetime, definition_id: str | None, **more: Any
) -> list[Any]:
    condition = ONE_DEFINITION if definition_id else ""
    parameters = {
        "tenant_id": tenant_id,
        "definition_id": definition_id,
        "now": format_timestamp_milliseconds(now),
        **more,
    }
    return list(execute(sql.format(condition=condition), parameters).fetchall())


def count_available(
    tenant_id: str, definition_id: str, limit: int, now: datetime
) -> int:
    """Count the unassigned codes that can be redeemed, but no further than `limit`."""
    parameters = {
        "tenant_id": tenant_id,
        "definition_id": definition_id,
        "limit": limit,
        "now": format_timestamp_milliseconds(now),
    }
    return min(limit, int(execute(COUNT_AVAILABLE, parameters).fetchone()[0]))


def set_exhausted_at(definition: Definition, value: datetime | None) -> None:
    """Store that the exhaustion of a definition was announced, or that it is over."""
    _set("exhausted_at", definition, format_timestamp_milliseconds(value))


def set_announced_expiry(definition: Definition) -> None:
    """Store that the present expiry of a definition was announced."""
    expires_at = format_timestamp_milliseconds(definition.expires_at)
    _set("announced_expiry", definition, expires_at)


def set_refill_batch(definition: Definition, batch_id: str | None) -> None:
    """Store the latest batch that refills a definition; None makes the next one due."""
    _set("refill_batch_id", definition, batch_id)


def _set(column: str, definition: Definition, value: str | None) -> None:
    """Set a column. The caller holds the lock of the definition."""
    key = {
        "tenant_id": definition.tenant_id,
        "definition_id": definition.definition_id,
    }
    execute(SET_COLUMN.format(column=column), {**key, "value": value})


def mark_stocked(tenant_id: str, definition_ids: Iterable[str]) -> None:
    """Record that definitions get unassigned codes, which can run out."""
    for definition_id in definition_ids:
        key = {"tenant_id": tenant_id, "definition_id": definition_id}
        if not execute(INSERT_STOCKED, key).rowcount:
            execute(SET_STOCKED, key)
