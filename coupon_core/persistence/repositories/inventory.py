"""The stock of a tenant's codes: pages of any size of stock, exports, single codes."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from coupon_core.domain.models import Redemption
from coupon_core.domain.models.filters import CouponFilter, Place
from coupon_core.domain.models.inventory import CouponEvent, StockedCoupon
from coupon_core.persistence.database import execute
from coupon_core.persistence.repositories.coupons import COUNTED, STATUS
from coupon_core.persistence.repositories.coupons import (
    parameters_of as filter_parameters,
)
from coupon_core.persistence.repositories.coupons import where as chosen_by
from coupon_core.persistence.row_mapping import ISSUED, issued_of
from coupon_core.persistence.tables import CouponEvent as EventTable
from coupon_core.persistence.tables import Redemption as RedemptionTable
from coupon_core.persistence.tables import as_stored_time

# A status is in no index, for every use would have to write it there. So a page ends
# after so many coupons were looked at, found or not.
MOST_LOOKED_AT = 20_000

STOCKED = ISSUED.replace("SELECT", "SELECT c.coupon_id, c.batch_id,", 1)
EXPORTED = f"""
    SELECT c.coupon_id, c.code, {STATUS}, c.user_id, c.definition_id, d.name,
    c.batch_id, c.generated_at, COALESCE(c.expires_at, d.expires_at), c.redeemed_at,
    c.redemption_count
    {COUNTED}
"""
Row = Sequence[Any]


def page(
    tenant_id: str, which: CouponFilter, place: Place, now: datetime
) -> tuple[list[StockedCoupon], str | None]:
    """The chosen coupons, newest first, and after which one to go on; None at the end.

    There may be fewer than asked for, even none, before the end.
    """
    rows, last = _walk(STOCKED, tenant_id, which, place, now)
    return [StockedCoupon(issued_of(row[2:]), row[1]) for row in rows], last


def export(
    tenant_id: str, which: CouponFilter, place: Place, now: datetime
) -> tuple[list[Row], str | None]:
    """The same as rows of an export; the first column is the id."""
    return _walk(EXPORTED, tenant_id, which, place, now)


def _walk(
    select: str, tenant_id: str, which: CouponFilter, place: Place, now: datetime
) -> tuple[list[Row], str | None]:
    parameters = filter_parameters(tenant_id, which, now)
    parameters |= {"after_id": place.after_id, "limit": place.limit + 1}
    rows = execute(page_sql(select, which, place), parameters).fetchall()
    if len(rows) > place.limit:
        return rows[: place.limit], rows[place.limit - 1][0]
    return rows, _floor(which, place, parameters) if _is_sifted(which) else None


def page_sql(select: str, which: CouponFilter, place: Place) -> str:
    """The statement for a page, which goes along one of the indexes.

    First the coupons alone: of a join PostgreSQL may think that next to nothing comes
    of it, and so read and sort the whole stock.
    """
    most = MOST_LOOKED_AT if _is_sifted(which) else ":limit"
    coupons = f"""(SELECT * FROM coupon c {_walked(which, place)}
        ORDER BY c.coupon_id DESC LIMIT {most}) c"""
    sifted = CouponFilter(code=which.code, status=which.status)
    return f"""{select.replace("FROM coupon c", f"FROM {coupons}", 1)}
        {chosen_by(sifted)} ORDER BY c.coupon_id DESC LIMIT :limit"""


def _is_sifted(which: CouponFilter) -> bool:
    """Whether not all that an index leads to is meant."""
    return which.status is not None or which.code is not None


def _walked(which: CouponFilter, place: Place) -> str:
    """What an index can tell."""
    by_key = " AND c.code_key = :code_key" if which.code is not None else ""
    older = " AND c.coupon_id < :after_id" if place.after_id else ""
    return chosen_by(replace(which, status=None, code=None)) + by_key + older


def _floor(
    which: CouponFilter, place: Place, parameters: Mapping[str, Any]
) -> str | None:
    """The last coupon that was looked at; None when it was the last of all."""
    sql = f"""SELECT c.coupon_id FROM coupon c {_walked(which, place)}
        ORDER BY c.coupon_id DESC LIMIT 2 OFFSET {MOST_LOOKED_AT - 1}"""
    rows = execute(sql, parameters).fetchall()
    return rows[0][0] if len(rows) > 1 else None


def get(tenant_id: str, coupon_id: str) -> StockedCoupon | None:
    """One coupon."""
    sql = f"{STOCKED} WHERE c.tenant_id = :tenant_id AND c.coupon_id = :coupon_id"
    row = execute(sql, {"tenant_id": tenant_id, "coupon_id": coupon_id}).fetchone()
    return StockedCoupon(issued_of(row[2:]), row[1]) if row else None


# What must still be so was read under the coupon's lock; said again, for nothing is
# ever written on a belief alone.
ASSIGN = """
    UPDATE coupon SET user_id = :user_id,
        expires_at = COALESCE(expires_at, :expires_at)
    WHERE tenant_id = :tenant_id AND coupon_id = :coupon_id AND user_id = ''
    AND revoked_at IS NULL AND returned_at IS NULL
"""


def assign(
    tenant_id: str, coupon_id: str, user_id: str, until: datetime | None = None
) -> bool:
    """Put nobody's coupon into a user's hands; False when it is not nobody's now.

    It is good `until` then, unless it has an end of its own.
    """
    parameters = {
        "tenant_id": tenant_id,
        "coupon_id": coupon_id,
        "user_id": user_id,
        "expires_at": as_stored_time(until),
    }
    return bool(execute(ASSIGN, parameters).rowcount == 1)


def note(events: Sequence[CouponEvent]) -> None:
    """Keep what was done to coupons."""
    rows = [asdict(event) for event in events]
    for first in range(0, len(rows), 1_000):
        EventTable.insert_many(rows[first : first + 1_000]).execute()


def events(tenant_id: str, coupon_id: str) -> list[CouponEvent]:
    """What was done to a coupon, in the order of time."""
    here = (EventTable.tenant_id == tenant_id) & (EventTable.coupon_id == coupon_id)
    rows = EventTable.select().where(here).order_by(EventTable.event_id).tuples()
    return [CouponEvent(*row) for row in rows]


def uses(tenant_id: str, coupon_id: str) -> list[tuple[Redemption, datetime | None]]:
    """The uses of a coupon in their order, and when each was refunded."""
    table = RedemptionTable
    here = (table.tenant_id == tenant_id) & (table.coupon_id == coupon_id)
    rows = table.select().where(here).order_by(table.use_number).tuples()
    return [(Redemption(*row[:8]), row[8]) for row in rows]
