"""Rules that reserve uses, confirm and release them, and reclaim ended ones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from coupon_core.services.coupons import reservation_endings
from tests.query_gateway.caller import CallStyle
from tests.stateful.api_client import (
    EXPECTED_REFUSALS,
    to_comparable_coupon,
    to_expected_coupon,
)
from tests.stateful.machine_base import MachineBase, pick_item
from tests.stateful.strategies import call_styles, indexes, spellings, users


class ReservationRules(MachineBase):
    """Users reserve uses of codes, and confirm or release them later."""

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
        held = pick_item(self.model.reservations, pick)
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
        held = pick_item(self.model.reservations, pick)
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
