"""Buy, redeem and refund coupons inside the caller's transaction."""

from collections.abc import Callable, Mapping
from datetime import datetime

from coupon_core.domain.models import (
    AnyReason,
    Definition,
    Dialect,
    IssuedCoupon,
    Reason,
    Refused,
)
from coupon_core.domain.models.points import EntryKind
from coupon_core.domain.models.purchases import (
    Action,
    ActivityRequest,
    Purchase,
    PurchaseContext,
)
from coupon_core.domain.refusals import refusals_about
from coupon_core.domain.rules import purchases as purchase_rules
from coupon_core.persistence.repositories import purchases as purchase_repository
from coupon_core.services import outbox
from coupon_core.services.coupons import (
    generation,
    redemption,
)
from coupon_core.services.coupons.redemption import RedeemRequest
from coupon_core.services.points import reversals, wallets
from coupon_core.services.points.purchase_context import load_purchase_context


def execute(request: ActivityRequest, now: datetime) -> IssuedCoupon:
    """Perform the requested action; return the coupon as it is afterwards.

    Raises:
        Refused: With the first reason to refuse.
        StaleDecision: The data changed; the caller must roll back and may try again.
    """
    context = load_purchase_context(request, now)
    with refusals_about(context.definition):
        return ACTION_HANDLERS[request.action](context, request, now)


def check_redemption(request: ActivityRequest, now: datetime) -> Definition:
    """Return the definition that the code can be redeemed for; refuse if it cannot."""
    context = load_purchase_context(request, now)
    with refusals_about(context.definition):
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
    returned = reversals.give_back(copy, now)
    outbox.add([reversals.build_refunded_event(returned, now)])
    return returned.issued


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
    wallets.debit_in_transaction(
        reversals.to_point_change(purchase), EntryKind.BUY, now
    )
    return issued
