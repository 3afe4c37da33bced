"""Counts of the coupons of a definition, by status and use."""

from datetime import datetime

from coupon_core.domain.models import CouponStatus, CouponUsage, DefinitionStats
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.persistence.database import execute
from coupon_core.persistence.report_database import fetch_report_rows
from coupon_core.persistence.repositories.coupon_filters import (
    FROM_COUPONS,
    STATUS_EXPRESSION,
    build_where_clause,
    to_filter_parameters,
)
from coupon_core.persistence.tables import CouponTable


def get_stats(tenant_id: str, definition_id: str, now: datetime) -> DefinitionStats:
    """Return the number of coupons of a definition by status, at a time."""
    filters = CouponFilter(definition_id=definition_id)
    sql = f"""SELECT {STATUS_EXPRESSION} AS status, count(*), sum(c.redemption_count)
        {FROM_COUPONS} {build_where_clause(filters)} GROUP BY 1"""
    rows = fetch_report_rows(sql, to_filter_parameters(tenant_id, filters, now=now))
    counts_found = {CouponStatus(status): count for status, count, _ in rows}
    counts = {status: counts_found.get(status, 0) for status in CouponStatus}
    return DefinitionStats(counts, int(sum(uses for _, _, uses in rows)))


# Grouped by user first, so that unassigned coupons form one group. A use that is
# reserved counts for its user, also if the coupon is unassigned.
SELECT_USAGE = """
    SELECT COALESCE(sum(coupons), 0),
    COALESCE(sum(CASE WHEN user_id <> '' THEN kept ELSE 0 END), 0),
    COALESCE(sum(uses), 0), COALESCE(max(most), 0), COALESCE(max(uses), 0)
    FROM (SELECT user_id, sum(coupons) AS coupons, sum(kept) AS kept,
        sum(uses) AS uses, max(most) AS most FROM (
            SELECT user_id, 1 AS coupons, redemption_count AS uses,
            CASE WHEN returned_at IS NULL THEN 1 ELSE 0 END AS kept,
            redemption_count + reserved_count AS most FROM coupon
            WHERE tenant_id = :tenant_id AND definition_id = :definition_id
            UNION ALL SELECT user_id, 0, 1, 0, 0 FROM reservation
            WHERE tenant_id = :tenant_id AND definition_id = :definition_id
            AND state = 'held') AS by_coupon
        GROUP BY user_id) AS by_user
"""


def get_usage(tenant_id: str, definition_id: str) -> CouponUsage:
    """Return how the coupons of a definition have been used so far."""
    parameters = {"tenant_id": tenant_id, "definition_id": definition_id}
    return CouponUsage(*map(int, execute(SELECT_USAGE, parameters).fetchone()))


def count_up_to(tenant_id: str, definition_id: str, limit: int) -> int:
    """Count the coupons of a definition, but no further than `limit`."""
    query = CouponTable.select(CouponTable.coupon_id).where(
        CouponTable.tenant_id == tenant_id, CouponTable.definition_id == definition_id
    )
    return int(query.limit(limit).count())
