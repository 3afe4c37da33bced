"""What the documents say must happen, in plain Python and without our rules.

Written from docs/api-contracts.md 0 and the Phoenix specification alone; it knows no
database, no HTTP and none of the core, so that a mistake in the core is not made here
as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

NOT_FOUND, REVOKED, ALREADY_REDEEMED = "not found", "revoked", "already redeemed"
USED_UP, ARCHIVED, EXPIRED = "used up", "archived", "expired"
NOT_YET_ACTIVE, USER_LIMIT_REACHED, POOL_EXHAUSTED = (
    "not yet active",
    "user's limit",
    "pool empty",
)


class ModelRefusal(Exception):
    """An admin's wish that must be refused, with this code."""


@dataclass(eq=False)
class Offer:
    """A definition: how its coupons may be used."""

    code: str = ""  # "" is random: each coupon has its own
    case_sensitive: bool = False  # codes are told apart by case
    claimable: bool = False  # whoever types the code has a coupon
    starts: datetime | None = None
    ends: datetime | None = None
    per_code: int = 1
    per_user: int = 0
    total: int = 0
    awarded_only: bool = False
    status: str = "active"
    id: str = ""


@dataclass(eq=False)
class HeldCoupon:
    """A coupon."""

    offer: Offer
    user: str
    code: str
    generated_at: datetime
    own_end: datetime | None = None
    use_count: int = 0
    last_used_at: datetime | None = None
    revoked: bool = False
    id: str = ""
    # who used it when, to count by user
    used_by: list[str] = field(default_factory=list)

    @property
    def expires(self) -> datetime | None:
        return self.own_end or self.offer.ends

    def status(self, now: datetime) -> str:
        if self.revoked:
            return "revoked"
        if self.offer.per_code and self.use_count >= self.offer.per_code:
            return "redeemed"
        return "expired" if self.expires and self.expires < now else "active"


