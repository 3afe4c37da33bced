"""What was bought, and giving it or a use back: each happens once or not at all."""

from dataclasses import asdict
from datetime import datetime

from coupon_core.domain.models import Coupon, Definition
from coupon_core.domain.models.purchases import Purchase
from coupon_core.domain.rules.redemption import (
    total_limit_counts_awards,
    total_limit_counts_redemptions,
)
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import execute
from coupon_core.persistence.tables import PurchaseTable

MARK_REFUNDED = """
    UPDATE purchase SET refunded_at = :now
    WHERE tenant_id = :tenant_id AND coupon_id = :coupon_id AND refunded_at IS NULL
"""
# Only what the decision was made on: a use that came between has other counts.
RETURN_COUPON = """
    UPDATE coupon SET returned_at = :now, redeemed_at = NULL,
        refund_count = refund_count + redemption_count, redemption_count = 0
    WHERE tenant_id = :tenant_id AND coupon_id = :coupon_id
    AND redemption_count = :seen_count AND refund_count = :seen_refunds
    AND returned_at IS NULL
"""
UNDO_REDEMPTIONS = """
    UPDATE redemption SET refunded_at = :now
    WHERE tenant_id = :tenant_id AND coupon_id = :coupon_id AND refunded_at IS NULL
    AND use_number >= :first RETURNING use_number
"""
SELECT_LAST_USE_NUMBER = """
    SELECT max(use_number) FROM redemption WHERE tenant_id = :tenant_id
    AND coupon_id = :coupon_id AND refunded_at IS NULL
"""
UNDO_ONE_REDEMPTION = """
    UPDATE coupon SET redemption_count = redemption_count - 1,
        refund_count = refund_count + 1,
        redeemed_at = (SELECT max(r.redeemed_at) FROM redemption r
            WHERE r.tenant_id = :tenant_id AND r.coupon_id = :coupon_id
            AND r.refunded_at IS NULL)
    WHERE tenant_id = :tenant_id AND coupon_id = :coupon_id
    AND redemption_count = :seen_count AND refund_count = :seen_refunds
    AND returned_at IS NULL
"""
DECREMENT_TOTAL_USAGE = """
    UPDATE definition SET used_count = used_count - :count
    WHERE tenant_id = :tenant_id AND definition_id = :definition_id
"""
DECREMENT_USER_USAGE = """
    UPDATE user_usage SET used_count = used_count - :count
    WHERE tenant_id = :tenant_id AND definition_id = :definition_id
    AND user_id = :user_id
"""


def insert(purchase: Purchase) -> None:
    """Note what was paid for a coupon."""
    PurchaseTable.insert(asdict(purchase)).execute()


def get(tenant_id: str, coupon_id: str) -> Purchase | None:
    """What was paid for a coupon, if it was bought."""
    key_condition = PurchaseTable.match_key(tenant_id, coupon_id)
    row = PurchaseTable.select().where(key_condition).tuples().first()
    return Purchase(*row) if row else None


def mark_refunded(purchase: Purchase, now: datetime) -> bool:
    """Note that the points were given back; False when they had been before."""
    parameters = {
        "tenant_id": purchase.tenant_id,
        "coupon_id": purchase.coupon_id,
        "now": format_timestamp_milliseconds(now),
    }
    return bool(execute(MARK_REFUNDED, parameters).rowcount == 1)


def return_coupon(coupon: Coupon, definition: Definition, now: datetime) -> list[int]:
    """Remove a coupon from its user, with all its uses; gives their numbers.

    None when the coupon is no longer as it was seen. The caller holds definition and
    coupon; a place in the series becomes free.
    """
    if not _update_if_unchanged(RETURN_COUPON, coupon, now=now):
        return []
    numbers = _undo_redemptions(coupon, 0, now=now)
    _decrement_usage(coupon, definition, count=len(numbers))
    if total_limit_counts_awards(definition):
        _decrement_counter(DECREMENT_TOTAL_USAGE, coupon, count=1)
    return numbers


def undo_last_redemption(
    coupon: Coupon, definition: Definition, now: datetime
) -> list[int]:
    """Give a coupon its last use back; gives the number of that use.

    None when the coupon is no longer as it was seen.
    """
    key = {"tenant_id": coupon.tenant_id, "coupon_id": coupon.coupon_id}
    (last_number,) = execute(SELECT_LAST_USE_NUMBER, key).fetchone()
    numbers = _undo_redemptions(coupon, last_number, now=now)
    if not _update_if_unchanged(UNDO_ONE_REDEMPTION, coupon, now=now):
        return []
    _decrement_usage(coupon, definition, count=len(numbers))
    return numbers


def _update_if_unchanged(sql: str, coupon: Coupon, now: datetime) -> bool:
    parameters = {
        "tenant_id": coupon.tenant_id,
        "coupon_id": coupon.coupon_id,
        "seen_count": coupon.redemption_count,
        "seen_refunds": coupon.refund_count,
        "now": format_timestamp_milliseconds(now),
    }
    return bool(execute(sql, parameters).rowcount == 1)


def _undo_redemptions(
    coupon: Coupon, first_use_number: int, now: datetime
) -> list[int]:
    parameters = {
        "tenant_id": coupon.tenant_id,
        "coupon_id": coupon.coupon_id,
        "first": first_use_number,
        "now": format_timestamp_milliseconds(now),
    }
    return sorted(
        int(row[0]) for row in execute(UNDO_REDEMPTIONS, parameters).fetchall()
    )


def _decrement_usage(coupon: Coupon, definition: Definition, count: int) -> None:
    if total_limit_counts_redemptions(definition):
        _decrement_counter(DECREMENT_TOTAL_USAGE, coupon, count=count)
    if definition.per_user_limit:
        _decrement_counter(DECREMENT_USER_USAGE, coupon, count=count)


def _decrement_counter(sql: str, coupon: Coupon, count: int) -> None:
    parameters = {
        "tenant_id": coupon.tenant_id,
        "definition_id": coupon.definition_id,
        "user_id": coupon.user_id,
        "count": count,
    }
    execute(sql, parameters)
