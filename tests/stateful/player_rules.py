"""Rules that validate, redeem and list coupons."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import (
    rule,
)

from tests.query_gateway.caller import CallStyle
from tests.stateful.list_checks import STATUSES
from tests.stateful.machine_base import MachineBase, pick_item
from tests.stateful.strategies import (
    call_styles,
    indexes,
    spellings,
    tenant_wide_styles,
    users,
)


class PlayerRules(MachineBase):
    """Users validate, redeem and list their coupons."""

    @rule(pick=indexes, user=users, spelt=spellings, call_style=call_styles)
    def validate(
        self, pick: int, user: str, spelt: Callable[[str], str], call_style: CallStyle
    ) -> None:
        """Validate a code for a user."""
        self._check_validate(
            spelt(pick_item(self._list_codes(), pick)), user, call_style
        )

    @rule(user=users, call_style=call_styles, times=st.integers(1, 2))
    def redeem_everything(self, user: str, call_style: CallStyle, times: int) -> None:
        """Redeem every code for one user, so that limits are reached soon."""
        for code in self._list_codes() * times:
            self._check_redeem(code, user, call_style)

    @rule(user=users, call_style=call_styles)
    def redeem_one_after_another(self, user: str, call_style: CallStyle) -> None:
        """Redeem the newest coupon first, so that history and lists differ in order."""
        coupons = [coupon for coupon in self.model.coupons if coupon.user == user]
        active = [coupon for coupon in coupons if coupon.status(self.now) == "active"]
        for coupon in active[:-4:-1] * 2:
            self._set_time(self.now + timedelta(seconds=1))
            self._check_redeem(coupon.code, user, call_style)
        self._get_list_checks().check_user_history(user, call_style)

    @rule(pick=indexes, spelt=spellings, call_style=tenant_wide_styles)
    def validate_for_nobody(
        self, pick: int, spelt: Callable[[str], str], call_style: CallStyle
    ) -> None:
        """Validate a code without a user."""
        self._check_validate_for_nobody(
            spelt(pick_item(self._list_codes(), pick)), call_style
        )

    @rule(pick=indexes, user=users, spelt=spellings, call_style=call_styles)
    def redeem(
        self, pick: int, user: str, spelt: Callable[[str], str], call_style: CallStyle
    ) -> None:
        """Redeem a code for a user."""
        self._check_redeem(spelt(pick_item(self._list_codes(), pick)), user, call_style)

    @rule(user=users, call_style=call_styles, status=st.sampled_from(["", *STATUSES]))
    def list_coupons(self, user: str, call_style: CallStyle, status: str) -> None:
        """List a user's coupons."""
        self._get_list_checks().check_user_coupons(user, call_style, status)

    @rule(user=users, call_style=call_styles)
    def list_redemptions(self, user: str, call_style: CallStyle) -> None:
        """List a user's redemptions."""
        self._get_list_checks().check_user_history(user, call_style)
