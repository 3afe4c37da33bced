"""Buy, redeem and refund coupons inside the caller's transaction."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from coupon_core.domain import serialization
from coupon_core.domain.models import (
    AnyReason,
    Definition,
    Dialect,
    Event,
    IssuedCoupon,
    Reason,
    Refused,
    filters,
)
from coupon_core.domain.models.points import EntryKind, PointChange
from coupon_core.domain.models.purchases import (
    Action,
    ActivityRequest,
    Purchase,
    PurchaseContext,
)
from coupon_core.domain.rules import purchases as purchase_rules
from coupon_core.domain.rules.redemption import is_used_up
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.persistence.repositories import purchases as purchase_repository
from coupon_core.services import outbox
from coupon_core.services.coupons import (
    expiry,
    generation,
    redemption,
)
from coupon_core.services.coupons.redemption import RedeemRequest, StaleDecision
from coupon_core.services.points import wallets
from coupon_core.services.points.purchase_context import load_purchase_context


def execute(request: ActivityRequest, now: datetime) -> IssuedCoupon:
    """Perform the requested action; return the coupon as it is afterwards.

    Raises:
        Refused: With the first reason to refuse.
        StaleDecision: The data changed; the caller must roll back and may try again.
    """
    return ACTION_HANDLERS[request.action](
        load_purchase_context(request, now), request, now
    )


def check_redemption(request: ActivityRequest, now: datetime) -> Definition:
    """Return the definition that the code can be redeemed for; refuse if it cannot."""
    context = load_purchase_context(request, now)
    _raise_if_refused(purchase_rules.decide_redeem_with_purchase(context, now))
    return context.definition


def _buy(
    context: PurchaseContext, request: ActivityRequest, now: datetime
) -> IssuedCoupon:
    _raise_if_refused(purchase_rules.decide_buy(context, now))
    return _sell(context, request, now)


def _redeem(
    context: PurchaseContext, request: ActivityRequest, now: datetime
) -> IssuedCoupon:
    _raise_if_refused(purchase_rules.decide_redeem_with_purchase(context, now))
    owned_copy = purchase_rules.select_redeemable_copy(context, now)
    copy = owned_copy or _sell(context, request, now)
    redeem_request = RedeemRequest(
        request.tenant_id,
        copy.coupon.code,
        user_id=request.user_id,
        dialect=Dialect.MAMBO,
    )
    claim = context.is_claim and owned_copy is not None
    return redemption.apply_redemption(copy, redeem_request, now, claim).issued


def _refund(
    context: PurchaseContext, request: ActivityRequest, now: datetime
) -> IssuedCoupon:
    reason = purchase_rules.decide_refund(context, now)
    copy = purchase_rules.select_refundable_copy(context, now)
    if reason or copy is None:
        raise Refused(reason or Reason.EXPIRED)
    purchase = purchase_repository.get(request.tenant_id, copy.coupon.coupon_id)
    if purchase:
        return _return_purchase(copy, purchase, now)
    return _undo_redemption(copy, now)


ACTION_HANDLERS: Mapping[
    Action, Callable[[PurchaseContext, ActivityRequest, datetime], IssuedCoupon]
] = {
    Action.BUY: _buy,
    Action.REDEEM: _redeem,
    Action.REFUND: _refund,
}


def _raise_if_refused(reason: AnyReason | None) -> None:
    if reason:
        raise Refused(reason)


def _sell(
    context: PurchaseContext, request: ActivityRequest, now: datetime
) -> IssuedCoupon:
    """Generate a coupon for the user and debit its price."""
    (issued,) = generation.generate_in_transaction(
        context.definition, [request.user_id], now
    ).coupons
    purchase = Purchase(
        tenant_id=request.tenant_id,
        coupon_id=issued.coupon.coupon_id,
        definition_id=context.definition.definition_id,
        user_id=request.user_id,
        point_id=context.offer.point_id,
        points=context.offer.points,
        bought_at=now,
        refunded_at=None,
    )
    purchase_repository.insert(purchase)
    wallets.debit_in_transaction(_to_point_change(purchase), EntryKind.BUY, now)
    return issued


def _to_point_change(purchase: Purchase) -> PointChange:
    return PointChange(
        purchase.tenant_id,
        purchase.user_id,
        point_id=purchase.point_id,
        amount=purchase.points,
        reference=purchase.coupon_id,
    )


def _return_purchase(
    copy: IssuedCoupon, purchase: Purchase, now: datetime
) -> IssuedCoupon:
    """Return a purchased coupon and credit its points to the user."""
    use_numbers = purchase_repository.return_coupon(copy.coupon, copy.definition, now)
    if not use_numbers or not purchase_repository.mark_refunded(purchase, now):
        raise StaleDecision
    wallets.credit_in_transaction(_to_point_change(purchase), EntryKind.REFUND, now)
    coupon = replace(
        copy.coupon,
        returned_at=now,
        redeemed_at=None,
        redemption_count=0,
        refund_count=copy.coupon.refund_count + len(use_numbers),
    )
    after = replace(copy, coupon=coupon)
    price = {"point_id": purchase.point_id, "points": purchase.points}
    outbox.add([_build_refund_event(after, use_numbers, price, now)])
    return after


def _undo_redemption(copy: IssuedCoupon, now: datetime) -> IssuedCoupon:
    """Undo the last redemption of an awarded coupon."""
    use_numbers = purchase_repository.undo_last_redemption(
        copy.coupon, copy.definition, now
    )
    if not use_numbers:
        raise StaleDecision
    after = coupon_repository.find_up_to_two(
        copy.coupon.tenant_id,
        filters.CouponFilter(coupon_id=copy.coupon.coupon_id),
        now,
    )[0]
    outbox.add([_build_refund_event(after, use_numbers, None, now)])
    if is_used_up(copy.coupon, copy.definition):
        expiry.announce_reactivated_expiry(after)
    return after


def _build_refund_event(
    issued: IssuedCoupon,
    use_numbers: list[int],
    price: Mapping[str, object] | None,
    now: datetime,
) -> Event:
    data = {
        "use_numbers": use_numbers,
        "points": price,
        "coupon": serialization.serialize_coupon(issued, now),
    }
    return outbox.build_coupon_event("coupon.refunded", issued.coupon, data, now)
