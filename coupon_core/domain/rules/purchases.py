"""Buying, using and giving back, as pure decisions; the order is the precedence.

What concerns the coupon itself comes first, then the user, then what the user holds
(document S4); that a series is exhausted or points are short is said last.
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
from coupon_core.domain.models.offers import Offer, Period, Usage
from coupon_core.domain.models.purchases import Standing
from coupon_core.domain.rules.redemption import decide_redeem

SPENT = {Reason.ALREADY_REDEEMED, Reason.USED_UP, Reason.EXPIRED, Reason.REVOKED}


def decide_buy(at: Standing, now: datetime) -> AnyReason | None:
    """Why the user may not buy the coupon now, if so."""
    return next(_against_buy(at, now), None)


def decide_use(at: Standing, now: datetime) -> AnyReason | None:
    """Why the user may not redeem now, be it by buying in the same step; if so."""
    return next(_against_use(at, now), None)


def decide_refund(at: Standing, now: datetime) -> AnyReason | None:
    """Why the user may not give a use back, if so."""
    return next(_against_refund(at, now), None)


def _against_all(at: Standing, now: datetime) -> Iterator[AnyReason]:
    definition = at.definition
    if definition.status == DefinitionStatus.ARCHIVED:
        yield Reason.ARCHIVED
    if definition.starts_at and now < definition.starts_at:
        yield Reason.NOT_YET_ACTIVE
    if _is_over(at, now):
        yield Reason.EXPIRED
    if at.user is None:
        yield PurchaseReason.USER_NOT_FOUND
    elif not at.user.is_member:
        yield PurchaseReason.NOT_A_MEMBER


def _is_over(at: Standing, now: datetime) -> bool:
    """Past the date for all; a coupon that was given longer stays good."""
    end = at.definition.expires_at
    return end is not None and now > end and all(_is_expired(c, now) for c in at.copies)


def _is_expired(copy: IssuedCoupon, now: datetime) -> bool:
    return copy.expires_at is not None and now > copy.expires_at


def _against_buy(at: Standing, now: datetime) -> Iterator[AnyReason]:
    yield from _against_all(at, now)
    if not at.offer.sells_in_two_steps:
        yield PurchaseReason.NOT_BUYABLE
    if at.offer.usage == Usage.SINGLE:
        yield from _against_copies(at, now)
    yield from _against_sale(at)


def _against_use(at: Standing, now: datetime) -> Iterator[AnyReason]:
    yield from _against_all(at, now)
    if usable_copy(at, now):
        return
    sells = at.offer.sells_in_one_step
    if not at.copies and not sells:
        yield PurchaseReason.NOT_AWARDED
    if not sells or at.offer.usage == Usage.SINGLE:
        yield from _against_copies(at, now)
    yield from _against_sale(at)


def _against_copies(at: Standing, now: datetime) -> Iterator[AnyReason]:
    """One copy tells its own reason; several that are spent tell only that."""
    if not at.copies or usable_copy(at, now):
        return
    reasons = [_against_copy(at, copy, now) for copy in at.copies]
    if len(reasons) > 1 and SPENT.issuperset(reasons):
        yield PurchaseReason.REDEEMED_OR_EXPIRED
    yield from (reason for reason in reasons if reason)


def _against_copy(at: Standing, copy: IssuedCoupon, now: datetime) -> Reason | None:
    return decide_redeem(copy, now, at.user_uses).reason


def _against_sale(at: Standing) -> Iterator[AnyReason]:
    if at.definition.status != DefinitionStatus.ACTIVE:
        yield AdminReason.NOT_ACTIVE
    if not at.is_left:
        yield Reason.POOL_EMPTY
    if at.balance < at.offer.points:
        yield PurchaseReason.NOT_ENOUGH_POINTS


def _against_refund(at: Standing, now: datetime) -> Iterator[AnyReason]:
    yield from _against_all(at, now)
    if not at.offer.refundable or not _used(at.copies):
        yield PurchaseReason.NOT_REFUNDABLE
    if refundable_copy(at, now) is None:
        yield Reason.EXPIRED


def usable_copy(at: Standing, now: datetime) -> IssuedCoupon | None:
    """The first of the copies that may be redeemed."""
    usable = (copy for copy in at.copies if _against_copy(at, copy, now) is None)
    return next(usable, None)


def refundable_copy(at: Standing, now: datetime) -> IssuedCoupon | None:
    """Of the copies that were used, the one that was used last and is still good."""
    good = [copy for copy in _used(at.copies) if not _is_expired(copy, now)]
    return max(good, key=_last_use, default=None)


def _used(copies: Sequence[IssuedCoupon]) -> list[IssuedCoupon]:
    return [
        copy
        for copy in copies
        if copy.coupon.redemption_count and not copy.coupon.revoked_at
    ]


def _last_use(copy: IssuedCoupon) -> tuple[datetime, str]:
    coupon = copy.coupon
    return coupon.redeemed_at or coupon.generated_at, coupon.coupon_id


def good_until(offer: Offer, now: datetime) -> datetime | None:
    """How long a coupon is good that is given out now; None follows the definition.

    A month or year later is the same day, or the last of a month that is shorter.
    """
    if offer.period_type in (Period.DAYS, Period.WEEKS):
        days = 7 if offer.period_type == Period.WEEKS else 1
        return now + timedelta(days=days * offer.period_value)
    if offer.period_type in (Period.MONTHS, Period.YEARS):
        months = 12 if offer.period_type == Period.YEARS else 1
        return _months_later(now, months * offer.period_value)
    return None


def _months_later(now: datetime, months: int) -> datetime:
    year, month = divmod(now.year * 12 + now.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return now.replace(year=year, month=month + 1, day=min(now.day, last))
