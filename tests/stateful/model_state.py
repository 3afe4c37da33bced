"""The state of the reference model, and its counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from tests.stateful.reference_data import HeldCoupon, Offer


@dataclass(eq=False)
class ModelState:
    """All offers and coupons of one tenant."""

    offers: list[Offer] = field(default_factory=list)
    coupons: list[HeldCoupon] = field(default_factory=list)

    def list_by_code(self, code: str) -> list[HeldCoupon]:
        """Return the coupons with a code."""
        return [
            coupon
            for coupon in self.coupons
            if is_same_code(coupon.code, code, coupon.offer.case_sensitive)
        ]

    def list_by_offer(self, offer: Offer) -> list[HeldCoupon]:
        """Return the coupons of an offer."""
        return [coupon for coupon in self.coupons if coupon.offer is offer]

    def count_uses(self, offer: Offer, user: str = "") -> int:
        """Return the number of redemptions, of all users or of one."""
        user_ids = [
            name for coupon in self.list_by_offer(offer) for name in coupon.used_by
        ]
        return sum(user in ("", name) for name in user_ids)

    def count_period_uses(
        self, offer: Offer, user: str, period: str, now: datetime
    ) -> int:
        """Return a user's redemptions in the current day, week or month."""
        return sum(
            name == user and to_period(moment, period) == to_period(now, period)
            for coupon in self.list_by_offer(offer)
            for name, moment in zip(coupon.used_by, coupon.used_at, strict=True)
        )

    def get_max_period_uses(self, offer: Offer, period: str, now: datetime) -> int:
        """Return the most redemptions that one user has in the current period."""
        users = {coupon.user for coupon in self.list_by_offer(offer)} - {""}
        return max(
            (self.count_period_uses(offer, user, period, now) for user in users),
            default=0,
        )

    def get_max_code_uses(self, offer: Offer) -> int:
        """Return the most redemptions that one coupon has."""
        return max(
            (coupon.use_count for coupon in self.list_by_offer(offer)), default=0
        )

    def get_max_user_uses(self, offer: Offer) -> int:
        """Return the most redemptions that one user has."""
        users = {coupon.user for coupon in self.list_by_offer(offer)} - {""}
        return max((self.count_uses(offer, user) for user in users), default=0)

    def count_toward_total(self, offer: Offer) -> int:
        """Return the number that a total limit is compared with."""
        return (
            self.count_assigned(offer) if offer.awarded_only else self.count_uses(offer)
        )

    def count_assigned(self, offer: Offer) -> int:
        """Return the number of coupons that a user holds."""
        return sum(coupon.user != "" for coupon in self.list_by_offer(offer))


def to_period(moment: datetime, period: str) -> tuple[int, ...]:
    """Return the day, the ISO week or the month of a moment in UTC."""
    if period == "week":
        return moment.isocalendar()[:2]
    day = moment.year, moment.month, moment.day
    return day if period == "day" else day[:2]


def is_same_code(a: str, b: str, exact: bool) -> bool:
    """Return True if two spellings are the same code."""
    a, b = a.strip(" \t"), b.strip(" \t")
    return a == b if exact else a.upper() == b.upper()
