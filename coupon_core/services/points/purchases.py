"""Buying, using and giving back coupons: each inside the caller's one transaction."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from coupon_core.domain import codes, serialization
from coupon_core.domain.models import (
    AnyReason,
    CodeFormat,
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
from coupon_core.domain.rules.redemption import is_used_up, total_limit_counts_awards
from coupon_core.persistence.repositories import awards as award_repository
from coupon_core.persistence.repositories import code_lookup as code_lookup_repository
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.persistence.repositories import definitions as definition_repository
from coupon_core.persistence.repositories import points as point_repository
from coupon_core.persistence.repositories import purchases as purchase_repository
from coupon_core.persistence.repositories import tenants as tenant_repository
from coupon_core.persistence.repositories import users as user_repository
from coupon_core.services import outbox
from coupon_core.services.coupons import (
    expiry,
    generation,
    lookup,
    redemption,
)
from coupon_core.services.coupons.redemption import RedeemRequest, StaleDecision
from coupon_core.services.points import offers, wallets


def execute(request: ActivityRequest, now: datetime) -> IssuedCoupon:
    """Do what was ordered; gives the coupon as it is afterwards.

    Refused with the first rule that speaks against it. RaceLost when somebody was
    quicker; the caller rolls back and may try again.
    """
    return ACTION_HANDLERS[request.action](
        _load_purchase_context(request, now), request, now
    )


def check_redemption(request: ActivityRequest, now: datetime) -> Definition:
    """What a code may be redeemed for by the user now; nothing is done. Refused."""
    context = _load_purchase_context(request, now)
    _raise_if_refused(purchase_rules.decide_redeem_with_purchase(context, now))
    return context.definition


def _load_purchase_context(request: ActivityRequest, now: datetime) -> PurchaseContext:
    """How things stand, held as they are until the transaction ends."""
    code = codes.normalize_code(request.code)
    definition = _lock_definition(request.tenant_id, code) if code else None
    if not code or definition is None:
        raise Refused(Reason.COUPON_NOT_FOUND)
    offer = offers.get_terms(definition)
    copies, exists = _lock_copies(replace(request, code=code), definition, now)
    return PurchaseContext(
        definition=definition,
        offer=offer,
        user=user_repository.get(request.tenant_id, request.user_id),
        copies=copies,
        is_claim=not exists,
        user_uses=lookup.count_user_redemptions(copies[0], request.user_id)
        if copies
        else 0,
        has_stock=_has_stock(definition),
        balance=point_repository.get_balance(
            request.tenant_id, request.user_id, offer.point_id
        ),
    )


def _lock_definition(tenant_id: str, code: str) -> Definition | None:
    """The definition that a code is of, locked, whoever holds the code."""
    coupon_repository.announce_coupon_write()
    # Codes named by hand and random ones are made in turns, never at once.
    tenant_repository.lock_shared(tenant_id)
    definition_id = _find_definition_id(tenant_id, code)
    if definition_id is None or offers.is_deleted(tenant_id, definition_id):
        return None
    return definition_repository.lock(tenant_id, definition_id)


def _find_definition_id(tenant_id: str, code: str) -> str | None:
    shared = code_lookup_repository.find_shared_code(tenant_id, code)
    if shared:
        return shared.definition.definition_id
    owned = code_lookup_repository.find_for_tenant(tenant_id, code)
    return owned[0].definition.definition_id if owned else None


def _lock_copies(
    request: ActivityRequest, definition: Definition, now: datetime
) -> tuple[list[IssuedCoupon], bool]:
    """What the user has of it, and whether it exists; locked.

    Where any code of a list names what is for sale, all that the user has of it;
    else only what bears the code.
    """
    by_any_code = definition.awarded_only and request.action == Action.BUY
    if by_any_code or offers.get_terms(definition).is_one_step_purchase:
        return list(
            award_repository.lock_user_coupons(definition, request.user_id)
        ), True
    ids = request.tenant_id, request.code, request.user_id
    return lookup.find_for_user(*ids, now, lock=True)


def _has_stock(definition: Definition) -> bool:
    if definition.code_format == CodeFormat.LISTED:
        return bool(award_repository.list_unassigned(definition, 1))
    return (
        not total_limit_counts_awards(definition)
        or definition.used_count < definition.total_limit
    )


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
        request.tenant_id, copy.coupon.code, request.user_id, Dialect.MAMBO
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
    """A new coupon in the user's hands, paid for."""
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
    ids = purchase.tenant_id, purchase.user_id, purchase.point_id
    return PointChange(*ids, purchase.points, reference=purchase.coupon_id)


def _return_purchase(
    copy: IssuedCoupon, purchase: Purchase, now: datetime
) -> IssuedCoupon:
    """Take a bought coupon from its user and give the points back."""
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
    """Let an awarded coupon be used once more."""
    use_numbers = purchase_repository.undo_last_redemption(
        copy.coupon, copy.definition, now
    )
    if not use_numbers:
        raise StaleDecision
    stored = coupon_repository.find_up_to_two(
        copy.coupon.tenant_id,
        filters.CouponFilter(coupon_id=copy.coupon.coupon_id),
        now,
    )
    outbox.add([_build_refund_event(stored[0], use_numbers, None, now)])
    if is_used_up(copy.coupon, copy.definition):
        expiry.announce_reactivated_expiry(stored[0])
    return stored[0]


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
