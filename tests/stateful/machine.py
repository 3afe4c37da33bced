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
from coupon_core.persistence import database
from coupon_core.security import authentication
from coupon_core.services.catalog import definitions
from tests.query_gateway.tenant import Way

from .calls import SAID, Desk, must_refuse, seen, shown, text
from .lists import STATUSES, Lists
from .oracle import Held, No, Offer, Oracle
from .wishes import (
    ANY,
    ARCHIVED,
    CODES,
    DATED,
    GLOBAL,
    OUTLIVED,
    PER_CODE,
    REVOKED,
    TIGHT,
    USED,
    USERS,
    OddWish,
    Wish,
    days,
    kinds,
    limit_members,
    limits_of,
    odd_wishes,
    picks,
    piles,
    spelling,
    statuses,
    users,
    ways,
    wide_ways,
    wishes,
)

Thing = TypeVar("Thing")
BEGIN = datetime(2026, 5, 4, 12, tzinfo=UTC)
numbers = itertools.count(1)


class Life(RuleBasedStateMachine):
    """One tenant from its first definition on, with the clock in our hands."""

    desk: Desk

    def __init__(self) -> None:
        super().__init__()
        self.model = Oracle()
        self.now = BEGIN
        self.travel = contextlib.ExitStack()
        self._set_clock()

    def _set_clock(self) -> None:
        self.travel.close()
        self.travel.enter_context(time_machine.travel(self.now, tick=False))
        authentication.forget()

    def teardown(self) -> None:
        self._lists().check_all(USERS)
        self.travel.close()
        database.release()

    # ------------------------------------------------------------------- clock

    @rule(seconds=st.sampled_from([1, 59, 3_600, 86_400]))
    def time_goes_by(self, seconds: int) -> None:
        self._come_to(self.now + timedelta(seconds=seconds))
        self._look_at(self._codes())

    @precondition(lambda self: self._moments())
    @rule(pick=picks)
    def it_is_just_about_then(self, pick: int) -> None:
        """To the second at a start or an end that is still to come."""
        moments = self._moments()
        then = chosen(sorted(moments), pick)
        for seconds in (-1, 0, 1):
            self._come_to(max(self.now, then + timedelta(seconds=seconds)))
            self._look_at(sorted(moments[then])[:4])
            for user in USERS:
                self._lists().check_coupons_of(user, ANY, "expired")

    def _come_to(self, then: datetime) -> None:
        self.now = then
        self._set_clock()

    def _moments(self) -> dict[datetime, set[str]]:
        """When something will change, and with which codes that can be seen."""
        found: dict[datetime, set[str]] = {}
        for one in self.model.coupons:
            told = {one.ends, one.offer.starts, one.offer.ends}
            for moment in told - {None}:
                if moment > self.now and one.offer.status != "archived":
                    found.setdefault(moment, set()).add(one.code)
        return found

    # ------------------------------------------------------------------ admins

    @initialize(
        wishes=st.lists(wishes, min_size=2, max_size=3),
        odd=st.lists(odd_wishes, min_size=1, max_size=2),
        against=st.lists(piles, min_size=3, max_size=3),
    )
    def open_the_shop(
        self, wishes: list[Wish], odd: list[OddWish], against: list[set[str]]
    ) -> None:
        """Begin with something to use or to claim, rather than with nothing."""
        for wish in wishes:
            self._define(wish)
        for one in odd:
            self._define_oddly(one)
        for offer in self.model.offers:
            for _ in range(1 + offer.awarded):  # of awards there may be copies
                self._generate(offer, USERS[:1] if offer.open_ else USERS, None)
            self._generate(offer, [], None)
            for one in self.model.of(offer)[:2] if offer.awarded else ():
                self._check_redeem(one.code, "ann", ANY)
        for offer, pile in zip(self.model.offers[::-1], against, strict=False):
            self._pile_up(offer, pile)

    @rule(wish=wishes)
    def define(self, wish: Wish) -> None:
        self._define(wish)

    def _define(self, wish: Wish) -> None:
        offer = Offer(
            wish.code,
            wish.exact,
            wish.open_ and bool(wish.code),
            self._day(wish.starts),
            self._day(wish.ends),
            **limits_of(wish.limit),
        )
        body = {"name": f"Offer {next(numbers)}", "config": self._config(offer, wish)}
        answer = self.desk.admin("POST", "", body)
        if self._agreed(lambda: self.model.define(offer), answer, 201):
            offer.id = answer.json["id"]

    def _config(self, offer: Offer, wish: Wish) -> dict[str, Any]:
        named = {"custom_code": wish.code, "claimable": offer.open_}
        return {
            "reward_item_id": self.desk.tenant.reward_item_id,
            "code_format": "custom" if wish.code else "random",
            **(named if wish.code else {}),
            "case_sensitive": wish.exact,
            "starts_at": text(offer.starts),
            "expires_at": text(offer.ends),
            "usage_limit": limit_members(wish.limit),
        }

    @rule(wish=odd_wishes)
    def define_as_other_dialects_do(self, wish: OddWish) -> None:
        self._define_oddly(wish)

    def _define_oddly(self, wish: OddWish) -> None:
        limits = {**limits_of(wish.limit), "per_user": wish.per_user}
        offer = Offer(wish.code, awarded=wish.awarded, **limits)
        offer.open_ = bool(wish.code) and not wish.awarded
        with contextlib.suppress(No):  # the same refusals as above
            self.model.define(offer)
            made = definitions.create(
                self.desk.tenant.tenant_id, self._members(offer), self.now
            )
            offer.id = made.definition_id

    def _members(self, offer: Offer) -> dict[str, Any]:
        return {
            "name": f"Offer {next(numbers)}",
            "reward_item_id": self.desk.tenant.reward_item_id,
            "code_format": CodeFormat.CUSTOM if offer.code else CodeFormat.RANDOM,
            "custom_code": offer.code,
            "claimable": offer.open_,
            "per_code_limit": offer.per_code,
            "per_user_limit": offer.per_user,
            "total_limit": offer.total,
            "awarded_only": offer.awarded,
        }

    @precondition(lambda self: self.model.offers)
    @rule(pick=picks, starts=days, ends=days)
    def redate(self, pick: int, starts: int | None, ends: int | None) -> None:
        self._redate(chosen(self.model.offers, pick), starts, ends)

    def _redate(self, offer: Offer, starts: int | None, ends: int | None) -> None:
        dates = self._day(starts), self._day(ends)
        config = {"starts_at": text(dates[0]), "expires_at": text(dates[1])}
        answer = self.desk.admin("PATCH", f"/{offer.id}", {"config": config})
        self._agreed(lambda: self.model.redate(offer, *dates), answer)

    @precondition(lambda self: self.model.offers)
    @rule(pick=picks, kind=kinds, more=st.sampled_from([-1, 0, 1]))
    def limit(self, pick: int, kind: str, more: int) -> None:
        """Just about what has been used, for there it matters."""
        used = [one for one in self.model.offers if self.model.of(one)]
        offer = chosen(used or self.model.offers, pick)
        count = {PER_CODE: self.model.most_used, GLOBAL: self.model.counted}.get(kind)
        self._limit(offer, kind, max(1, count(offer) + more) if count else 0)

    def _limit(self, offer: Offer, kind: str, uses: int) -> None:
        limit = kind, uses
        config = {"usage_limit": limit_members(limit)}
        answer = self.desk.admin("PATCH", f"/{offer.id}", {"config": config})
        self._agreed(lambda: self.model.limit(offer, **limits_of(limit)), answer)

    @precondition(lambda self: self.model.offers)
    @rule(pick=picks, more=st.sampled_from([-1, 0, 0, 1, -9]))
    def limit_by_user(self, pick: int, more: int) -> None:
        """Which Phoenix has no words for."""
        used = [one for one in self.model.offers if self.model.uses(one)]
        offer = chosen(used or self.model.offers, pick)
        per_user = max(0, self.model.most_of_user(offer) + more)
        change = self.desk.tenant.tenant_id, offer.id, {"per_user_limit": per_user}
        try:
            self.model.limit_by_user(offer, per_user)
        except No as refused:
            with pytest.raises(Refused, match=str(refused).lower()):
                definitions.update(*change, self.now)
        else:
            definitions.update(*change, self.now)
        self._look_at(sorted({one.code for one in self.model.of(offer)})[:4])

    @precondition(lambda self: self._named())
    @rule(pick=picks, code=st.sampled_from(CODES), exact=st.booleans(), own=picks)
    def rename(self, pick: int, code: str, exact: bool, own: int) -> None:
        """Give another code, now and then one that a coupon owns."""
        offer = chosen(self._named(), pick)
        taken = [one.code for one in self.model.coupons if not one.offer.code]
        self._rename(offer, chosen([code, code, *taken[:2]], own), exact)

    def _rename(self, offer: Offer, code: str, exact: bool) -> None:
        config = {"custom_code": code, "case_sensitive": exact}
        answer = self.desk.admin("PATCH", f"/{offer.id}", {"config": config})
        self._agreed(lambda: self.model.rename(offer, code, exact), answer)

    def _named(self) -> list[Offer]:
        return [one for one in self.model.offers if one.code]

    @precondition(lambda self: self._named())
    @rule(pick=picks, open_=st.booleans())
    def open_or_close(self, pick: int, open_: bool) -> None:
        offer = chosen(self._named(), pick)
        open_ = open_ and not offer.awarded
        config = {"claimable": open_}
        answer = self.desk.admin("PATCH", f"/{offer.id}", {"config": config})
        assert answer.status_code == 200
        offer.open_ = open_

    @precondition(lambda self: self.model.offers)
    @rule(pick=picks, status=statuses)
    def set_status(self, pick: int, status: str) -> None:
        offer = chosen(self.model.offers, pick)
        self._set_status(offer, status)
        self._generate(offer, ["ann"], None)

    def _set_status(self, offer: Offer, status: str) -> None:
        answer = self.desk.admin("PATCH", f"/{offer.id}", {"status": status})
        assert answer.json["status"] == status
        offer.status = status

    @precondition(lambda self: self.model.offers)
    @rule(pick=picks, who=st.sets(users), ends=days)
    def generate(self, pick: int, who: set[str], ends: int | None) -> None:
        self._generate(chosen(self.model.offers, pick), sorted(who), self._day(ends))

    def _generate(self, offer: Offer, names: list[str], until: datetime | None) -> None:
        body = {"user_ids": names} if names else {"count": 2}
        body |= {"expires_at": text(until)} if until else {}
        answer = self.desk.admin("POST", f"/{offer.id}/generate", body)
        wanted: list[Any] = []

        def make() -> None:
            wish = names or ["", ""]
            wanted.append(self.model.generate(offer, wish, self.now, until))

        if self._agreed(make, answer, 201):
            ((held, _new),) = wanted
            for one, told in zip(held, answer.json["coupons"], strict=True):
                one.id, one.code = one.id or told["id"], one.code or told["code"]
                assert seen(told) == shown(one, self.now)

    @precondition(lambda self: self.model.coupons)
    @rule(pick=picks, used=st.booleans())
    def revoke(self, pick: int, used: bool) -> None:
        known = self.model.coupons
        fits = [one for one in known if used == bool(one.uses)]
        self._revoke(chosen(fits or known, pick))

    def _revoke(self, one: Held) -> None:
        path = f"/{one.offer.id}/coupons/{one.id}/revoke"
        answer = self.desk.admin("POST", path)
        if self._agreed(lambda: self.model.revoke([one]), answer):
            assert seen(answer.json) == shown(one, self.now)

    @precondition(lambda self: self.model.coupons)
    @rule(pick=picks, user=st.sampled_from(["", *USERS]), spelt=spelling)
    def revoke_by_code(self, pick: int, user: str, spelt: Callable[[str], str]) -> None:
        known = chosen(self.model.coupons, pick)
        code = spelt(known.code).strip()
        body = {"code": code, **({"user_id": user} if user else {})}
        mine = [one for one in self.model.bearing(code) if one.offer is known.offer]
        fits = [one for one in mine if not user or one.user == user]
        path = f"/{known.offer.id}/coupons/revoke"
        answer = self.desk.admin("POST", path, body)
        self._agreed(lambda: self.model.revoke(fits), answer)

    @precondition(lambda self: self.model.offers)
    @rule(pick=picks, against=piles)
    def pile_up(self, pick: int, against: set[str]) -> None:
        """Several things at once speak against an offer's coupons, and then fewer."""
        self._pile_up(chosen(self.model.offers, pick), against)

    def _pile_up(self, offer: Offer, against: set[str]) -> None:
        self._set_status(offer, "active")
        self._generate(offer, ["bob"], self._day(-1) if OUTLIVED in against else None)
        for one in self.model.of(offer)[-3:]:
            for _ in range(2 if USED in against else 0):
                self._check_redeem(one.code, one.user or "ann", ANY)
            if REVOKED in against:
                self._revoke(one)
        if TIGHT in against:
            self._tighten(offer)
        if DATED in against:
            self._redate(offer, *((1, None) if OUTLIVED in against else (None, -1)))
        self._look_through(offer, "archived" if ARCHIVED in against else "paused")

    def _tighten(self, offer: Offer) -> None:
        """First below what was used, which is refused, and then to just that."""
        most, all_ = self.model.most_used(offer), self.model.counted(offer)
        limits = [(PER_CODE, max(1, most)), (GLOBAL, max(1, all_))]
        for kind, uses in limits:
            if uses > 1:
                self._limit(offer, kind, uses - 1)
        self._limit(offer, *limits[all_ > most > 0])

    def _look_through(self, offer: Offer, status: str) -> None:
        """As it is seen while it generates nothing, and then when it does again."""
        codes = sorted({one.code for one in self.model.of(offer)[-4:]})
        self._set_status(offer, status)
        self._generate(offer, ["ann"], None)
        if offer.code:
            self._rename(offer, "LATE", offer.exact)
        self._look_at(codes)
        self._set_status(offer, "active")
        self._look_at(codes)
        self._lists().check_offer(offer)

    # ----------------------------------------------------------------- players

    def _codes(self) -> list[str]:
        known = [one.code for one in self.model.coupons]
        return sorted({*known, *(one.code for one in self._named()), "N0SUCH"})

    @rule(pick=picks, user=users, spelt=spelling, way=ways)
    def validate(
        self, pick: int, user: str, spelt: Callable[[str], str], way: Way
    ) -> None:
        self._check_validate(spelt(chosen(self._codes(), pick)), user, way)

    def _check_validate(self, code: str, user: str, way: Way) -> None:
        one, why = self.model.look(code, user, self.now)
        told = self.desk.validate(code, user, way)
        held = one if one in self.model.coupons else None
        self._check_told(told, held, one.offer if one else None, why)

    def _look_at(self, codes: list[str], way: Way = ANY) -> None:
        named = {one.code for one in self._named()}
        swapped = [code.swapcase() for code in codes if code in named]
        for code, user in itertools.product([*codes, *swapped], ["", *USERS]):
            if user:
                self._check_validate(code, user, way)
            else:
                self._check_validate_for_nobody(code, way)

    @rule(user=users, way=ways, times=st.integers(1, 2))
    def redeem_everything(self, user: str, way: Way, times: int) -> None:
        """A user in a hurry: limits are reached soon."""
        for code in self._codes() * times:
            self._check_redeem(code, user, way)

    @rule(user=users, way=ways)
    def redeem_one_after_another(self, user: str, way: Way) -> None:
        """The newest coupon first, so that history has another order than lists."""
        mine = [one for one in self.model.coupons if one.user == user]
        fit = [one for one in mine if one.status(self.now) == "active"]
        for one in fit[:-4:-1] * 2:
            self._come_to(self.now + timedelta(seconds=1))
            self._check_redeem(one.code, user, way)
        self._lists().check_history_of(user, way)

    @rule(pick=picks, spelt=spelling, way=wide_ways)
    def validate_for_nobody(
        self, pick: int, spelt: Callable[[str], str], way: Way
    ) -> None:
        self._check_validate_for_nobody(spelt(chosen(self._codes(), pick)), way)

    def _check_validate_for_nobody(self, code: str, way: Way) -> None:
        one, offer, why = self.model.look_around(code, self.now)
        self._check_told(self.desk.validate(code, "", way), one, offer, why)

    def _check_told(
        self, told: dict[str, Any], one: Held | None, offer: Offer | None, why: str
    ) -> None:
        assert (told["valid"], told["error"]) == (
            not why,
            SAID[why][0] if why else None,
        )
        if why:
            assert told["coupon"] is told["definition"] is None
        elif one:
            assert seen(told["coupon"]) == shown(one, self.now)
        else:
            assert told["definition"]["id"] == (offer.id if offer else None)

    @rule(pick=picks, user=users, spelt=spelling, way=ways)
    def redeem(
        self, pick: int, user: str, spelt: Callable[[str], str], way: Way
    ) -> None:
        self._check_redeem(spelt(chosen(self._codes(), pick)), user, way)

    def _check_redeem(self, code: str, user: str, way: Way) -> None:
        answer = self.desk.redeem(code, user, way)
        one, why = self.model.redeem(code, user, self.now)
        if one is None:
            _, status, said = SAID[why]
            assert (answer.status_code, answer.json["message"]) == (status, said)
        else:
            assert answer.status_code == 200, answer.text
            one.id = one.id or answer.json["id"]
            assert seen(answer.json) == shown(one, self.now)

    @rule(user=users, way=ways, status=st.sampled_from(["", *STATUSES]))
    def list_coupons(self, user: str, way: Way, status: str) -> None:
        self._lists().check_coupons_of(user, way, status)

    @rule(user=users, way=ways)
    def list_redemptions(self, user: str, way: Way) -> None:
        self._lists().check_history_of(user, way)

    def _lists(self) -> Lists:
        return Lists(self.desk, self.model, self.now)

    # -------------------------------------------------------------------- both

    def _agreed(
        self, wish: Callable[[], Any], answer: TestResponse, done: int = 200
    ) -> bool:
        """The system did what the model did, or refused it for the same reason."""
        try:
            wish()
        except No as refused:
            must_refuse(answer, str(refused))
            return False
        assert answer.status_code == done, answer.text
        return True

    def _day(self, days_: int | None) -> datetime | None:
        return None if days_ is None else self.now + timedelta(days=days_)


def chosen(things: list[Thing], pick: int) -> Thing:
    return things[pick % len(things)]
