"""The state that all rules share: the model, the clock, and checks of answers."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import time_machine
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    precondition,
    rule,
)
from werkzeug.test import TestResponse

from coupon_core.persistence import database
from coupon_core.security import authentication
from tests.query_gateway.caller import CallStyle
from tests.stateful.api_client import (
    EXPECTED_REFUSALS,
    ApiClient,
    expect_refusal,
    to_comparable_coupon,
    to_expected_coupon,
)
from tests.stateful.list_checks import ListChecks
from tests.stateful.reference_data import HeldCoupon, ModelRefusal, Offer
from tests.stateful.reference_model import ReferenceModel
from tests.stateful.strategies import (
    DEFAULT_CALL_STYLE,
    USERS,
    indexes,
)

Item = TypeVar("Item")
START_TIME = datetime(2026, 5, 4, 12, tzinfo=UTC)
numbers = itertools.count(1)


class MachineBase(RuleBasedStateMachine):
    """One tenant, both gateways, and a clock that only the rules advance."""

    api_client: ApiClient

    def __init__(self) -> None:
        super().__init__()
        self.model = ReferenceModel()
        self.now = START_TIME
        self.clock_stack = contextlib.ExitStack()
        self._set_clock()

    def _set_clock(self) -> None:
        self.model.now = self.now
        self.clock_stack.close()
        self.clock_stack.enter_context(time_machine.travel(self.now, tick=False))
        authentication.clear_credential_caches()

    def teardown(self) -> None:
        """Check all lists at the end of an example."""
        self._get_list_checks().check_all(USERS)
        self.clock_stack.close()
        database.release_connection()

    @rule(seconds=st.sampled_from([1, 59, 3_600, 86_400]))
    def advance_time(self, seconds: int) -> None:
        """Advance the clock and check all codes."""
        self._set_time(self.now + timedelta(seconds=seconds))
        self._check_codes(self._list_codes())

    @precondition(lambda self: self._list_boundaries())
    @rule(pick=indexes)
    def advance_to_boundary(self, pick: int) -> None:
        """Advance to the second of a future start or end."""
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
        """Return the moments when something changes, with the codes that show it."""
        codes_by_moment: dict[datetime, set[str]] = {}
        for coupon in self.model.coupons:
            dates = {coupon.own_end, coupon.offer.starts, coupon.offer.ends}
            for moment in dates - {None}:
                if moment > self.now and coupon.offer.status != "archived":
                    codes_by_moment.setdefault(moment, set()).add(coupon.code)
        for held in self.model.reservations:
            if held.is_live(self.now) and held.ends > self.now:
                codes_by_moment.setdefault(held.ends, set()).add(held.coupon.code)
        return codes_by_moment

    def _list_custom_offers(self) -> list[Offer]:
        return [offer for offer in self.model.offers if offer.code]

    def _list_codes(self) -> list[str]:
        issued_codes = [item.code for item in self.model.coupons]
        return sorted(
            {
                *issued_codes,
                *(item.code for item in self._list_custom_offers()),
                "N0SUCH",
            }
        )

    def _check_validate(self, code: str, user: str, call_style: CallStyle) -> None:
        coupon, violation = self.model.find_for_user(code, user, self.now)
        result = self.api_client.validate(code, user, call_style)
        held = coupon if coupon in self.model.coupons else None
        self._check_validation(
            result, held, coupon.offer if coupon else None, violation
        )

    def _check_codes(
        self, codes: list[str], call_style: CallStyle = DEFAULT_CALL_STYLE
    ) -> None:
        custom_codes = {offer.code for offer in self._list_custom_offers()}
        swapped = [code.swapcase() for code in codes if code in custom_codes]
        for code, user in itertools.product([*codes, *swapped], ["", *USERS]):
            if user:
                self._check_validate(code, user, call_style)
            else:
                self._check_validate_for_nobody(code, call_style)

    def _check_validate_for_nobody(self, code: str, call_style: CallStyle) -> None:
        coupon, offer, violation = self.model.find_without_user(code, self.now)
        self._check_validation(
            self.api_client.validate(code, "", call_style), coupon, offer, violation
        )

    def _check_validation(
        self,
        result: dict[str, Any],
        coupon: HeldCoupon | None,
        offer: Offer | None,
        violation: str,
    ) -> None:
        assert (result["valid"], result["error"]) == (
            not violation,
            EXPECTED_REFUSALS[violation][0] if violation else None,
        )
        if violation:
            assert result["coupon"] is result["definition"] is None
        elif coupon:
            assert to_comparable_coupon(result["coupon"]) == to_expected_coupon(
                coupon, self.now
            )
        else:
            assert result["definition"]["id"] == (offer.id if offer else None)

    def _check_redeem(self, code: str, user: str, call_style: CallStyle) -> None:
        answer = self.api_client.redeem(code, user, call_style)
        coupon, violation = self.model.redeem(code, user, self.now)
        if coupon is None:
            _, status, message = EXPECTED_REFUSALS[violation]
            assert (answer.status_code, answer.json["message"]) == (status, message)
        else:
            assert answer.status_code == 200, answer.text
            coupon.id = coupon.id or answer.json["id"]
            assert to_comparable_coupon(answer.json) == to_expected_coupon(
                coupon, self.now
            )

    def _get_list_checks(self) -> ListChecks:
        return ListChecks(self.api_client, self.model, self.now)

    def _check_agreement(
        self,
        action: Callable[[], Any],
        answer: TestResponse,
        expected_status: int = 200,
    ) -> bool:
        """Check that the gateway agrees with the model; return True on success."""
        try:
            action()
        except ModelRefusal as refused:
            expect_refusal(answer, str(refused))
            return False
        assert answer.status_code == expected_status, answer.text
        return True

    def _to_date(self, days_: int | None) -> datetime | None:
        return None if days_ is None else self.now + timedelta(days=days_)


def pick_item(items: list[Item], pick: int) -> Item:
    """Return the item that an index selects."""
    return items[pick % len(items)]
