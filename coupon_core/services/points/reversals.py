"""Give uses of coupons back: a user's refund, or the reversal of one redemption.

Both lower exactly what the redemption raised, and announce each use once: a refund as
`coupon.refunded`, a reversal as `redemption.reversed`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from coupon_core.domain import serialization
from coupon_core.domain.models import Event, IssuedCoupon, RedemptionRecord
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.domain.models.points import EntryKind, PointChange
from coupon_core.domain.models.purchases import Purchase, ReturnedUse
from coupon_core.domain.rules.redemption import is_used_up
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.persistence.repositories import definitions as definition_repository
from coupon_core.persistence.repositories import purchases as purchase_repository
from coupon_core.persistence.repositories import (
    redemption_records as record_repository,
)
from coupon_core.services import audit, outbox
from coupon_core.services.coupons import administration, expiry, redemption_records
from coupon_core.services.coupons.redemption import StaleDecision
from coupon_core.services.points import wallets


@dataclass(frozen=True, slots=True)
class ReturnedUses:
    """A coupon after uses of it were given back, the uses, and its price.

    `price` is set if the points that the coupon was bought with were credited.
    """

    issued: IssuedCoupon
    uses: Sequence[ReturnedUse]
    price: Mapping[str, object] | None = None


def reverse(
    tenant_id: str, redemption_id: int, reason: str, now: datetime, actor: str = ""
) -> RedemptionRecord:
    """Give the use of a redemption back and return the redemption (idempotent).

    A use that was refunded before is not given back again.

    Raises:
        Refused: The redemption is unknown, or the user cannot hold more points.
    """
    before = redemption_records.get(tenant_id, redemption_id)
    coupon_filter = CouponFilter(coupon_id=before.coupon_id)
    with transaction():
        coupon_repository.announce_coupon_write()
        definition_repository.lock(tenant_id, before.definition_id)
        copy = administration.lock_single(tenant_id, coupon_filter, now)
        locked = redemption_records.get(tenant_id, redemption_id)
        if locked.reversed_at:
            return locked
        returned = give_back(copy, now, use_number=locked.use_number)
        record_repository.mark_reversed(locked, tenant_id, reason=reason, now=now)
        event = _build_reversed_event(returned, locked, reason=reason, now=now)
        outbox.add([event])
        administration.record_event(
            copy.coupon, "reversed", now=now, actor=actor, user_id=locked.user_id
        )
        audit.record(tenant_id, "redemption.reversed", str(redemption_id))
        return redemption_records.get(tenant_id, redemption_id)


def give_back(
    copy: IssuedCoupon, now: datetime, use_number: int | None = None
) -> ReturnedUses:
    """Give uses of a coupon back, inside the caller's transaction.

    Without `use_number`, these are all uses of a coupon that was bought with points,
    and the last use of another one. The last use of a coupon that was bought returns
    the coupon and credits its points. The caller must hold the locks of the definition
    and of the coupon.

    Raises:
        StaleDecision: The coupon has changed since it was read.
        Refused: The user cannot hold more points.
    """
    coupon = copy.coupon
    purchase = purchase_repository.get(coupon.tenant_id, coupon.coupon_id)
    if purchase and (use_number is None or coupon.redemption_count == 1):
        return _return_purchase(copy, purchase, now)
    return _undo_redemption(copy, use_number, now)


def _return_purchase(
    copy: IssuedCoupon, purchase: Purchase, now: datetime
) -> ReturnedUses:
    uses = purchase_repository.return_coupon(copy.coupon, copy.definition, now)
    if not uses or not purchase_repository.mark_refunded(purchase, now):
        raise StaleDecision
    wallets.credit_in_transaction(to_point_change(purchase), EntryKind.REFUND, now)
    coupon = replace(
        copy.coupon,
        returned_at=now,
        redeemed_at=None,
        redemption_count=0,
        refund_count=copy.coupon.refund_count + len(uses),
    )
    price = {"point_id": purchase.point_id, "points": purchase.points}
    return ReturnedUses(replace(copy, coupon=coupon), uses, price)


def _undo_redemption(
    copy: IssuedCoupon, use_number: int | None, now: datetime
) -> ReturnedUses:
    coupon = copy.coupon
    uses = purchase_repository.undo_redemption(
        coupon, copy.definition, now, use_number=use_number
    )
    if not uses:
        raise StaleDecision
    coupon_filter = CouponFilter(coupon_id=coupon.coupon_id)
    after = administration.get(coupon.tenant_id, coupon_filter, now)
    if is_used_up(coupon, copy.definition):
        after = _reactivate(after, now)
    return ReturnedUses(after, uses)


def _reactivate(issued: IssuedCoupon, now: datetime) -> IssuedCoupon:
    """Announce what a coupon that was used up has become: replaced, or expired."""
    coupon = issued.coupon
    if not coupon.revoked_at and coupon_repository.get_replacement_id(
        coupon.tenant_id, coupon.coupon_id
    ):
        return administration.revoke_in_transaction(issued, now, actor="")
    expiry.announce_reactivated_expiry(issued)
    return issued


def to_point_change(purchase: Purchase) -> PointChange:
    """Return the points that a coupon costs, to be debited or credited."""
    return PointChange(
        purchase.tenant_id,
        purchase.user_id,
        point_id=purchase.point_id,
        amount=purchase.points,
        reference=purchase.coupon_id,
    )


def build_refunded_event(returned: ReturnedUses, now: datetime) -> Event:
    """Return the outbox event for a refund that the user asked for."""
    dialects = {use.dialect for use in returned.uses}
    data = {
        "use_numbers": [use.use_number for use in returned.uses],
        "dialect": dialects.pop() if len(dialects) == 1 else None,
        **_to_data(returned, now),
    }
    coupon = returned.issued.coupon
    return outbox.build_coupon_event("coupon.refunded", coupon, data, now)


def _build_reversed_event(
    returned: ReturnedUses, record: RedemptionRecord, reason: str, now: datetime
) -> Event:
    data = {
        "redemption_id": record.redemption_id,
        "use_number": record.use_number,
        "dialect": record.dialect.value,
        "reason": reason or None,
        "reference": record.reference,
        "metadata": record.metadata,
        **_to_data(returned, now),
    }
    coupon = returned.issued.coupon
    return outbox.build_coupon_event("redemption.reversed", coupon, data, now)


def _to_data(returned: ReturnedUses, now: datetime) -> dict[str, Any]:
    coupon = serialization.serialize_coupon(returned.issued, now)
    return {
        "creator_key": returned.issued.creator_key or None,
        "points": returned.price,
        "coupon": coupon,
    }
