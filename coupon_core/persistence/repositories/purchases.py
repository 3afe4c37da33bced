"""Purchases and their refunds: each refund happens once or not at all."""

from dataclasses import asdict
from datetime import datetime

from coupon_core.domain.models import Coupon, Definition
from coupon_core.domain.models.purchases import Purchase, ReturnedUse
from coupon_core.domain.rules.redemption import (
    total_limit_counts_awards,
)
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import execute
from coupon_core.persistence.repositories import user_usage
from coupon_core.persistence.tables import PurchaseTable

MARK_REFUNDED = """
    UPDATE purchase SET refunded_at = :now
    WHERE tenant_id = :tenant_id AND coupon_id = :coupon_id AND refunded_at IS NULL
"""
# Matches only the coupon that the decision was made on: a redemption in between
# changes the counts.
RETURN_COUPON = """
    UPDATE coupon SET returned_at = :now, redeemed_at = NULL,
        refund_count = refund_count + redemption_count, redemption_count = 0
    WHERE tenant_id = :tenant_id AND coupon_id = :coupon_id
    AND redemption_count = :seen_count AND refund_count = :seen_refunds
    AND returned_at IS NULL
"""
MAX_USE_NUMBER = 2_147_483_647
UNDO_REDEMPTIONS = """
    UPDATE redemption SET refunded_at = :now
    WHERE tenant_id = :tenant_id AND coupon_id = :coupon_id AND refunded_at IS NULL
    AND use_number BETWEEN :first AND :last
    RETURNING use_number, dialect, period_key, usage_slot
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
LOWER_AWARD_COUNT = """
    UPDATE definition SET used_count = used_count - 1
    WHERE tenant_id = :tenant_id AND definition_id = :definition_id
"""


def insert(purchase: Purchase) -> None:
    """Insert a purchase."""
    PurchaseTable.insert(asdict(purchase)).execute()


def get(tenant_id: str, coupon_id: str) -> Purchase | None:
    """Return the purchase of a coupon, or None."""
    key_condition = PurchaseTable.match_key(tenant_id, coupon_id)
    row = PurchaseTable.select().where(key_condition).tuples().first()
    return Purchase(*row) if row else None


def mark_refunded(purchase: Purchase, now: datetime) -> bool:
    """Mark a purchase as refunded; return False if it was refunded before."""
    parameters = {
        "tenant_id": purchase.tenant_id,
        "coupon_id": purchase.coupon_id,
        "now": format_timestamp_milliseconds(now),
    }
    return bool(execute(MARK_REFUNDED, parameters).rowcount == 1)


def return_coupon(
    coupon: Coupon, definition: Definition, now: datetime
) -> list[ReturnedUse]:
    """Take a coupon back from its user, with all its uses; return them.

    Returns an empty list if the coupon has changed since it was read, or had no uses.
    The caller must hold the locks of the definition and of the coupon. A copy of the
    code becomes available again.
    """
    if not _update_if_unchanged(RETURN_COUPON, coupon, now=now):
        return []
    uses = _undo_redemptions(coupon, definition, 0, last=MAX_USE_NUMBER, now=now)
    if total_limit_counts_awards(definition):
        execute(
            LOWER_AWARD_COUNT,
            {"tenant_id": coupon.tenant_id, "definition_id": coupon.definition_id},
        )
    return uses


def undo_redemption(
    coupon: Coupon, definition: Definition, now: datetime, use_number: int | None = None
) -> list[ReturnedUse]:
    """Undo a redemption of a coupon, or the last one; return its use in a list.

    Returns an empty list if the coupon has changed since it was read.
    """
    if use_number is None:
        key = {"tenant_id": coupon.tenant_id, "coupon_id": coupon.coupon_id}
        (use_number,) = execute(SELECT_LAST_USE_NUMBER, key).fetchone()
    uses = _undo_redemptions(coupon, definition, use_number, last=use_number, now=now)
    if not _update_if_unchanged(UNDO_ONE_REDEMPTION, coupon, now=now):
        return []
    return uses


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
    coupon: Coupon,
    definition: Definition,
    first: int | None,
    last: int | None,
    now: datetime,
) -> list[ReturnedUse]:
    """Mark redemptions as refunded and give the uses back; return them in order."""
    parameters = {
        "tenant_id": coupon.tenant_id,
        "coupon_id": coupon.coupon_id,
        "first": first,
        "last": last,
        "now": format_timestamp_milliseconds(now),
    }
    rows = sorted(execute(UNDO_REDEMPTIONS, parameters).fetchall())
    uses = [(coupon.user_id, period_key, slot) for *_, period_key, slot in rows]
    user_usage.lower_usage(definition, uses)
    return [ReturnedUse(use_number, dialect) for use_number, dialect, *_ in rows]