@dataclass(eq=False)
class ReferenceModel:
    """All that is, and what must become of a wish."""

    offers: list[Offer] = field(default_factory=list)
    coupons: list[HeldCoupon] = field(default_factory=list)

    # ------------------------------------------------------------------ admins

    def define(self, offer: Offer) -> None:
        self._check_dates(offer)
        self._check_code(offer)
        self.offers.append(offer)

    def _check_dates(self, offer: Offer) -> None:
        if offer.starts and offer.ends and not offer.starts < offer.ends:
            raise ModelRefusal("DATES_REVERSED")

    def _check_code(self, offer: Offer) -> None:
        if offer.code and (
            self._has_conflicting_offer(offer) or self._is_generated_code(offer.code)
        ):
            raise ModelRefusal("CODE_TAKEN")

    def _has_conflicting_offer(self, offer: Offer) -> bool:
        return any(
            is_same_code(
                one.code, offer.code, one.case_sensitive and offer.case_sensitive
            )
            for one in self.offers
            if one is not offer and one.code
        )

    def _is_generated_code(self, code: str) -> bool:
        alone = (one for one in self.coupons if not one.offer.code)
        return any(is_same_code(one.code, code, False) for one in alone)

    def change_dates(
        self, offer: Offer, starts: datetime | None, ends: datetime | None
    ) -> None:
        self._check_dates(Offer(starts=starts, ends=ends))
        offer.starts, offer.ends = starts, ends

    def change_limits(self, offer: Offer, per_code: int, total: int) -> None:
        most, counted = self.get_max_code_uses(offer), self.count_toward_total(offer)
        if (per_code and per_code < most) or (total and total < counted):
            raise ModelRefusal("LIMIT_BELOW_USES")
        offer.per_code, offer.total = per_code, total

    def change_user_limit(self, offer: Offer, per_user: int) -> None:
        if 0 < per_user < self.get_max_user_uses(offer):
            raise ModelRefusal("LIMIT_BELOW_USES")
        offer.per_user = per_user

    def change_code(self, offer: Offer, code: str, exact: bool) -> None:
        if self.list_by_offer(offer) and (code, exact) != (
            offer.code,
            offer.case_sensitive,
        ):
            raise ModelRefusal("CODE_RULES_FROZEN")
        if (code, exact) != (offer.code, offer.case_sensitive):
            renamed = Offer(code=code, case_sensitive=exact)
            others = [one for one in self.offers if one is not offer]
            ReferenceModel(others, self.coupons)._check_code(renamed)
        offer.code, offer.case_sensitive = code, exact

    def generate(
        self, offer: Offer, users: Sequence[str], now: datetime, ends: datetime | None
    ) -> tuple[list[HeldCoupon], list[HeldCoupon]]:
        """The coupons in the order of the users, and those that are new."""
        if offer.status != "active":
            raise ModelRefusal("DEFINITION_NOT_ACTIVE")
        if offer.code and "" in users:
            raise ModelRefusal("CUSTOM_NEEDS_USERS")
        # Awards may be repeated; otherwise a user has a custom code once.
        once = offer.code and not offer.awarded_only
        held = {one.user: one for one in self.list_by_offer(offer)} if once else {}
        given = [
            held.get(user) or HeldCoupon(offer, user, offer.code, now, ends)
            for user in users
        ]
        new = [one for one in given if one not in held.values()]
        awards = sum(one.user != "" for one in new) if offer.awarded_only else 0
        if offer.total and awards and self.count_assigned(offer) + awards > offer.total:
            raise ModelRefusal("TOTAL_LIMIT_REACHED")
        self.coupons += new
        return given, new

    def revoke(self, chosen: Sequence[HeldCoupon]) -> HeldCoupon:
        if not chosen:
            raise ModelRefusal("COUPON_NOT_FOUND")
        if len(chosen) > 1:
            raise ModelRefusal("SEVERAL_COUPONS")
        (one,) = chosen
        spent = one.offer.per_code and one.use_count >= one.offer.per_code
        if spent and not one.revoked:
            raise ModelRefusal("COUPON_REDEEMED")
        one.revoked = True
        return one

    # ----------------------------------------------------------------- players

    def find_for_user(
        self, code: str, user: str, now: datetime
    ) -> tuple[HeldCoupon | None, str]:
        """What a code is for a user, and why it cannot be used ("" if it can)."""
        fits = self._list_user_candidates(code, user) or self._list_claimable(
            code, user, now
        )
        found = {one: self.get_violation(one, user, now) for one in fits}
        usable = (one for one, why in found.items() if not why)
        one = next(usable, next(iter(found), None))
        return one, found[one] if one else NOT_FOUND

    def _list_user_candidates(self, code: str, user: str) -> list[HeldCoupon]:
        """The user's own, or nobody's: of copies the first that may be used counts."""
        return [
            one
            for one in self.list_by_code(code)
            if one.user == user or (one.user == "" and not one.offer.awarded_only)
        ]

    def _list_claimable(self, code: str, user: str, now: datetime) -> list[HeldCoupon]:
        """What the user would get by claiming the code."""
        return [
            HeldCoupon(offer, user, offer.code, now)
            for offer in self.offers
            if offer.code
            and offer.claimable
            and is_same_code(offer.code, code, offer.case_sensitive)
        ]

    def find_without_user(
        self, code: str, now: datetime
    ) -> tuple[HeldCoupon | None, Offer | None, str]:
        """What a code is without a user: its only coupon, or its definition."""
        found = self.list_by_code(code)
        if len(found) == 1:
            return found[0], None, self.get_violation(found[0], "", now)
        for offer in self.offers:
            known = offer.code and (found or offer.claimable)
            if known and is_same_code(offer.code, code, offer.case_sensitive):
                nobodys = HeldCoupon(offer, "", offer.code, now)
                return None, offer, self.get_violation(nobodys, "", now)
        return None, None, NOT_FOUND

    def get_violation(self, one: HeldCoupon, user: str, now: datetime) -> str:
        offer = one.offer
        spent = bool(offer.per_code) and one.use_count >= offer.per_code
        counted = 0 if offer.awarded_only else self.count_uses(offer)
        mine = self.count_uses(offer, user) if user else 0
        against = {
            REVOKED: one.revoked,
            ALREADY_REDEEMED: spent and offer.per_code == 1,
            USED_UP: spent,
            ARCHIVED: offer.status == "archived",
            EXPIRED: bool(one.expires) and now > one.expires,
            NOT_YET_ACTIVE: bool(offer.starts) and now < offer.starts,
            USER_LIMIT_REACHED: bool(offer.per_user) and mine >= offer.per_user,
            POOL_EXHAUSTED: bool(offer.total) and counted >= offer.total,
        }
        return next((reason for reason, holds in against.items() if holds), "")

    def redeem(
        self, code: str, user: str, now: datetime
    ) -> tuple[HeldCoupon | None, str]:
        """Use a code: the coupon as it is then, or why not."""
        one, why = self.find_for_user(code, user, now)
        if one is None or why:
            return None, why
        if one not in self.coupons:
            self.coupons.append(one)
        one.user, one.use_count, one.last_used_at = user, one.use_count + 1, now
        one.used_by.append(user)
        return one, ""

    # ------------------------------------------------------------------ counts

    def list_by_code(self, code: str) -> list[HeldCoupon]:
        return [
            one
            for one in self.coupons
            if is_same_code(one.code, code, one.offer.case_sensitive)
        ]

    def list_by_offer(self, offer: Offer) -> list[HeldCoupon]:
        return [one for one in self.coupons if one.offer is offer]

    def count_uses(self, offer: Offer, user: str = "") -> int:
        who = [name for one in self.list_by_offer(offer) for name in one.used_by]
        return sum(user in ("", name) for name in who)

    def get_max_code_uses(self, offer: Offer) -> int:
        return max((one.use_count for one in self.list_by_offer(offer)), default=0)

    def get_max_user_uses(self, offer: Offer) -> int:
        users = {one.user for one in self.list_by_offer(offer)} - {""}
        return max((self.count_uses(offer, user) for user in users), default=0)

    def count_toward_total(self, offer: Offer) -> int:
        """What a total limit of the definition counts."""
        return (
            self.count_assigned(offer) if offer.awarded_only else self.count_uses(offer)
        )

    def count_assigned(self, offer: Offer) -> int:
        return sum(one.user != "" for one in self.list_by_offer(offer))


def is_same_code(a: str, b: str, exact: bool) -> bool:
    """Whether two spellings are one code."""
    a, b = a.strip(" \t"), b.strip(" \t")
    return a == b if exact else a.upper() == b.upper()
