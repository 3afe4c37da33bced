"""What the documents say must happen, in plain Python and without our rules.

Written from CONTRACTS 0 and the documents S0 to S2 alone; it knows no database, no
HTTP and none of the core, so that a mistake in the core is not made here as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

NOT_FOUND, REVOKED, USED = "not found", "revoked", "already redeemed"
USED_UP, ARCHIVED, EXPIRED = "used up", "archived", "expired"
EARLY, USER_LIMIT, EMPTY = "not yet active", "user's limit", "pool empty"


class No(Exception):
    """An admin's wish that must be refused, with this code."""


@dataclass(eq=False)
class Offer:
    """A definition: how its coupons may be used."""

    code: str = ""  # "" is random: each coupon has its own
    exact: bool = False  # codes are told apart by case
    open_: bool = False  # whoever types the code has a coupon
    starts: datetime | None = None
    ends: datetime | None = None
    per_code: int = 1
    per_user: int = 0
    total: int = 0
    awarded: bool = False
    status: str = "active"
    id: str = ""


@dataclass(eq=False)
class Held:
    """A coupon."""

    offer: Offer
    user: str
    code: str
    made: datetime
    ends: datetime | None = None
    uses: int = 0
    last: datetime | None = None
    revoked: bool = False
    id: str = ""
    # who used it when, to count by user
    used_by: list[str] = field(default_factory=list)

    @property
    def expires(self) -> datetime | None:
        return self.ends or self.offer.ends

    def status(self, now: datetime) -> str:
        if self.revoked:
            return "revoked"
        if self.offer.per_code and self.uses >= self.offer.per_code:
            return "redeemed"
        return "expired" if self.expires and self.expires < now else "active"


