"""What the reference model holds, and how it counts."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.stateful.reference_data import HeldCoupon, Offer


@dataclass(eq=False)
class ModelState:
    """All offers and coupons of one tenant."""

    offers: list[Offer] = field(default_factory=list)
    coupons: list[HeldCoupon] = field(default_factory=list)

    def list_by_code(self, code: str) -> list[HeldCoupon]:
        return [
            coupon
            for coupon in self.coupons
            if is_same_code(coupon.code, code, coupon.offer.case_sensitive)
        ]

    def list_by_offer(self, offer: Offer) -> list[HeldCoupon]:
        return [coupon for coupon in self.coupons if coupon.offer is offer]

    def count_uses(self, offer: Offer, user: str = "") -> int:
        user_ids = [
            name for coupon in self.list_by_offer(offer) for name in coupon.used_by
        ]
        return sum(user in ("", name) for name in user_ids)

    def get_max_code_uses(self, offer: Offer) -> int:
        return max(
            (coupon.use_count for coupon in self.list_by_offer(offer)), default=0
        )

    def get_max_user_uses(self, offer: Offer) -> int:
        users = {coupon.user for coupon in self.list_by_offer(offer)} - {""}
        return max((self.count_uses(offer, user) for user in users), default=0)

    def count_toward_total(self, offer: Offer) -> int:
        """What a total limit of the definition counts."""
        return (
            self.count_assigned(offer) if offer.awarded_only else self.count_uses(offer)
        )

    def count_assigned(self, offer: Offer) -> int:
        return sum(coupon.user != "" for coupon in self.list_by_offer(offer))


def is_same_code(a: str, b: str, exact: bool) -> bool:
    """Whether two spellings are one code."""
    a, b = a.strip(" \t"), b.strip(" \t")
    return a == b if exact else a.upper() == b.upper()
