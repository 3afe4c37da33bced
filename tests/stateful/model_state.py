"""The state of the reference model, and its counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from tests.stateful.reference_data import HeldCoupon, HeldUse, Offer


@dataclass(eq=False)
class ModelState:
    """All offers and coupons of one tenant."""

    offers: list[Offer] = field(default_factory=list)
    coupons: list[HeldCoupon] = field(default_factory=list)
    reservations: list[HeldUse] = field(default_factory=list)
    now: datetime = datetime.min  # the clock of the state machine

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

    def list_live(self, offer: Offer, user: str = "") -> list[HeldUse]:
        """Return the reservations that hold a use now, of all users or of one."""
        return [
            held
            for held in self.reservations
            if held.is_live(self.now)
            and held.coupon.offer is offer
            and user in ("", held.user)
        ]

    def count_period_uses(
        self, offer: Offer, user: str, period: str, now: datetime
    ) -> int:
        """Return a user's redemptions in the current day, week or month."""
        return sum(
            name == user and to_period(moment, period) == to_period(now, period)
            for coupon in self.list_by_offer(offer)
            for name, moment in zip(coupon.used_by, coupon.counted_at, strict=True)
        )

    def count_period_holds(
        self, offer: Offer, user: str, period: str, now: datetime
    ) -> int:
        """Return a user's reservations that count in the current period."""
        return sum(
            to_period(held.reserved_at, period) == to_period(now, period)
            for held in self.list_live(offer, user)
        )

    def _list_users(self, offer: Offer) -> set[str]:
        holders = {held.user for held in self.list_live(offer)}
        return {coupon.user for coupon in self.list_by_offer(offer)} - {""} | holders

    def get_max_period_uses(self, offer: Offer, period: str, now: datetime) -> int:
        """Return the most redemptions that one user has in the current period."""
        return max(
            (
                self.count_period_uses(offer, user, period, now)
                + self.count_period_holds(offer, user, period, now)
                for user in self._list_users(offer)
            ),
            default=0,
        )

    def get_max_code_uses(self, offer: Offer) -> int:
        """Return the most redemptions that one coupon has."""
        held = Counter(held.coupon for held in self.list_live(offer))
        return max(
            (coupon.use_count + held[coupon] for coupon in self.list_by_offer(offer)),
            default=0,
        )

    def get_max_user_uses(self, offer: Offer) -> int:
        """Return the most redemptions that one user has."""
        return max(
            (
                self.count_uses(offer, user) + len(self.list_live(offer, user))
                for user in self._list_users(offer)
            ),
            default=0,
        )

    def count_toward_total(self, offer: Offer) -> int:
        """Return the number that a total limit is compared with."""
        if offer.awarded_only:
            return self.count_assigned(offer)
        return self.count_uses(offer) + len(self.list_live(offer))

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
