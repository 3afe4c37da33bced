"""Rules that reserve uses, confirm and release them, and reclaim ended ones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from coupon_core.services.coupons import reservation_endings
from tests.query_gateway.caller import CallStyle
from tests.stateful.api_client import (
    EXPECTED_REFUSALS,
    to_comparable_coupon,
    to_expected_coupon,
)
from tests.stateful.machine_base import pick_item
from tests.stateful.offer_rules import OfferRules
from tests.stateful.reference_data import HeldUse
from tests.stateful.strategies import (
    DEFAULT_CALL_STYLE,
    GLOBAL,
    USERS,
    DialectOfferRequest,
    call_styles,
    indexes,
    spellings,
    users,
)

SHORT_SECONDS = 30


class ReservationRules(OfferRules):
    """Users reserve uses of codes, and confirm or release them later."""

    @initialize(
        total=st.integers(1, 3),
        per_user=st.integers(0, 2),
        ends=st.tuples(*[st.sampled_from(["confirm", "release", "leave"])] * 2),
    )
    def reserve_shared_code(
        self, total: int, per_user: int, ends: tuple[str, ...]
    ) -> None:
        """Begin with reservations that use up a total limit, mostly that of slots."""
        code, style = "SHARED", DEFAULT_CALL_STYLE
        limit = GLOBAL, total
        self._define_in_other_dialect(DialectOfferRequest(code, limit, per_user, False))
        for user, end in zip(USERS, ends, strict=True):
            self._reserve(code, user, style, SHORT_SECONDS)
            self._check_redeem(code, user, style)
            held_uses = [use for use in self.model.reservations if use.user == user]
            if held_uses and end == "confirm":
                self._confirm(held_uses[-1], style, 1)
            if held_uses and end == "release":
                self._release(held_uses[-1], style)
        self._check_codes([code])
        self._set_time(self.now + timedelta(seconds=SHORT_SECONDS + 1))
        self._check_codes([code])
        self._check_redeem(code, "bob", style)

    @rule(
        pick=indexes,
        user=users,
        spelt=spellings,
        call_style=call_styles,
        ttl_seconds=st.sampled_from([30, 3_600, 86_400]),
    )
    def reserve(
        self,
        pick: int,
        user: str,
        spelt: Callable[[str], str],
        call_style: CallStyle,
        ttl_seconds: int,
    ) -> None:
        """Reserve a use of a code for a user."""
        code = spelt(pick_item(self._list_codes(), pick))
        self._reserve(code, user, call_style, ttl_seconds)

    def _reserve(
        self, code: str, user: str, call_style: CallStyle, ttl_seconds: int
    ) -> None:
        answer = self.api_client.reserve(code, user, call_style, ttl_seconds)
        held, violation = self.model.reserve(code, user, self.now, ttl_seconds)
        if held is None:
            _, status, message = EXPECTED_REFUSALS[violation]
            assert (answer.status_code, answer.json["message"]) == (status, message)
            return
        assert answer.status_code == 201, answer.text
        held.id = answer.json["reservation_id"]
        held.coupon.id = held.coupon.id or answer.json["coupon"]["id"]
        assert to_comparable_coupon(answer.json["coupon"]) == to_expected_coupon(
            held.coupon, self.now
        )
        self._check_codes([held.coupon.code])

    @precondition(lambda self: self.model.reservations)
    @rule(pick=indexes, call_style=call_styles, times=st.integers(1, 2))
    def confirm(self, pick: int, call_style: CallStyle, times: int) -> None:
        """Confirm a reservation, also one that has ended in any way."""
        self._confirm(pick_item(self.model.reservations, pick), call_style, times)

    def _confirm(self, held: HeldUse, call_style: CallStyle, times: int) -> None:
        # Uses of the same moment could not be distinguished when they are reversed.
        self._set_time(self.now + timedelta(seconds=1))
        caller = self.api_client.get_caller(held.user, call_style)
        for _ in range(times):
            answer = caller.call("POST", f"/reservations/{held.id}/confirm")
            if self._check_agreement(
                partial(self.model.confirm, held, self.now), answer
            ):
                assert to_comparable_coupon(answer.json) == to_expected_coupon(
                    held.coupon, self.now
                )
        self._check_codes([held.coupon.code])
        self._set_time(self.now + timedelta(seconds=1))

    @precondition(lambda self: self.model.reservations)
    @rule(pick=indexes, call_style=call_styles)
    def release(self, pick: int, call_style: CallStyle) -> None:
        """Release a reservation."""
        self._release(pick_item(self.model.reservations, pick), call_style)

    def _release(self, held: HeldUse, call_style: CallStyle) -> None:
        caller = self.api_client.get_caller(held.user, call_style)
        answer = caller.call("DELETE", f"/reservations/{held.id}")
        self._check_agreement(partial(self.model.release, held, self.now), answer, 204)
        self._check_codes([held.coupon.code])

    @precondition(lambda self: self.model.reservations)
    @rule()
    def sweep(self) -> None:
        """Reclaim ended reservations, which no answer depends on."""
        tenant_id = self.api_client.tenant.tenant_id
        reservation_endings.announce_expired(tenant_id, self.now)
        self._check_codes(self._list_codes()[:4])
