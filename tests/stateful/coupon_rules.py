"""Rules that issue and revoke coupons."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    precondition,
    rule,
)

from coupon_core.domain.timestamps import format_timestamp
from tests.stateful.api_client import (
    to_comparable_coupon,
    to_expected_coupon,
)
from tests.stateful.machine_base import pick_item
from tests.stateful.offer_rules import OfferRules
from tests.stateful.reference_data import HeldCoupon, Offer
from tests.stateful.strategies import (
    ARCHIVED,
    COUPON_EXPIRED,
    DEFAULT_CALL_STYLE,
    GLOBAL,
    LIMITED,
    OUTSIDE_DATES,
    PER_CODE,
    REVOKED,
    USED,
    USERS,
    DialectOfferRequest,
    OfferRequest,
    days,
    dialect_offer_requests,
    indexes,
    offer_requests,
    spellings,
    users,
    violation_sets,
)


class CouponRules(OfferRules):
    """Coupons are issued and revoked by the tenant's administrators."""

    @initialize(
        requests=st.lists(offer_requests, min_size=2, max_size=3),
        odd=st.lists(dialect_offer_requests, min_size=1, max_size=2),
        against=st.lists(violation_sets, min_size=3, max_size=3),
    )
    def create_initial_offers(
        self,
        requests: list[OfferRequest],
        odd: list[DialectOfferRequest],
        against: list[set[str]],
    ) -> None:
        """Begin with offers and coupons, so that rules have something to work on."""
        for request in requests:
            self._define(request)
        for dialect_request in odd:
            self._define_in_other_dialect(dialect_request)
        for offer in self.model.offers:
            for _ in range(1 + offer.awarded_only):  # awards may be issued repeatedly
                self._generate(offer, USERS[:1] if offer.claimable else USERS, None)
            self._generate(offer, [], None)
            for coupon in (
                self.model.list_by_offer(offer)[:2] if offer.awarded_only else ()
            ):
                self._check_redeem(coupon.code, "ann", DEFAULT_CALL_STYLE)
        for offer, violations in zip(self.model.offers[::-1], against, strict=False):
            self._combine_violations(offer, violations)

    @precondition(lambda self: self.model.offers)
    @rule(pick=indexes, user_ids=st.sets(users), ends=days)
    def generate(self, pick: int, user_ids: set[str], ends: int | None) -> None:
        """Issue coupons to some users, or unassigned ones."""
        self._generate(
            pick_item(self.model.offers, pick), sorted(user_ids), self._to_date(ends)
        )

    def _generate(self, offer: Offer, names: list[str], until: datetime | None) -> None:
        body = {"user_ids": names} if names else {"count": 2}
        body |= {"expires_at": format_timestamp(until)} if until else {}
        answer = self.api_client.call_admin("POST", f"/{offer.id}/generate", body)
        results: list[Any] = []

        def generate_in_model() -> None:
            user_ids = names or ["", ""]
            results.append(self.model.generate(offer, user_ids, self.now, until))

        if self._check_agreement(generate_in_model, answer, 201):
            ((held_coupons, _new),) = results
            for coupon, answered in zip(
                held_coupons, answer.json["coupons"], strict=True
            ):
                coupon.id, coupon.code = (
                    coupon.id or answered["id"],
                    coupon.code or answered["code"],
                )
                assert to_comparable_coupon(answered) == to_expected_coupon(
                    coupon, self.now
                )

    @precondition(lambda self: self.model.coupons)
    @rule(pick=indexes, used=st.booleans())
    def revoke(self, pick: int, used: bool) -> None:
        """Revoke a coupon by its ID."""
        coupons = self.model.coupons
        matching = [coupon for coupon in coupons if used == bool(coupon.use_count)]
        self._revoke(pick_item(matching or coupons, pick))

    def _revoke(self, coupon: HeldCoupon) -> None:
        path = f"/{coupon.offer.id}/coupons/{coupon.id}/revoke"
        answer = self.api_client.call_admin("POST", path)
        if self._check_agreement(lambda: self.model.revoke([coupon]), answer):
            assert to_comparable_coupon(answer.json) == to_expected_coupon(
                coupon, self.now
            )

    @precondition(lambda self: self.model.coupons)
    @rule(pick=indexes, user=st.sampled_from(["", *USERS]), spelt=spellings)
    def revoke_by_code(self, pick: int, user: str, spelt: Callable[[str], str]) -> None:
        """Revoke a coupon by its code."""
        picked = pick_item(self.model.coupons, pick)
        code = spelt(picked.code).strip()
        body = {"code": code, **({"user_id": user} if user else {})}
        same_offer = [
            coupon
            for coupon in self.model.list_by_code(code)
            if coupon.offer is picked.offer
        ]
        matching = [coupon for coupon in same_offer if not user or coupon.user == user]
        path = f"/{picked.offer.id}/coupons/revoke"
        answer = self.api_client.call_admin("POST", path, body)
        self._check_agreement(lambda: self.model.revoke(matching), answer)

    @precondition(lambda self: self.model.offers)
    @rule(pick=indexes, against=violation_sets)
    def combine_violations(self, pick: int, against: set[str]) -> None:
        """Apply several violations to an offer's coupons at once, then remove some."""
        self._combine_violations(pick_item(self.model.offers, pick), against)

    def _combine_violations(self, offer: Offer, against: set[str]) -> None:
        self._set_status(offer, "active")
        if COUPON_EXPIRED in against:
            expires_at = self.now + timedelta(seconds=1)
            self._generate(offer, ["bob"], expires_at)
            self._set_time(expires_at + timedelta(seconds=1))
        else:
            self._generate(offer, ["bob"], None)
        for coupon in self.model.list_by_offer(offer)[-3:]:
            for _ in range(2 if USED in against else 0):
                self._check_redeem(
                    coupon.code, coupon.user or "ann", DEFAULT_CALL_STYLE
                )
            if REVOKED in against:
                self._revoke(coupon)
        if LIMITED in against:
            self._tighten_limits(offer)
        if OUTSIDE_DATES in against:
            self._change_dates(
                offer, *((1, None) if COUPON_EXPIRED in against else (None, -1))
            )
        self._check_with_status(offer, "archived" if ARCHIVED in against else "paused")

    def _tighten_limits(self, offer: Offer) -> None:
        """Set limits below the uses, which is refused, and then to exactly the uses."""
        max_code_uses, total_uses = (
            self.model.get_max_code_uses(offer),
            self.model.count_toward_total(offer),
        )
        limits = [(PER_CODE, max(1, max_code_uses)), (GLOBAL, max(1, total_uses))]
        for kind, uses in limits:
            if uses > 1:
                self._change_limit(offer, kind, uses - 1)
        self._change_limit(offer, *limits[total_uses > max_code_uses > 0])

    def _check_with_status(self, offer: Offer, status: str) -> None:
        """Check the offer while it issues nothing, and after it is active again."""
        codes = sorted({coupon.code for coupon in self.model.list_by_offer(offer)[-4:]})
        self._set_status(offer, status)
        self._generate(offer, ["ann"], None)
        if offer.code:
            self._change_code(offer, "LATE", offer.case_sensitive)
        self._check_codes(codes)
        self._set_status(offer, "active")
        self._check_codes(codes)
        self._get_list_checks().check_offer(offer)
