"""Decide whether a user may buy, redeem or return a coupon (Mambo).

The order of the violations is the precedence: first those of the coupon, then of the
user, then of the copies that the user holds (Mambo specification). Exhausted stock and
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
from coupon_core.domain.models.offers import Offer, UsageMode, ValidityUnit
from coupon_core.domain.models.purchases import PurchaseContext
from coupon_core.domain.rules.redemption import decide_redeem

EXHAUSTED_REASONS = {
    Reason.ALREADY_REDEEMED,
    Reason.USED_UP,
    Reason.EXPIRED,
    Reason.REVOKED,
}


def decide_buy(context: PurchaseContext, now: datetime) -> AnyReason | None:
    """Return why the user may not buy the coupon now, or None."""
    return next(_buy_violations(context, now), None)


def decide_redeem_with_purchase(
    context: PurchaseContext, now: datetime
) -> AnyReason | None:
    """Return why the user may not redeem the coupon now, or None.

    For one-step offers, redeeming includes the purchase.
    """
    return next(_redeem_violations(context, now), None)


def decide_refund(context: PurchaseContext, now: datetime) -> AnyReason | None:
    """Return why the user may not return a redeemed coupon, or None."""
    return next(_refund_violations(context, now), None)


def _common_violations(context: PurchaseContext, now: datetime) -> Iterator[AnyReason]:
    definition = context.definition
    if definition.effective_status == DefinitionStatus.ARCHIVED:
        yield Reason.ARCHIVED
    if definition.starts_at and now < definition.starts_at:
        yield Reason.NOT_YET_ACTIVE
    if _has_ended(context, now):
        yield Reason.EXPIRED
    if context.user is None:
        yield PurchaseReason.USER_NOT_FOUND
    elif not context.user.is_member:
        yield PurchaseReason.NOT_A_MEMBER


def _suspension_violations(context: PurchaseContext) -> Iterator[AnyReason]:
    if context.definition.is_suspended:
        yield Reason.SUSPENDED


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


def _buy_violations(context: PurchaseContext, now: datetime) -> Iterator[AnyReason]:
    yield from _suspension_violations(context)
    yield from _common_violations(context, now)
    if not context.offer.is_two_step_purchase:
        yield PurchaseReason.NOT_BUYABLE
    if context.offer.usage == UsageMode.SINGLE:
        yield from _copy_violations(context, now)
    yield from _sale_violations(context)


def _redeem_violations(context: PurchaseContext, now: datetime) -> Iterator[AnyReason]:
    yield from _suspension_violations(context)
    yield from _common_violations(context, now)
    if select_redeemable_copy(context, now):
        return
    is_one_step = context.offer.is_one_step_purchase
    if not context.copies and not is_one_step:
        yield PurchaseReason.NOT_AWARDED
    if not is_one_step or context.offer.usage == UsageMode.SINGLE:
        yield from _copy_violations(context, now)
    yield from _sale_violations(context)


def _copy_violations(context: PurchaseContext, now: datetime) -> Iterator[AnyReason]:
    """Yield the violations of the copies.

    A single copy has its own reason; several used-up copies have a common one.
    """
    if not context.copies or select_redeemable_copy(context, now):
        return
    reasons = [
        _find_redeem_violation(context, copy, now=now) for copy in context.copies
    ]
    if len(reasons) > 1 and EXHAUSTED_REASONS.issuperset(reasons):
        yield PurchaseReason.REDEEMED_OR_EXPIRED
    yield from (reason for reason in reasons if reason)


def _find_redeem_violation(
    context: PurchaseContext, copy: IssuedCoupon, now: datetime
) -> Reason | None:
    return decide_redeem(copy, now, context.usage).reason


def _sale_violations(context: PurchaseContext) -> Iterator[AnyReason]:
    if context.definition.effective_status != DefinitionStatus.ACTIVE:
        yield AdminReason.NOT_ACTIVE
    if not context.has_stock:
        yield Reason.POOL_EMPTY
    if context.balance < context.offer.points:
        yield PurchaseReason.NOT_ENOUGH_POINTS


def _refund_violations(context: PurchaseContext, now: datetime) -> Iterator[AnyReason]:
    yield from _common_violations(context, now)
    if not context.offer.refundable or not _list_used_copies(context.copies):
        yield PurchaseReason.NOT_REFUNDABLE
    if select_refundable_copy(context, now) is None:
        yield Reason.EXPIRED


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
