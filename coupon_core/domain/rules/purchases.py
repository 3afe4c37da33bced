"""Decide whether a user may buy, redeem or return a coupon (Mambo).

The order of the rules is the precedence: first those of the coupon, then of the user,
then of the copies that the user holds (Mambo specification). Exhausted stock and
insufficient points are reported last.
"""

import calendar
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from coupon_core.domain.models import (
    AdminReason,
    AnyReason,
    DefinitionStatus,
    IssuedCoupon,
    PurchaseReason,
    Reason,
)
from coupon_core.domain.models.explanations import Rule, RuleResult
from coupon_core.domain.models.offers import Offer, UsageMode, ValidityUnit
from coupon_core.domain.models.purchases import PurchaseContext
from coupon_core.domain.models.users import RegisteredUser
from coupon_core.domain.rules.redemption import decide_redeem

EXHAUSTED_REASONS = {
    Reason.ALREADY_REDEEMED,
    Reason.USED_UP,
    Reason.EXPIRED,
    Reason.REVOKED,
}


def decide_buy(context: PurchaseContext, now: datetime) -> AnyReason | None:
    """Return why the user may not buy the coupon now, or None."""
    return _find_first_reason(evaluate_buy(context, now))


def decide_redeem_with_purchase(
    context: PurchaseContext, now: datetime
) -> AnyReason | None:
    """Return why the user may not redeem the coupon now, or None.

    For one-step offers, redeeming includes the purchase.
    """
    return _find_first_reason(evaluate_redeem_with_purchase(context, now))


def decide_refund(context: PurchaseContext, now: datetime) -> AnyReason | None:
    """Return why the user may not return a redeemed coupon, or None."""
    return _find_first_reason(evaluate_refund(context, now))


def _find_first_reason(results: Iterator[RuleResult]) -> AnyReason | None:
    return next((reason for _, reason in results if reason), None)


def _evaluate_common(context: PurchaseContext, now: datetime) -> Iterator[RuleResult]:
    definition = context.definition
    is_archived = definition.effective_status == DefinitionStatus.ARCHIVED
    yield Rule.AVAILABLE, Reason.ARCHIVED if is_archived else None
    is_early = definition.starts_at and now < definition.starts_at
    yield Rule.STARTED, Reason.NOT_YET_ACTIVE if is_early else None
    yield Rule.NOT_EXPIRED, Reason.EXPIRED if _has_ended(context, now) else None
    yield Rule.USER_MAY_BUY, _find_user_reason(context.user)


def _find_user_reason(user: RegisteredUser | None) -> AnyReason | None:
    if user is None:
        return PurchaseReason.USER_NOT_FOUND
    return None if user.is_member else PurchaseReason.NOT_A_MEMBER


def _evaluate_suspension(context: PurchaseContext) -> Iterator[RuleResult]:
    is_suspended = context.definition.is_suspended
    yield Rule.NOT_SUSPENDED, Reason.SUSPENDED if is_suspended else None


def _has_ended(context: PurchaseContext, now: datetime) -> bool:
    """Return True if the definition has ended for this user.

    A coupon with a later expiry of its own remains valid.
    """
    end = context.definition.expires_at
    return (
        end is not None
        and now > end
        and all(_is_expired(copy, now) for copy in context.copies)
    )


def _is_expired(copy: IssuedCoupon, now: datetime) -> bool:
    return copy.expires_at is not None and now > copy.expires_at


def evaluate_buy(context: PurchaseContext, now: datetime) -> Iterator[RuleResult]:
    """Yield each rule about buying with the reason to refuse, or None if it holds."""
    yield from _evaluate_suspension(context)
    yield from _evaluate_common(context, now)
    is_sold = context.offer.is_two_step_purchase
    yield Rule.FOR_SALE, None if is_sold else PurchaseReason.NOT_BUYABLE
    if context.offer.usage == UsageMode.SINGLE:
        yield Rule.COUPON_USABLE, _find_copy_reason(context, now)
    yield from _evaluate_sale(context)


