"""The stock of a tenant's codes: pages of any size of stock, exports, single codes."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from coupon_core.model import Redemption
from coupon_core.model.inventory import CouponEvent, StockedCoupon
from coupon_core.store.coupons import COUNTED, STATUS, CouponFilter
from coupon_core.store.coupons import parameters_of as filter_parameters
from coupon_core.store.coupons import where as chosen_by
from coupon_core.store.database import execute
from coupon_core.store.rows import ISSUED, issued_of
from coupon_core.tables import CouponEvent as EventTable
from coupon_core.tables import Redemption as RedemptionTable
from coupon_core.tables import as_stored_time

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


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins, and its length: what is older than a coupon."""

    limit: int
    after_id: str | None = None


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
    floor = _floor(tenant_id, which, place, now) if which.status else None
    sql = f"""{select} {_where(which, place)}
        {"AND c.coupon_id >= :floor" if floor else ""}
        ORDER BY c.coupon_id DESC LIMIT :limit"""
    parameters = filter_parameters(tenant_id, which, now)
    slice_ = {"after_id": place.after_id, "floor": floor, "limit": place.limit + 1}
    rows = execute(sql, parameters | slice_).fetchall()
    if len(rows) <= place.limit:
        return rows, floor
    return rows[: place.limit], rows[place.limit - 1][0]


def _floor(
    tenant_id: str, which: CouponFilter, place: Place, now: datetime
) -> str | None:
    """The coupon that a page must not go beyond; None when it would come to the end."""
    looked_at = replace(which, status=None)
    sql = f"""SELECT c.coupon_id {COUNTED} {_where(looked_at, place)}
        ORDER BY c.coupon_id DESC LIMIT 1 OFFSET {MOST_LOOKED_AT}"""
    parameters = filter_parameters(tenant_id, looked_at, now)
    row = execute(sql, parameters | {"after_id": place.after_id}).fetchone()
    return row[0] if row else None


def _where(which: CouponFilter, place: Place) -> str:
    older = " AND c.coupon_id < :after_id" if place.after_id else ""
    return chosen_by(which) + older


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
