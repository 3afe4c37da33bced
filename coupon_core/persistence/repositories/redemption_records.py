"""Redemptions as administrators list and reverse them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from coupon_core.domain.codes import to_lookup_key
from coupon_core.domain.models import Dialect, RedemptionRecord
from coupon_core.domain.models.filters import RedemptionFilter
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import execute, is_postgresql
from coupon_core.persistence.id_generation import get_min_integer_id_at
from coupon_core.persistence.repositories.campaigns import (
    SELECT_DEFINITIONS_OF_CAMPAIGN,
)
from coupon_core.persistence.tables import parse_json, to_datetime

FROM_REDEMPTIONS = """FROM redemption r
    JOIN coupon c ON"""
# SQLite does not reorder the tables of a CROSS JOIN.
FROM_COUPONS_FIRST = """FROM coupon c
    CROSS JOIN redemption r ON"""
SELECT_RECORDS = f"""
    SELECT r.redemption_id, r.coupon_id, r.definition_id, c.code, r.user_id, r.dialect,
        r.reference, r.metadata, r.redeemed_at,
        COALESCE(r.reversed_at, r.refunded_at), r.reversal_reason, r.use_number
    {FROM_REDEMPTIONS} c.tenant_id = :tenant_id AND c.coupon_id = r.coupon_id
    WHERE r.tenant_id = :tenant_id
"""
MARK_REVERSED = """
    UPDATE redemption SET reversed_at = :now, reversal_reason = :reason
    WHERE tenant_id = :tenant_id AND coupon_id = :coupon_id
    AND use_number = :use_number
"""
# User, code and definition are conditions on the coupon, which has indexes for them; a
# redemption has one index less to maintain for each.
CONDITIONS = {
    "redemption_id": "r.redemption_id = :redemption_id",
    "user_id": "c.user_id = :user_id AND c.user_id <> ''",  # as in its index
    "code": """c.code_key = :code_key AND (c.code = :code OR NOT EXISTS (
        SELECT 1 FROM definition d WHERE d.tenant_id = :tenant_id
        AND d.definition_id = c.definition_id AND d.case_sensitive))""",
    "definition_id": "c.definition_id = :definition_id",
    "campaign_id": f"c.definition_id IN ({SELECT_DEFINITIONS_OF_CAMPAIGN})",
    "reference": "r.reference = :reference",
    "dialect": "r.dialect = :dialect",
    "redeemed_from": "r.redemption_id >= :redeemed_from",
    "redeemed_before": "r.redemption_id < :redeemed_before",
    "before_id": "r.redemption_id < :before_id",
}


def list_records(
    tenant_id: str, filters: RedemptionFilter, limit: int
) -> list[RedemptionRecord]:
    """Return up to `limit` matching redemptions, newest first."""
    given = {
        name: getattr(filters, name)
        for name in CONDITIONS
        if getattr(filters, name) is not None
    }
    conditions = "".join(f" AND {CONDITIONS[name]}" for name in given)
    parameters = {
        **{name: _to_parameter(value) for name, value in given.items()},
        "code_key": to_lookup_key(filters.code or ""),
        "tenant_id": tenant_id,
        "limit": limit,
    }
    select = SELECT_RECORDS
    if (filters.user_id or filters.code) and not is_postgresql():
        # Without statistics, SQLite would look for the few uses of a user or a code
        # among all uses, because those are in order.
        select = select.replace(FROM_REDEMPTIONS, FROM_COUPONS_FIRST)
    sql = f"{select}{conditions} ORDER BY r.redemption_id DESC LIMIT :limit"
    return [_to_record(row) for row in execute(sql, parameters).fetchall()]


def _to_parameter(value: Any) -> Any:
    # The ID of a redemption contains its time.
    return get_min_integer_id_at(value) if isinstance(value, datetime) else value


def _to_record(row: Sequence[Any]) -> RedemptionRecord:
    (
        redemption_id,
        coupon_id,
        definition_id,
        code,
        user_id,
        dialect,
        reference,
        metadata,
        redeemed_at,
        reversed_at,
        reversal_reason,
        use_number,
    ) = row
    return RedemptionRecord(
        redemption_id=redemption_id,
        coupon_id=coupon_id,
        definition_id=definition_id,
        code=code,
        user_id=user_id,
        dialect=Dialect(dialect),
        reference=reference,
        metadata=parse_json(metadata or "{}"),
        redeemed_at=to_datetime(redeemed_at),
        reversed_at=reversed_at and to_datetime(reversed_at),
        reversal_reason=reversal_reason,
        use_number=use_number,
    )


def mark_reversed(
    record: RedemptionRecord, tenant_id: str, reason: str, now: datetime
) -> None:
    """Record that a use was given back by a reversal, and why."""
    parameters = {
        "tenant_id": tenant_id,
        "coupon_id": record.coupon_id,
        "use_number": record.use_number,
        "reason": reason or None,
        "now": format_timestamp_milliseconds(now),
    }
    execute(MARK_REVERSED, parameters)
