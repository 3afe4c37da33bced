"""How many coupons a definition has, how they stand, and how they were used."""

from datetime import datetime

from coupon_core.domain.models import CouponStatus, CouponUses, DefinitionStats
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.persistence.database import execute
from coupon_core.persistence.repositories.coupons import (
    COUNTED,
    STATUS,
    parameters_of,
    where,
)
from coupon_core.persistence.tables import Coupon as Table


def stats(tenant_id: str, definition_id: str, now: datetime) -> DefinitionStats:
    """How the coupons of a definition stand now."""
    which = CouponFilter(definition_id=definition_id)
    sql = f"""SELECT {STATUS} AS status, count(*), sum(c.redemption_count)
        {COUNTED} {where(which)} GROUP BY 1"""
    rows = execute(sql, parameters_of(tenant_id, which, now)).fetchall()
    found = {CouponStatus(status): count for status, count, _ in rows}
    counts = {status: found.get(status, 0) for status in CouponStatus}
    return DefinitionStats(counts, int(sum(uses for _, _, uses in rows)))


# By user first, so that unassigned coupons make one group of their own.
USES = """
    SELECT COALESCE(sum(coupons), 0),
    COALESCE(sum(CASE WHEN user_id <> '' THEN kept ELSE 0 END), 0),
    COALESCE(sum(uses), 0), COALESCE(max(most), 0), COALESCE(max(uses), 0)
    FROM (SELECT user_id, count(*) AS coupons, count(*) - count(returned_at) AS kept,
        sum(redemption_count) AS uses, max(redemption_count) AS most
        FROM coupon WHERE tenant_id = :tenant_id AND definition_id = :definition_id
        GROUP BY user_id) AS by_user
"""


def uses(tenant_id: str, definition_id: str) -> CouponUses:
    """How the coupons of a definition were used so far."""
    parameters = {"tenant_id": tenant_id, "definition_id": definition_id}
    return CouponUses(*map(int, execute(USES, parameters).fetchone()))


def up_to(tenant_id: str, definition_id: str, most: int) -> int:
    """How many coupons a definition has, counted no further than `most`."""
    of_definition = Table.definition_id == definition_id
    query = Table.select(Table.coupon_id).where(
        Table.tenant_id == tenant_id, of_definition
    )
    return int(query.limit(most).count())
