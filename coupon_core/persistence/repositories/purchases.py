"""What was bought, and giving it or a use back: each happens once or not at all."""

from dataclasses import asdict
from datetime import datetime

from coupon_core.domain.models import Coupon, Definition
from coupon_core.domain.models.purchases import Purchase
from coupon_core.domain.rules.redemption import counts_awards, counts_uses
from coupon_core.persistence.database import execute
from coupon_core.persistence.tables import Purchase as Table
from coupon_core.persistence.tables import as_stored_time

PAID_BACK = """
    UPDATE purchase SET refunded_at = :now
    WHERE tenant_id = :tenant_id AND coupon_id = :coupon_id AND refunded_at IS NULL
"""
# Only what the decision was made on: a use that came between has other counts.
RETURN = """
    UPDATE coupon SET returned_at = :now, redeemed_at = NULL,
        refund_count = refund_count + redemption_count, redemption_count = 0
    WHERE tenant_id = :tenant_id AND coupon_id = :coupon_id
    AND redemption_count = :seen_count AND refund_count = :seen_refunds
    AND returned_at IS NULL
"""
UNDO_USES = """
    UPDATE redemption SET refunded_at = :now
    WHERE tenant_id = :tenant_id AND coupon_id = :coupon_id AND refunded_at IS NULL
    AND use_number >= :first RETURNING use_number
"""
LAST_USE = """
    SELECT max(use_number) FROM redemption WHERE tenant_id = :tenant_id
    AND coupon_id = :coupon_id AND refunded_at IS NULL
"""
UNDO_ONE = """
    UPDATE coupon SET redemption_count = redemption_count - 1,
        refund_count = refund_count + 1,
        redeemed_at = (SELECT max(r.redeemed_at) FROM redemption r
            WHERE r.tenant_id = :tenant_id AND r.coupon_id = :coupon_id
            AND r.refunded_at IS NULL)
    WHERE tenant_id = :tenant_id AND coupon_id = :coupon_id
    AND redemption_count = :seen_count AND refund_count = :seen_refunds
    AND returned_at IS NULL
"""
UNCOUNT = """
    UPDATE definition SET used_count = used_count - :count
    WHERE tenant_id = :tenant_id AND definition_id = :definition_id
"""
UNCOUNT_OF_USER = """
    UPDATE user_usage SET used_count = used_count - :count
    WHERE tenant_id = :tenant_id AND definition_id = :definition_id
    AND user_id = :user_id
"""


def insert(purchase: Purchase) -> None:
    """Note what was paid for a coupon."""
    Table.insert(asdict(purchase)).execute()


def get(tenant_id: str, coupon_id: str) -> Purchase | None:
    """What was paid for a coupon, if it was bought."""
    here = (Table.tenant_id == tenant_id) & (Table.coupon_id == coupon_id)
    row = Table.select().where(here).tuples().first()
    return Purchase(*row) if row else None


def pay_back(purchase: Purchase, now: datetime) -> bool:
    """Note that the points were given back; False when they had been before."""
    parameters = {
        "tenant_id": purchase.tenant_id,
        "coupon_id": purchase.coupon_id,
        "now": as_stored_time(now),
    }
    return bool(execute(PAID_BACK, parameters).rowcount == 1)


def take_back(coupon: Coupon, definition: Definition, now: datetime) -> list[int]:
    """Remove a coupon from its user, with all its uses; gives their numbers.

    None when the coupon is no longer as it was seen. The caller holds definition and
    coupon; a place in the series becomes free.
    """
    if not _changed(RETURN, coupon, now):
        return []
    numbers = _undo_uses(coupon, 0, now)
    _uncount_uses(coupon, definition, len(numbers))
    if counts_awards(definition):
        _uncount(UNCOUNT, coupon, 1)
    return numbers


def undo_last_use(coupon: Coupon, definition: Definition, now: datetime) -> list[int]:
    """Give a coupon its last use back; gives the number of that use.

    None when the coupon is no longer as it was seen.
    """
    ids = {"tenant_id": coupon.tenant_id, "coupon_id": coupon.coupon_id}
    (last,) = execute(LAST_USE, ids).fetchone()
    numbers = _undo_uses(coupon, last, now)
    if not _changed(UNDO_ONE, coupon, now):
        return []
    _uncount_uses(coupon, definition, len(numbers))
    return numbers


def _changed(sql: str, coupon: Coupon, now: datetime) -> bool:
    parameters = {
        "tenant_id": coupon.tenant_id,
        "coupon_id": coupon.coupon_id,
        "seen_count": coupon.redemption_count,
        "seen_refunds": coupon.refund_count,
        "now": as_stored_time(now),
    }
    return bool(execute(sql, parameters).rowcount == 1)


def _undo_uses(coupon: Coupon, first: int, now: datetime) -> list[int]:
    parameters = {
        "tenant_id": coupon.tenant_id,
        "coupon_id": coupon.coupon_id,
        "first": first,
        "now": as_stored_time(now),
    }
    return sorted(int(row[0]) for row in execute(UNDO_USES, parameters).fetchall())


def _uncount_uses(coupon: Coupon, definition: Definition, count: int) -> None:
    if counts_uses(definition):
        _uncount(UNCOUNT, coupon, count)
    if definition.per_user_limit:
        _uncount(UNCOUNT_OF_USER, coupon, count)


def _uncount(sql: str, coupon: Coupon, count: int) -> None:
    parameters = {
        "tenant_id": coupon.tenant_id,
        "definition_id": coupon.definition_id,
        "user_id": coupon.user_id,
        "count": count,
    }
    execute(sql, parameters)
