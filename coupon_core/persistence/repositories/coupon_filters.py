"""SQL conditions for filtering coupons, and the status of a coupon as SQL."""

from datetime import UTC, datetime, timedelta
from typing import Any

from coupon_core.domain.models.filters import CouponFilter
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.id_generation import get_min_id_at
from coupon_core.persistence.repositories.code_scopes import (
    CODE_CONDITION,
    to_code_parameters,
)
from coupon_core.persistence.row_mapping import REVOKED_AT_EXPRESSION

# The same rule as `get_coupon_status` in domain/rules/redemption.py, for filters and
# counts over many rows.
STATUS_EXPRESSION = f"""
    CASE WHEN {REVOKED_AT_EXPRESSION} IS NOT NULL OR c.returned_at IS NOT NULL
    THEN 'revoked'
    WHEN d.per_code_limit > 0 AND c.redemption_count >= d.per_code_limit
    THEN 'redeemed'
    WHEN COALESCE(c.expires_at, d.expires_at) < :now THEN 'expired'
    ELSE 'active' END
"""
FROM_COUPONS = """
    FROM coupon c
    JOIN definition d ON d.tenant_id = :tenant_id AND d.definition_id = c.definition_id
"""

FILTER_CONDITIONS = {
    "definition_id": "c.definition_id = :definition_id",
    # Repeats the condition of the partial index, so that the index is used.
    "user_id": "c.user_id = :user_id AND c.user_id <> ''",
    "coupon_id": "c.coupon_id = :coupon_id",
    "code": CODE_CONDITION,
    "status": f"{STATUS_EXPRESSION} = :status",
    "redeemed": "c.redemption_count > 0",
    "kept": "c.returned_at IS NULL",
    "batch_id": "c.batch_id = :batch_id",
    # Ids are ordered by time and indexed; the times are not indexed. An id and its
    # time may differ because of a long import or different clocks.
    "generated_from": "c.generated_at >= :generated_from AND c.coupon_id >= :from_id",
    "generated_before": "c.generated_at < :generated_before "
    "AND c.coupon_id < :before_id",
}
ID_TOLERANCE = timedelta(days=1)
MIN_TIMESTAMP = datetime(1970, 1, 2, tzinfo=UTC)
MAX_TIMESTAMP = datetime(9999, 12, 30, tzinfo=UTC)


def build_where_clause(filters: CouponFilter) -> str:
    """Return the WHERE clause of the filters, over the aliases `c` and `d`."""
    # The user id "" selects unassigned coupons, so it is not left out.
    conditions = [
        sql
        for name, sql in FILTER_CONDITIONS.items()
        if getattr(filters, name) not in (None, False)
    ]
    return "WHERE " + " AND ".join(["c.tenant_id = :tenant_id", *conditions])


def to_filter_parameters(
    tenant_id: str, filters: CouponFilter, now: datetime
) -> dict[str, Any]:
    """Return the parameters for `build_where_clause`."""
    since, before = filters.generated_from, filters.generated_before
    return {
        **to_code_parameters(tenant_id, filters.code or "", filters.user_id or ""),
        "definition_id": filters.definition_id,
        "user_id": filters.user_id,
        "coupon_id": filters.coupon_id,
        "status": filters.status,
        "now": format_timestamp_milliseconds(now),
        "batch_id": filters.batch_id,
        "generated_from": format_timestamp_milliseconds(since),
        "generated_before": format_timestamp_milliseconds(before),
        "from_id": _get_min_id(since, -ID_TOLERANCE),
        "before_id": _get_min_id(before, ID_TOLERANCE),
    }


def _get_min_id(timestamp: datetime | None, tolerance: timedelta) -> str | None:
    """Return the smallest id of a time, clamped to the range that ids can represent."""
    if timestamp is None:
        return None
    clamped = min(max(timestamp, MIN_TIMESTAMP), MAX_TIMESTAMP)
    return get_min_id_at(clamped + tolerance)
