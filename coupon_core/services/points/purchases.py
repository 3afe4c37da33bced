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
    Order,
    Purchase,
    Standing,
)
from coupon_core.domain.rules import purchases as purchase_rules
from coupon_core.domain.rules.redemption import counts_awards, is_used_up
from coupon_core.persistence.repositories import awards as award_store
from coupon_core.persistence.repositories import code_lookup as code_store
from coupon_core.persistence.repositories import coupons as coupon_store
from coupon_core.persistence.repositories import definitions as definition_store
from coupon_core.persistence.repositories import points as point_store
from coupon_core.persistence.repositories import purchases as store
from coupon_core.persistence.repositories import tenants as tenant_store
from coupon_core.persistence.repositories import users as user_store
from coupon_core.services import outbox
from coupon_core.services.coupons import (
    expiry,
    generation,
    lookup,
    redemption,
)
from coupon_core.services.coupons.redemption import RaceLost, RedeemRequest
from coupon_core.services.points import offers, wallets


def act(order: Order, now: datetime) -> IssuedCoupon:
    """Do what was ordered; gives the coupon as it is afterwards.

    Refused with the first rule that speaks against it. RaceLost when somebody was
    quicker; the caller rolls back and may try again.
    """
    return ACTIONS[order.action](_standing(order, now), order, now)


def check(order: Order, now: datetime) -> Definition:
    """What a code may be redeemed for by the user now; nothing is done. Refused."""
    at = _standing(order, now)
    _refuse(purchase_rules.decide_use(at, now))
    return at.definition


def _standing(order: Order, now: datetime) -> Standing:
    """How things stand, held as they are until the transaction ends."""
    code = codes.normalize(order.code)
    definition = _hold(order.tenant_id, code) if code else None
    if not code or definition is None:
        raise Refused(Reason.COUPON_NOT_FOUND)
    offer = offers.terms(definition)
    copies, held = _copies(replace(order, code=code), definition, now)
    return Standing(
        definition=definition,
        offer=offer,
        user=user_store.get(order.tenant_id, order.user_id),
        copies=copies,
        claims=not held,
        user_uses=lookup.user_uses(copies[0], order.user_id) if copies else 0,
        is_left=_is_left(definition),
        balance=point_store.balance(order.tenant_id, order.user_id, offer.point_id),
    )


def _hold(tenant_id: str, code: str) -> Definition | None:
    """The definition that a code is of, locked, whoever holds the code."""
    coupon_store.expect_change()
    # Codes named by hand and random ones are made in turns, never at once.
    tenant_store.share(tenant_id)
    found = _definition_id(tenant_id, code)
    if found is None or offers.is_deleted(tenant_id, found):
        return None
    return definition_store.lock(tenant_id, found)


def _definition_id(tenant_id: str, code: str) -> str | None:
    shared = code_store.find_shared(tenant_id, code)
    if shared:
        return shared.definition.definition_id
    owned = code_store.find_for_tenant(tenant_id, code)
    return owned[0].definition.definition_id if owned else None


def _copies(
    order: Order, definition: Definition, now: datetime
) -> tuple[list[IssuedCoupon], bool]:
    """What the user has of it, and whether it exists; locked.

    Where any code of a list names what is for sale, all that the user has of it;
    else only what bears the code.
    """
    by_any_code = definition.awarded_only and order.action == Action.BUY
    if by_any_code or offers.terms(definition).sells_in_one_step:
        return list(award_store.held(definition, order.user_id)), True
    ids = order.tenant_id, order.code, order.user_id
    return lookup.find_for_user(*ids, now, lock=True)


def _is_left(definition: Definition) -> bool:
    if definition.code_format == CodeFormat.LISTED:
        return bool(award_store.free(definition, 1))
    return (
        not counts_awards(definition) or definition.used_count < definition.total_limit
    )