@dataclass(eq=False)
class Oracle:
    """All that is, and what must become of a wish."""

    offers: list[Offer] = field(default_factory=list)
    coupons: list[Held] = field(default_factory=list)

    # ------------------------------------------------------------------ admins

    def define(self, offer: Offer) -> None:
        self._check_dates(offer)
        self._check_code(offer)
        self.offers.append(offer)

    def _check_dates(self, offer: Offer) -> None:
        if offer.starts and offer.ends and not offer.starts < offer.ends:
            raise No("DATES_REVERSED")

    def _check_code(self, offer: Offer) -> None:
        if offer.code and (self._rival(offer) or self._own_code(offer.code)):
            raise No("CODE_TAKEN")

    def _rival(self, offer: Offer) -> bool:
        return any(
            same(one.code, offer.code, one.exact and offer.exact)
            for one in self.offers
            if one is not offer and one.code
        )

    def _own_code(self, code: str) -> bool:
        alone = (one for one in self.coupons if not one.offer.code)
        return any(same(one.code, code, False) for one in alone)

    def redate(
        self, offer: Offer, starts: datetime | None, ends: datetime | None
    ) -> None:
        self._check_dates(Offer(starts=starts, ends=ends))
        offer.starts, offer.ends = starts, ends

    def limit(self, offer: Offer, per_code: int, total: int) -> None:
        most, counted = self.most_used(offer), self.counted(offer)
        if (per_code and per_code < most) or (total and total < counted):
            raise No("LIMIT_BELOW_USES")
        offer.per_code, offer.total = per_code, total

    def limit_by_user(self, offer: Offer, per_user: int) -> None:
        if 0 < per_user < self.most_of_user(offer):
            raise No("LIMIT_BELOW_USES")
        offer.per_user = per_user

    def rename(self, offer: Offer, code: str, exact: bool) -> None:
        if self.of(offer) and (code, exact) != (offer.code, offer.exact):
            raise No("CODE_RULES_FROZEN")
        if (code, exact) != (offer.code, offer.exact):
            renamed = Offer(code=code, exact=exact)
            others = [one for one in self.offers if one is not offer]
            Oracle(others, self.coupons)._check_code(renamed)
        offer.code, offer.exact = code, exact

    def generate(
        self, offer: Offer, users: Sequence[str], now: datetime, ends: datetime | None
    ) -> tuple[list[Held], list[Held]]:
        """The coupons in the order of the users, and those that are new."""
        if offer.status != "active":
            raise No("DEFINITION_NOT_ACTIVE")
        if offer.code and "" in users:
            raise No("CUSTOM_NEEDS_USERS")
        # Awards may be repeated; otherwise a user has a custom code once.
        once = offer.code and not offer.awarded
        held = {one.user: one for one in self.of(offer)} if once else {}
        given = [
            held.get(user) or Held(offer, user, offer.code, now, ends) for user in users
        ]
        new = [one for one in given if one not in held.values()]
        awards = sum(one.user != "" for one in new) if offer.awarded else 0
        if offer.total and awards and self.given(offer) + awards > offer.total:
            raise No("TOTAL_LIMIT_REACHED")
        self.coupons += new
        return given, new

    def revoke(self, chosen: Sequence[Held]) -> Held:
        if not chosen:
            raise No("COUPON_NOT_FOUND")
        if len(chosen) > 1:
            raise No("SEVERAL_COUPONS")
        (one,) = chosen
        spent = one.offer.per_code and one.uses >= one.offer.per_code
        if spent and not one.revoked:
            raise No("COUPON_REDEEMED")
        one.revoked = True
        return one

    # ----------------------------------------------------------------- players

    def look(self, code: str, user: str, now: datetime) -> tuple[Held | None, str]:
        """What a code is for a user, and why it cannot be used ("" if it can)."""
        fits = self._mine(code, user) or self._open(code, user, now)
        found = {one: self.why_not(one, user, now) for one in fits}
        usable = (one for one, why in found.items() if not why)
        one = next(usable, next(iter(found), None))
        return one, found[one] if one else NOT_FOUND

    def _mine(self, code: str, user: str) -> list[Held]:
        """The user's own, or nobody's: of copies the first that may be used counts."""
        return [
            one
            for one in self.bearing(code)
            if one.user == user or (one.user == "" and not one.offer.awarded)
        ]

    def _open(self, code: str, user: str, now: datetime) -> list[Held]:
        """What the user would get by claiming the code."""
        return [
            Held(offer, user, offer.code, now)
            for offer in self.offers
            if offer.code and offer.open_ and same(offer.code, code, offer.exact)
        ]

    def look_around(
        self, code: str, now: datetime
    ) -> tuple[Held | None, Offer | None, str]:
        """What a code is without a user: its only coupon, or its definition."""
        found = self.bearing(code)
        if len(found) == 1:
            return found[0], None, self.why_not(found[0], "", now)
        for offer in self.offers:
            known = offer.code and (found or offer.open_)
            if known and same(offer.code, code, offer.exact):
                nobodys = Held(offer, "", offer.code, now)
                return None, offer, self.why_not(nobodys, "", now)
        return None, None, NOT_FOUND

    def why_not(self, one: Held, user: str, now: datetime) -> str:
        offer = one.offer
        spent = bool(offer.per_code) and one.uses >= offer.per_code
        counted = 0 if offer.awarded else self.uses(offer)
        mine = self.uses(offer, user) if user else 0
        against = {
            REVOKED: one.revoked,
            USED: spent and offer.per_code == 1,
            USED_UP: spent,
            ARCHIVED: offer.status == "archived",
            EXPIRED: bool(one.expires) and now > one.expires,
            EARLY: bool(offer.starts) and now < offer.starts,
            USER_LIMIT: bool(offer.per_user) and mine >= offer.per_user,
            EMPTY: bool(offer.total) and counted >= offer.total,
        }
        return next((reason for reason, holds in against.items() if holds), "")

    def redeem(self, code: str, user: str, now: datetime) -> tuple[Held | None, str]:
        """Use a code: the coupon as it is then, or why not."""
        one, why = self.look(code, user, now)
        if one is None or why:
            return None, why
        if one not in self.coupons:
            self.coupons.append(one)
        one.user, one.uses, one.last = user, one.uses + 1, now
        one.used_by.append(user)
        return one, ""

    # ------------------------------------------------------------------ counts

    def bearing(self, code: str) -> list[Held]:
        return [one for one in self.coupons if same(one.code, code, one.offer.exact)]

    def of(self, offer: Offer) -> list[Held]:
        return [one for one in self.coupons if one.offer is offer]

    def uses(self, offer: Offer, user: str = "") -> int:
        who = [name for one in self.of(offer) for name in one.used_by]
        return sum(user in ("", name) for name in who)

    def most_used(self, offer: Offer) -> int:
        return max((one.uses for one in self.of(offer)), default=0)

    def most_of_user(self, offer: Offer) -> int:
        users = {one.user for one in self.of(offer)} - {""}
        return max((self.uses(offer, user) for user in users), default=0)

    def counted(self, offer: Offer) -> int:
        """What a total limit of the definition counts."""
        return self.given(offer) if offer.awarded else self.uses(offer)

    def given(self, offer: Offer) -> int:
        return sum(one.user != "" for one in self.of(offer))


def same(a: str, b: str, exact: bool) -> bool:
    """Whether two spellings are one code."""
    a, b = a.strip(" \t"), b.strip(" \t")
    return a == b if exact else a.upper() == b.upper()
