"""What the documents say must happen, in plain Python and without our rules.

Written from docs/api-contracts.md 0 and the Phoenix specification alone; it knows no
database, no HTTP and none of the core, so that a mistake in the core is not made here
as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.stateful.model_state import ModelState, is_same_code
from tests.stateful.reference_data import (
    ALREADY_REDEEMED,
    ARCHIVED,
    EXPIRED,
    NOT_FOUND,
    NOT_YET_ACTIVE,
    PERIOD_LIMIT_REACHED,
    POOL_EXHAUSTED,
    RESERVED,
    REVOKED,
    SUSPENDED,
    USED_UP,
    USER_LIMIT_REACHED,
    HeldCoupon,
    HeldUse,
    ModelRefusal,
    Offer,
)


@dataclass(eq=False)
class ReferenceModel(ModelState):
    """The expected state, and the expected result of each request."""

    # ------------------------------------------------------------------ admins

    def define(self, offer: Offer) -> None:
        """Create an offer."""
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
                other.code, offer.code, other.case_sensitive and offer.case_sensitive
            )
            for other in self.offers
            if other is not offer and other.code
        )

    def _is_generated_code(self, code: str) -> bool:
        generated = (coupon for coupon in self.coupons if not coupon.offer.code)
        return any(is_same_code(coupon.code, code, False) for coupon in generated)

    def change_dates(
        self, offer: Offer, starts: datetime | None, ends: datetime | None
    ) -> None:
        """Change the dates of an offer."""
        self._check_dates(Offer(starts=starts, ends=ends))
        offer.starts, offer.ends = starts, ends

    def change_limits(self, offer: Offer, per_code: int, total: int) -> None:
        """Change the limits per code and in total."""
        max_code_uses, counted_uses = (
            self.get_max_code_uses(offer),
            self.count_toward_total(offer),
        )
        if (per_code and per_code < max_code_uses) or (total and total < counted_uses):
            raise ModelRefusal("LIMIT_BELOW_USES")
        offer.per_code, offer.total = per_code, total

    def change_user_limit(self, offer: Offer, per_user: int) -> None:
        """Change the limit per user."""
        if 0 < per_user < self.get_max_user_uses(offer):
            raise ModelRefusal("LIMIT_BELOW_USES")
        offer.per_user = per_user

    def change_period_limit(
        self, offer: Offer, period: str, per_period: int, now: datetime
    ) -> None:
        """Change the limit per user and period."""
        if 0 < per_period < self.get_max_period_uses(offer, period, now):
            raise ModelRefusal("LIMIT_BELOW_USES")
        if per_period and (not offer.per_period or offer.period != period):
            for coupon in self.list_by_offer(offer):
                coupon.counted_at = list(coupon.used_at)
        offer.per_period, offer.period = per_period, period

    def change_code(self, offer: Offer, code: str, exact: bool) -> None:
        """Change the custom code of an offer without coupons."""
        if self.list_by_offer(offer) and (code, exact) != (
            offer.code,
            offer.case_sensitive,
        ):
            raise ModelRefusal("CODE_RULES_FROZEN")
        if (code, exact) != (offer.code, offer.case_sensitive):
            renamed = Offer(code=code, case_sensitive=exact)
            others = [other for other in self.offers if other is not offer]
            ReferenceModel(others, self.coupons)._check_code(renamed)
        offer.code, offer.case_sensitive = code, exact

    def generate(
        self, offer: Offer, users: Sequence[str], now: datetime, ends: datetime | None
    ) -> tuple[list[HeldCoupon], list[HeldCoupon]]:
        """Return the coupons in the order of the users, and those that are new."""
        if ends and ends <= now:
            raise ModelRefusal("EXPIRY_IS_PAST")
        if offer.status != "active":
            raise ModelRefusal("DEFINITION_NOT_ACTIVE")
        if offer.suspended:
            raise ModelRefusal("DEFINITION_SUSPENDED")
        if offer.code and "" in users:
            raise ModelRefusal("CUSTOM_NEEDS_USERS")
        # Awards may be repeated; otherwise a user gets a custom code once.
        once = offer.code and not offer.awarded_only
        held = (
            {coupon.user: coupon for coupon in self.list_by_offer(offer)}
            if once
            else {}
        )
        result = [
            held.get(user) or HeldCoupon(offer, user, offer.code, now, ends)
            for user in users
        ]
        new = [coupon for coupon in result if coupon not in held.values()]
        awards = sum(coupon.user != "" for coupon in new) if offer.awarded_only else 0
        if offer.total and awards and self.count_assigned(offer) + awards > offer.total:
            raise ModelRefusal("TOTAL_LIMIT_REACHED")
        self.coupons += new
        return result, new

    def revoke(self, chosen: Sequence[HeldCoupon]) -> HeldCoupon:
        """Revoke the chosen coupon; refuse unless there is exactly one."""
        if not chosen:
            raise ModelRefusal("COUPON_NOT_FOUND")
        if len(chosen) > 1:
            raise ModelRefusal("SEVERAL_COUPONS")
        (coupon,) = chosen
        is_spent = coupon.offer.per_code and coupon.use_count >= coupon.offer.per_code
        if is_spent and not coupon.revoked:
            raise ModelRefusal("COUPON_REDEEMED")
        coupon.revoked = True
        return coupon

    def move_expiries(self, offer: Offer, expires_at: datetime | None) -> int:
        """Move the expiry of an offer's usable coupons; return how many changed."""
        changed = [
            coupon
            for coupon in self.list_by_offer(offer)
            if not coupon.revoked
            and not (offer.per_code and coupon.use_count >= offer.per_code)
            and coupon.own_end != expires_at
        ]
        for coupon in changed:
            coupon.own_end = expires_at
        return len(changed)

    def reverse(self, coupon: HeldCoupon, number: int) -> None:
        """Give one of the uses of a coupon back; the coupon stays its user's."""
        del coupon.used_by[number], coupon.used_at[number]
        del coupon.counted_at[number]
        coupon.use_count -= 1
        coupon.last_used_at = max(coupon.used_at, default=None)

    # ----------------------------------------------------------------- players

    def find_for_user(
        self, code: str, user: str, now: datetime
    ) -> tuple[HeldCoupon | None, str]:
        """Return the coupon that a user redeems, and the violation ("" if none)."""
        candidates = self._list_user_candidates(code, user) or self._list_claimable(
            code, user, now
        )
        violations = {
            coupon: self.get_violation(coupon, user, now) for coupon in candidates
        }
        usable = (coupon for coupon, violation in violations.items() if not violation)
        coupon = next(usable, next(iter(violations), None))
        return coupon, violations[coupon] if coupon else NOT_FOUND

    def _list_user_candidates(self, code: str, user: str) -> list[HeldCoupon]:
        """Return the user's own coupons and unassigned ones, the usable one first."""
        return [
            coupon
            for coupon in self.list_by_code(code)
            if coupon.user == user
            or (coupon.user == "" and not coupon.offer.awarded_only)
        ]

    def _list_claimable(self, code: str, user: str, now: datetime) -> list[HeldCoupon]:
        """Return the coupons that the user would get by claiming the code."""
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
        """Return the only coupon of a code, or its definition, and the violation."""
        coupons = self.list_by_code(code)
        if len(coupons) == 1:
            return coupons[0], None, self.get_violation(coupons[0], "", now)
        for offer in self.offers:
            is_found = offer.code and (coupons or offer.claimable)
            if is_found and is_same_code(offer.code, code, offer.case_sensitive):
                unassigned = HeldCoupon(offer, "", offer.code, now)
                return None, offer, self.get_violation(unassigned, "", now)
        return None, None, NOT_FOUND

    def get_violation(self, coupon: HeldCoupon, user: str, now: datetime) -> str:
        """Return why a coupon cannot be redeemed, or ""."""
        offer = coupon.offer
        is_spent = bool(offer.per_code) and coupon.use_count >= offer.per_code
        counted_uses = 0 if offer.awarded_only else self.count_uses(offer)
        if not offer.awarded_only:
            counted_uses += len(self.list_live(offer))
        violations = (
            (REVOKED, coupon.revoked),
            (SUSPENDED, offer.suspended),
            (ALREADY_REDEEMED, is_spent and offer.per_code == 1),
            (USED_UP, is_spent),
            (RESERVED, self._is_reserved(coupon, user)),
            (ARCHIVED, offer.status == "archived"),
            (EXPIRED, bool(coupon.expires) and now > coupon.expires),
            (NOT_YET_ACTIVE, bool(offer.starts) and now < offer.starts),
            *self._list_user_violations(offer, user, now),
            (POOL_EXHAUSTED, bool(offer.total) and counted_uses >= offer.total),
        )
        return next((reason for reason, holds in violations if holds), "")

    def _list_user_violations(
        self, offer: Offer, user: str, now: datetime
    ) -> Iterator[tuple[str, bool]]:
        if not user:
            return
        uses, holds = self.count_uses(offer, user), len(self.list_live(offer, user))
        if offer.per_user:
            yield USER_LIMIT_REACHED, uses >= offer.per_user
            yield RESERVED, uses + holds >= offer.per_user
        if offer.per_period:
            uses = self.count_period_uses(offer, user, offer.period, now)
            holds = self.count_period_holds(offer, user, offer.period, now)
            yield PERIOD_LIMIT_REACHED, uses >= offer.per_period
            yield RESERVED, uses + holds >= offer.per_period

    def _is_reserved(self, coupon: HeldCoupon, user: str) -> bool:
        """Return True if reservations hold what is left of a coupon."""
        per_code = coupon.offer.per_code
        held = [use for use in self.list_live(coupon.offer) if use.coupon is coupon]
        is_full = bool(per_code) and coupon.use_count + len(held) >= per_code
        return bool(held) and (is_full or any(use.user != user for use in held))

    def reserve(
        self, code: str, user: str, now: datetime, ttl_seconds: int
    ) -> tuple[HeldUse | None, str]:
        """Reserve a use of a code; return the reservation, or the violation."""
        coupon, violation = self.find_for_user(code, user, now)
        if coupon is None or violation:
            return None, violation
        if coupon not in self.coupons:
            self.coupons.append(coupon)
        held = HeldUse(coupon, user, now, now + timedelta(seconds=ttl_seconds))
        self.reservations.append(held)
        return held, ""

    def confirm(self, held: HeldUse, now: datetime) -> None:
        """Redeem a reserved use; after its end, if that is still possible."""
        coupon, offer = held.coupon, held.coupon.offer
        if held.state == "released":
            raise ModelRefusal("RESERVATION_RELEASED")
        if held.state == "confirmed":
            return
        is_live = held.is_live(now)
        if not is_live and coupon.user not in ("", held.user):
            raise ModelRefusal("RESERVATION_EXPIRED")
        for code, applies in (
            ("COUPON_REVOKED", coupon.revoked),
            ("COUPON_SUSPENDED", offer.suspended),
            ("COUPON_UNAVAILABLE", offer.status == "archived"),
        ):
            violation = "" if is_live else self.get_violation(coupon, held.user, now)
            if applies and violation in ("", REVOKED, SUSPENDED, ARCHIVED):
                raise ModelRefusal(code)
        if not is_live and self.get_violation(coupon, held.user, now):
            raise ModelRefusal("RESERVATION_EXPIRED")
        held.state, coupon.user = "confirmed", held.user
        is_counted = is_live and offer.per_period
        self._add_use(coupon, now, held.reserved_at if is_counted else now)

    def release(self, held: HeldUse, now: datetime) -> None:
        """Give a reserved use back."""
        if held.state == "confirmed":
            raise ModelRefusal("RESERVATION_CONFIRMED")
        if held.is_live(now):
            held.state = "released"

    def _add_use(self, coupon: HeldCoupon, now: datetime, counted_at: datetime) -> None:
        coupon.use_count, coupon.last_used_at = coupon.use_count + 1, now
        coupon.used_by.append(coupon.user)
        coupon.used_at.append(now)
        coupon.counted_at.append(counted_at)

    def redeem(
        self, code: str, user: str, now: datetime
    ) -> tuple[HeldCoupon | None, str]:
        """Redeem a code; return the coupon afterwards, or the violation."""
        coupon, violation = self.find_for_user(code, user, now)
        if coupon is None or violation:
            return None, violation
        if coupon not in self.coupons:
            self.coupons.append(coupon)
        coupon.user = user
        self._add_use(coupon, now, now)
        return coupon, ""