def _buy(at: Standing, order: Order, now: datetime) -> IssuedCoupon:
    _refuse(purchase_rules.decide_buy(at, now))
    return _sell(at, order, now)


def _redeem(at: Standing, order: Order, now: datetime) -> IssuedCoupon:
    _refuse(purchase_rules.decide_use(at, now))
    held = purchase_rules.usable_copy(at, now)
    copy = held or _sell(at, order, now)
    request = RedeemRequest(
        order.tenant_id, copy.coupon.code, order.user_id, Dialect.MAMBO
    )
    claim = at.claims and held is not None
    return redemption.use(copy, request, now, claim).issued


def _refund(at: Standing, order: Order, now: datetime) -> IssuedCoupon:
    reason = purchase_rules.decide_refund(at, now)
    copy = purchase_rules.refundable_copy(at, now)
    if reason or copy is None:
        raise Refused(reason or Reason.EXPIRED)
    purchase = store.get(order.tenant_id, copy.coupon.coupon_id)
    if purchase:
        return _return(copy, purchase, now)
    return _give_use_back(copy, now)


ACTIONS: Mapping[Action, Callable[[Standing, Order, datetime], IssuedCoupon]] = {
    Action.BUY: _buy,
    Action.REDEEM: _redeem,
    Action.REFUND: _refund,
}


def _refuse(reason: AnyReason | None) -> None:
    if reason:
        raise Refused(reason)


def _sell(at: Standing, order: Order, now: datetime) -> IssuedCoupon:
    """A new coupon in the user's hands, paid for."""
    (issued,) = generation.make(at.definition, [order.user_id], now).coupons
    purchase = Purchase(
        tenant_id=order.tenant_id,
        coupon_id=issued.coupon.coupon_id,
        definition_id=at.definition.definition_id,
        user_id=order.user_id,
        point_id=at.offer.point_id,
        points=at.offer.points,
        bought_at=now,
        refunded_at=None,
    )
    store.insert(purchase)
    wallets.take(_price(purchase), EntryKind.BUY, now)
    return issued


def _price(purchase: Purchase) -> PointChange:
    ids = purchase.tenant_id, purchase.user_id, purchase.point_id
    return PointChange(*ids, purchase.points, reference=purchase.coupon_id)


def _return(copy: IssuedCoupon, purchase: Purchase, now: datetime) -> IssuedCoupon:
    """Take a bought coupon from its user and give the points back."""
    numbers = store.take_back(copy.coupon, copy.definition, now)
    if not numbers or not store.pay_back(purchase, now):
        raise RaceLost
    wallets.add(_price(purchase), EntryKind.REFUND, now)
    coupon = replace(
        copy.coupon,
        returned_at=now,
        redeemed_at=None,
        redemption_count=0,
        refund_count=copy.coupon.refund_count + len(numbers),
    )
    after = replace(copy, coupon=coupon)
    price = {"point_id": purchase.point_id, "points": purchase.points}
    outbox.add([_refunded(after, numbers, price, now)])
    return after


def _give_use_back(copy: IssuedCoupon, now: datetime) -> IssuedCoupon:
    """Let an awarded coupon be used once more."""
    numbers = store.undo_last_use(copy.coupon, copy.definition, now)
    if not numbers:
        raise RaceLost
    stored = coupon_store.some(
        copy.coupon.tenant_id,
        filters.CouponFilter(coupon_id=copy.coupon.coupon_id),
        now,
    )
    outbox.add([_refunded(stored[0], numbers, None, now)])
    if is_used_up(copy.coupon, copy.definition):
        expiry.tell_late(stored[0])
    return stored[0]


def _refunded(
    after: IssuedCoupon,
    numbers: list[int],
    price: Mapping[str, object] | None,
    now: datetime,
) -> Event:
    data = {
        "use_numbers": numbers,
        "points": price,
        "coupon": serialization.coupon(after, now),
    }
    return outbox.coupon_event("coupon.refunded", after.coupon, data, now)