def evaluate_redeem_with_purchase(
    context: PurchaseContext, now: datetime
) -> Iterator[RuleResult]:
    """Yield each rule about redeeming with the reason to refuse, or None if it holds.

    The rules of a sale are left out if the user holds a usable coupon.
    """
    yield from _evaluate_suspension(context)
    yield from _evaluate_common(context, now)
    if select_redeemable_copy(context, now):
        yield Rule.COUPON_HELD, None
        return
    is_one_step = context.offer.is_one_step_purchase
    is_missing = not context.copies and not is_one_step
    yield Rule.COUPON_HELD, PurchaseReason.NOT_AWARDED if is_missing else None
    if not is_one_step or context.offer.usage == UsageMode.SINGLE:
        yield Rule.COUPON_USABLE, _find_copy_reason(context, now)
    yield from _evaluate_sale(context)


def _find_copy_reason(context: PurchaseContext, now: datetime) -> AnyReason | None:
    """Return why none of the copies is usable, or None.

    A single copy has its own reason; several used-up copies have a common one.
    """
    if not context.copies or select_redeemable_copy(context, now):
        return None
    reasons = [
        _find_redeem_violation(context, copy, now=now) for copy in context.copies
    ]
    if len(reasons) > 1 and EXHAUSTED_REASONS.issuperset(reasons):
        return PurchaseReason.REDEEMED_OR_EXPIRED
    return next(filter(None, reasons), None)


def _find_redeem_violation(
    context: PurchaseContext, copy: IssuedCoupon, now: datetime
) -> Reason | None:
    return decide_redeem(copy, now, context.usage).reason


def _evaluate_sale(context: PurchaseContext) -> Iterator[RuleResult]:
    is_active = context.definition.effective_status == DefinitionStatus.ACTIVE
    yield Rule.DEFINITION_ACTIVE, None if is_active else AdminReason.NOT_ACTIVE
    yield Rule.IN_STOCK, None if context.has_stock else Reason.POOL_EMPTY
    is_affordable = context.balance >= context.offer.points
    missing = None if is_affordable else PurchaseReason.NOT_ENOUGH_POINTS
    yield Rule.ENOUGH_POINTS, missing


def evaluate_refund(context: PurchaseContext, now: datetime) -> Iterator[RuleResult]:
    """Yield each rule about a return with the reason to refuse, or None if it holds."""
    yield from _evaluate_common(context, now)
    is_refundable = context.offer.refundable and _list_used_copies(context.copies)
    yield Rule.REFUNDABLE, None if is_refundable else PurchaseReason.NOT_REFUNDABLE
    if is_refundable:
        is_valid = select_refundable_copy(context, now) is not None
        yield Rule.COUPON_USABLE, None if is_valid else Reason.EXPIRED


def select_redeemable_copy(
    context: PurchaseContext, now: datetime
) -> IssuedCoupon | None:
    """Return the first copy that may be redeemed, or None."""
    redeemable = (
        copy
        for copy in context.copies
        if _find_redeem_violation(context, copy, now=now) is None
    )
    return next(redeemable, None)


def select_refundable_copy(
    context: PurchaseContext, now: datetime
) -> IssuedCoupon | None:
    """Return the most recently used copy that has not expired, or None."""
    refundable = [
        copy for copy in _list_used_copies(context.copies) if not _is_expired(copy, now)
    ]
    return max(refundable, key=_last_use_sort_key, default=None)


def _list_used_copies(copies: Sequence[IssuedCoupon]) -> list[IssuedCoupon]:
    return [
        copy
        for copy in copies
        if copy.coupon.redemption_count and not copy.coupon.revoked_at
    ]


def _last_use_sort_key(copy: IssuedCoupon) -> tuple[datetime, str]:
    coupon = copy.coupon
    return coupon.redeemed_at or coupon.generated_at, coupon.coupon_id


def compute_validity_end(offer: Offer, now: datetime) -> datetime | None:
    """Return the expiry of a coupon awarded now; None means that of the definition.

    A month or year later is the same day, or the last day of a shorter month.
    """
    if offer.period_type in (ValidityUnit.DAYS, ValidityUnit.WEEKS):
        days = 7 if offer.period_type == ValidityUnit.WEEKS else 1
        return now + timedelta(days=days * offer.period_value)
    if offer.period_type in (ValidityUnit.MONTHS, ValidityUnit.YEARS):
        months = 12 if offer.period_type == ValidityUnit.YEARS else 1
        return _add_months(now, months * offer.period_value)
    return None


def _add_months(now: datetime, months: int) -> datetime:
    year, month = divmod(now.year * 12 + now.month - 1 + months, 12)
    last_day = calendar.monthrange(year, month + 1)[1]
    return now.replace(year=year, month=month + 1, day=min(now.day, last_day))
