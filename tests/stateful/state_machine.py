"""The life that hypothesis leads: every step is taken by the system and the model."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest
import time_machine
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
)
from werkzeug.test import TestResponse

from coupon_core.domain.models import CodeFormat, Refused
from coupon_core.domain.timestamps import format_timestamp
from coupon_core.persistence import database
from coupon_core.security import authentication
from coupon_core.services.catalog import definitions
from tests.query_gateway.caller import CallStyle
from tests.stateful.api_client import (
    EXPECTED_REFUSALS,
    ApiClient,
    expect_refusal,
    to_comparable_coupon,
    to_expected_coupon,
)
from tests.stateful.list_checks import STATUSES, ListChecks
from tests.stateful.reference_model import (
    HeldCoupon,
    ModelRefusal,
    Offer,
    ReferenceModel,
)
from tests.stateful.strategies import (
    ARCHIVED,
    CODES,
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
    call_styles,
    days,
    dialect_offer_requests,
    indexes,
    limit_kinds,
    offer_requests,
    spellings,
    statuses,
    tenant_wide_styles,
    to_limit_members,
    to_limits,
    users,
    violation_sets,
)

Item = TypeVar("Thing")
START_TIME = datetime(2026, 5, 4, 12, tzinfo=UTC)
numbers = itertools.count(1)


class CouponStateMachine(RuleBasedStateMachine):
    """One tenant from its first definition on, with the clock in our hands."""

    api_client: ApiClient

    def __init__(self) -> None:
        super().__init__()
        self.model = ReferenceModel()
        self.now = START_TIME
        self.clock_stack = contextlib.ExitStack()
        self._set_clock()

    def _set_clock(self) -> None:
        self.clock_stack.close()
        self.clock_stack.enter_context(time_machine.travel(self.now, tick=False))
        authentication.clear_credential_caches()

    def teardown(self) -> None:
        self._get_list_checks().check_all(USERS)
        self.clock_stack.close()
        database.release_connection()

    # ------------------------------------------------------------------- clock

    @rule(seconds=st.sampled_from([1, 59, 3_600, 86_400]))
    def advance_time(self, seconds: int) -> None:
        self._set_time(self.now + timedelta(seconds=seconds))
        self._check_codes(self._list_codes())

    @precondition(lambda self: self._list_boundaries())
    @rule(pick=indexes)
    def advance_to_boundary(self, pick: int) -> None:
        """To the second at a start or an end that is still to come."""
        moments = self._list_boundaries()
        then = pick_item(sorted(moments), pick)
        for seconds in (-1, 0, 1):
            self._set_time(max(self.now, then + timedelta(seconds=seconds)))
            self._check_codes(sorted(moments[then])[:4])
            for user in USERS:
                self._get_list_checks().check_user_coupons(
                    user, DEFAULT_CALL_STYLE, "expired"
                )

    def _set_time(self, then: datetime) -> None:
        self.now = then
        self._set_clock()

    def _list_boundaries(self) -> dict[datetime, set[str]]:
        """When something will change, and with which codes that can be seen."""
        found: dict[datetime, set[str]] = {}
        for one in self.model.coupons:
            told = {one.own_end, one.offer.starts, one.offer.ends}
            for moment in told - {None}:
                if moment > self.now and one.offer.status != "archived":
                    found.setdefault(moment, set()).add(one.code)
        return found

    # ------------------------------------------------------------------ admins

    @initialize(
        wishes=st.lists(offer_requests, min_size=2, max_size=3),
        odd=st.lists(dialect_offer_requests, min_size=1, max_size=2),
        against=st.lists(violation_sets, min_size=3, max_size=3),
    )
    def create_initial_offers(
        self,
        wishes: list[OfferRequest],
        odd: list[DialectOfferRequest],
        against: list[set[str]],
    ) -> None:
        """Begin with something to use or to claim, rather than with nothing."""
        for wish in wishes:
            self._define(wish)
        for one in odd:
            self._define_in_other_dialect(one)
        for offer in self.model.offers:
            for _ in range(1 + offer.awarded_only):  # of awards there may be copies
                self._generate(offer, USERS[:1] if offer.claimable else USERS, None)
            self._generate(offer, [], None)
            for one in (
                self.model.list_by_offer(offer)[:2] if offer.awarded_only else ()
            ):
                self._check_redeem(one.code, "ann", DEFAULT_CALL_STYLE)
        for offer, pile in zip(self.model.offers[::-1], against, strict=False):
            self._combine_violations(offer, pile)

    @rule(wish=offer_requests)
    def define(self, wish: OfferRequest) -> None:
        self._define(wish)

    def _define(self, wish: OfferRequest) -> None:
        offer = Offer(
            wish.code,
            wish.case_sensitive,
            wish.claimable and bool(wish.code),
            self._to_date(wish.starts),
            self._to_date(wish.ends),
            **to_limits(wish.limit),
        )
        body = {
            "name": f"Offer {next(numbers)}",
            "config": self._build_config(offer, wish),
        }
        answer = self.api_client.call_admin("POST", "", body)
        if self._check_agreement(lambda: self.model.define(offer), answer, 201):
            offer.id = answer.json["id"]

    def _build_config(self, offer: Offer, wish: OfferRequest) -> dict[str, Any]:
        named = {"custom_code": wish.code, "claimable": offer.claimable}
        return {
            "reward_item_id": self.api_client.tenant.reward_item_id,
            "code_format": "custom" if wish.code else "random",
            **(named if wish.code else {}),
            "case_sensitive": wish.case_sensitive,
            "starts_at": format_timestamp(offer.starts),
            "expires_at": format_timestamp(offer.ends),
            "usage_limit": to_limit_members(wish.limit),
        }

    @rule(wish=dialect_offer_requests)
    def define_in_other_dialect(self, wish: DialectOfferRequest) -> None:
        self._define_in_other_dialect(wish)

    def _define_in_other_dialect(self, wish: DialectOfferRequest) -> None:
        limits = {**to_limits(wish.limit), "per_user": wish.per_user}
        offer = Offer(wish.code, awarded_only=wish.awarded_only, **limits)
        offer.claimable = bool(wish.code) and not wish.awarded_only
        with contextlib.suppress(ModelRefusal):  # the same refusals as above
            self.model.define(offer)
            made = definitions.create(
                self.api_client.tenant.tenant_id, self._build_members(offer), self.now
            )
            offer.id = made.definition_id

    def _build_members(self, offer: Offer) -> dict[str, Any]:
        return {
            "name": f"Offer {next(numbers)}",
            "reward_item_id": self.api_client.tenant.reward_item_id,
            "code_format": CodeFormat.CUSTOM if offer.code else CodeFormat.RANDOM,
            "custom_code": offer.code,
            "claimable": offer.claimable,
            "per_code_limit": offer.per_code,
            "per_user_limit": offer.per_user,
            "total_limit": offer.total,
            "awarded_only": offer.awarded_only,
        }

    @precondition(lambda self: self.model.offers)
    @rule(pick=indexes, starts=days, ends=days)
    def change_dates(self, pick: int, starts: int | None, ends: int | None) -> None:
        self._change_dates(pick_item(self.model.offers, pick), starts, ends)

    def _change_dates(self, offer: Offer, starts: int | None, ends: int | None) -> None:
        dates = self._to_date(starts), self._to_date(ends)
        config = {
            "starts_at": format_timestamp(dates[0]),
            "expires_at": format_timestamp(dates[1]),
        }
        answer = self.api_client.call_admin("PATCH", f"/{offer.id}", {"config": config})
        self._check_agreement(lambda: self.model.change_dates(offer, *dates), answer)

    @precondition(lambda self: self.model.offers)
    @rule(pick=indexes, kind=limit_kinds, more=st.sampled_from([-1, 0, 1]))
    def change_limit(self, pick: int, kind: str, more: int) -> None:
        """Just about what has been used, for there it matters."""
        used = [one for one in self.model.offers if self.model.list_by_offer(one)]
        offer = pick_item(used or self.model.offers, pick)
        count = {
            PER_CODE: self.model.get_max_code_uses,
            GLOBAL: self.model.count_toward_total,
        }.get(kind)
        self._change_limit(offer, kind, max(1, count(offer) + more) if count else 0)

    def _change_limit(self, offer: Offer, kind: str, uses: int) -> None:
        limit = kind, uses
        config = {"usage_limit": to_limit_members(limit)}
        answer = self.api_client.call_admin("PATCH", f"/{offer.id}", {"config": config})
        self._check_agreement(
            lambda: self.model.change_limits(offer, **to_limits(limit)), answer
        )

    @precondition(lambda self: self.model.offers)
    @rule(pick=indexes, more=st.sampled_from([-1, 0, 0, 1, -9]))
    def change_user_limit(self, pick: int, more: int) -> None:
        """Which Phoenix has no words for."""
        used = [one for one in self.model.offers if self.model.count_uses(one)]
        offer = pick_item(used or self.model.offers, pick)
        per_user = max(0, self.model.get_max_user_uses(offer) + more)
        change = (
            self.api_client.tenant.tenant_id,
            offer.id,
            {"per_user_limit": per_user},
        )
        try:
            self.model.change_user_limit(offer, per_user)
        except ModelRefusal as refused:
            with pytest.raises(Refused, match=str(refused).lower()):
                definitions.update(*change, self.now)
        else:
            definitions.update(*change, self.now)
        self._check_codes(
            sorted({one.code for one in self.model.list_by_offer(offer)})[:4]
        )

    @precondition(lambda self: self._list_custom_offers())
    @rule(pick=indexes, code=st.sampled_from(CODES), exact=st.booleans(), own=indexes)
    def change_code(self, pick: int, code: str, exact: bool, own: int) -> None:
        """Give another code, now and then one that a coupon owns."""
        offer = pick_item(self._list_custom_offers(), pick)
        taken = [one.code for one in self.model.coupons if not one.offer.code]
        self._change_code(offer, pick_item([code, code, *taken[:2]], own), exact)

    def _change_code(self, offer: Offer, code: str, exact: bool) -> None:
        config = {"custom_code": code, "case_sensitive": exact}
        answer = self.api_client.call_admin("PATCH", f"/{offer.id}", {"config": config})
        self._check_agreement(
            lambda: self.model.change_code(offer, code, exact), answer
        )

    def _list_custom_offers(self) -> list[Offer]:
        return [one for one in self.model.offers if one.code]

    @precondition(lambda self: self._list_custom_offers())
    @rule(pick=indexes, open_=st.booleans())
    def change_claimable(self, pick: int, open_: bool) -> None:
        offer = pick_item(self._list_custom_offers(), pick)
        open_ = open_ and not offer.awarded_only
        config = {"claimable": open_}
        answer = self.api_client.call_admin("PATCH", f"/{offer.id}", {"config": config})
        assert answer.status_code == 200
        offer.claimable = open_

    @precondition(lambda self: self.model.offers)
    @rule(pick=indexes, status=statuses)
    def set_status(self, pick: int, status: str) -> None:
        offer = pick_item(self.model.offers, pick)
        self._set_status(offer, status)
        self._generate(offer, ["ann"], None)

    def _set_status(self, offer: Offer, status: str) -> None:
        answer = self.api_client.call_admin("PATCH", f"/{offer.id}", {"status": status})
        assert answer.json["status"] == status
        offer.status = status

    @precondition(lambda self: self.model.offers)
    @rule(pick=indexes, who=st.sets(users), ends=days)
    def generate(self, pick: int, who: set[str], ends: int | None) -> None:
        self._generate(
            pick_item(self.model.offers, pick), sorted(who), self._to_date(ends)
        )

    def _generate(self, offer: Offer, names: list[str], until: datetime | None) -> None:
        body = {"user_ids": names} if names else {"count": 2}
        body |= {"expires_at": format_timestamp(until)} if until else {}
        answer = self.api_client.call_admin("POST", f"/{offer.id}/generate", body)
        wanted: list[Any] = []

        def make() -> None:
            wish = names or ["", ""]
            wanted.append(self.model.generate(offer, wish, self.now, until))

        if self._check_agreement(make, answer, 201):
            ((held, _new),) = wanted
            for one, told in zip(held, answer.json["coupons"], strict=True):
                one.id, one.code = one.id or told["id"], one.code or told["code"]
                assert to_comparable_coupon(told) == to_expected_coupon(one, self.now)

    @precondition(lambda self: self.model.coupons)
    @rule(pick=indexes, used=st.booleans())
    def revoke(self, pick: int, used: bool) -> None:
        known = self.model.coupons
        fits = [one for one in known if used == bool(one.use_count)]
        self._revoke(pick_item(fits or known, pick))

    def _revoke(self, one: HeldCoupon) -> None:
        path = f"/{one.offer.id}/coupons/{one.id}/revoke"
        answer = self.api_client.call_admin("POST", path)
        if self._check_agreement(lambda: self.model.revoke([one]), answer):
            assert to_comparable_coupon(answer.json) == to_expected_coupon(
                one, self.now
            )

    @precondition(lambda self: self.model.coupons)
    @rule(pick=indexes, user=st.sampled_from(["", *USERS]), spelt=spellings)
    def revoke_by_code(self, pick: int, user: str, spelt: Callable[[str], str]) -> None:
        known = pick_item(self.model.coupons, pick)
        code = spelt(known.code).strip()
        body = {"code": code, **({"user_id": user} if user else {})}
        mine = [
            one for one in self.model.list_by_code(code) if one.offer is known.offer
        ]
        fits = [one for one in mine if not user or one.user == user]
        path = f"/{known.offer.id}/coupons/revoke"
        answer = self.api_client.call_admin("POST", path, body)
        self._check_agreement(lambda: self.model.revoke(fits), answer)

    @precondition(lambda self: self.model.offers)
    @rule(pick=indexes, against=violation_sets)
    def combine_violations(self, pick: int, against: set[str]) -> None:
        """Several things at once speak against an offer's coupons, and then fewer."""
        self._combine_violations(pick_item(self.model.offers, pick), against)

    def _combine_violations(self, offer: Offer, against: set[str]) -> None:
        self._set_status(offer, "active")
        self._generate(
            offer, ["bob"], self._to_date(-1) if COUPON_EXPIRED in against else None
        )
        for one in self.model.list_by_offer(offer)[-3:]:
            for _ in range(2 if USED in against else 0):
                self._check_redeem(one.code, one.user or "ann", DEFAULT_CALL_STYLE)
            if REVOKED in against:
                self._revoke(one)
        if LIMITED in against:
            self._tighten_limits(offer)
        if OUTSIDE_DATES in against:
            self._change_dates(
                offer, *((1, None) if COUPON_EXPIRED in against else (None, -1))
            )
        self._check_with_status(offer, "archived" if ARCHIVED in against else "paused")

    def _tighten_limits(self, offer: Offer) -> None:
        """First below what was used, which is refused, and then to just that."""
        most, all_ = (
            self.model.get_max_code_uses(offer),
            self.model.count_toward_total(offer),
        )
        limits = [(PER_CODE, max(1, most)), (GLOBAL, max(1, all_))]
        for kind, uses in limits:
            if uses > 1:
                self._change_limit(offer, kind, uses - 1)
        self._change_limit(offer, *limits[all_ > most > 0])

    def _check_with_status(self, offer: Offer, status: str) -> None:
        """As it is seen while it generates nothing, and then when it does again."""
        codes = sorted({one.code for one in self.model.list_by_offer(offer)[-4:]})
        self._set_status(offer, status)
        self._generate(offer, ["ann"], None)
        if offer.code:
            self._change_code(offer, "LATE", offer.case_sensitive)
        self._check_codes(codes)
        self._set_status(offer, "active")
        self._check_codes(codes)
        self._get_list_checks().check_offer(offer)

    # ----------------------------------------------------------------- players

    def _list_codes(self) -> list[str]:
        known = [one.code for one in self.model.coupons]
        return sorted(
            {*known, *(one.code for one in self._list_custom_offers()), "N0SUCH"}
        )

    @rule(pick=indexes, user=users, spelt=spellings, way=call_styles)
    def validate(
        self, pick: int, user: str, spelt: Callable[[str], str], way: CallStyle
    ) -> None:
        self._check_validate(spelt(pick_item(self._list_codes(), pick)), user, way)

    def _check_validate(self, code: str, user: str, way: CallStyle) -> None:
        one, why = self.model.find_for_user(code, user, self.now)
        told = self.api_client.validate(code, user, way)
        held = one if one in self.model.coupons else None
        self._check_validation(told, held, one.offer if one else None, why)

    def _check_codes(
        self, codes: list[str], way: CallStyle = DEFAULT_CALL_STYLE
    ) -> None:
        named = {one.code for one in self._list_custom_offers()}
        swapped = [code.swapcase() for code in codes if code in named]
        for code, user in itertools.product([*codes, *swapped], ["", *USERS]):
            if user:
                self._check_validate(code, user, way)
            else:
                self._check_validate_for_nobody(code, way)

    @rule(user=users, way=call_styles, times=st.integers(1, 2))
    def redeem_everything(self, user: str, way: CallStyle, times: int) -> None:
        """A user in a hurry: limits are reached soon."""
        for code in self._list_codes() * times:
            self._check_redeem(code, user, way)

    @rule(user=users, way=call_styles)
    def redeem_one_after_another(self, user: str, way: CallStyle) -> None:
        """The newest coupon first, so that history has another order than lists."""
        mine = [one for one in self.model.coupons if one.user == user]
        fit = [one for one in mine if one.status(self.now) == "active"]
        for one in fit[:-4:-1] * 2:
            self._set_time(self.now + timedelta(seconds=1))
            self._check_redeem(one.code, user, way)
        self._get_list_checks().check_user_history(user, way)

    @rule(pick=indexes, spelt=spellings, way=tenant_wide_styles)
    def validate_for_nobody(
        self, pick: int, spelt: Callable[[str], str], way: CallStyle
    ) -> None:
        self._check_validate_for_nobody(spelt(pick_item(self._list_codes(), pick)), way)

    def _check_validate_for_nobody(self, code: str, way: CallStyle) -> None:
        one, offer, why = self.model.find_without_user(code, self.now)
        self._check_validation(self.api_client.validate(code, "", way), one, offer, why)

    def _check_validation(
        self,
        told: dict[str, Any],
        one: HeldCoupon | None,
        offer: Offer | None,
        why: str,
    ) -> None:
        assert (told["valid"], told["error"]) == (
            not why,
            EXPECTED_REFUSALS[why][0] if why else None,
        )
        if why:
            assert told["coupon"] is told["definition"] is None
        elif one:
            assert to_comparable_coupon(told["coupon"]) == to_expected_coupon(
                one, self.now
            )
        else:
            assert told["definition"]["id"] == (offer.id if offer else None)

    @rule(pick=indexes, user=users, spelt=spellings, way=call_styles)
    def redeem(
        self, pick: int, user: str, spelt: Callable[[str], str], way: CallStyle
    ) -> None:
        self._check_redeem(spelt(pick_item(self._list_codes(), pick)), user, way)

    def _check_redeem(self, code: str, user: str, way: CallStyle) -> None:
        answer = self.api_client.redeem(code, user, way)
        one, why = self.model.redeem(code, user, self.now)
        if one is None:
            _, status, said = EXPECTED_REFUSALS[why]
            assert (answer.status_code, answer.json["message"]) == (status, said)
        else:
            assert answer.status_code == 200, answer.text
            one.id = one.id or answer.json["id"]
            assert to_comparable_coupon(answer.json) == to_expected_coupon(
                one, self.now
            )

    @rule(user=users, way=call_styles, status=st.sampled_from(["", *STATUSES]))
    def list_coupons(self, user: str, way: CallStyle, status: str) -> None:
        self._get_list_checks().check_user_coupons(user, way, status)

    @rule(user=users, way=call_styles)
    def list_redemptions(self, user: str, way: CallStyle) -> None:
        self._get_list_checks().check_user_history(user, way)

    def _get_list_checks(self) -> ListChecks:
        return ListChecks(self.api_client, self.model, self.now)

    # -------------------------------------------------------------------- both

    def _check_agreement(
        self, wish: Callable[[], Any], answer: TestResponse, done: int = 200
    ) -> bool:
        """The system did what the model did, or refused it for the same reason."""
        try:
            wish()
        except ModelRefusal as refused:
            expect_refusal(answer, str(refused))
            return False
        assert answer.status_code == done, answer.text
        return True

    def _to_date(self, days_: int | None) -> datetime | None:
        return None if days_ is None else self.now + timedelta(days=days_)


def pick_item(things: list[Item], pick: int) -> Item:
    return things[pick % len(things)]
