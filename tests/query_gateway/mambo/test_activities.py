"""The exception or effect of each action, configuration and state (Mambo)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from coupon_core.domain.models import DefinitionStatus, utc_now
from coupon_core.services.catalog import definitions
from tests.query_gateway.mambo.site import (
    JOHN,
    SiteClient,
    expect_refusal,
    list_states,
)
from tests.support.database_rows import read_all_rows
from tests.support.invariants import assert_invariants

PRICE = {"pointsToBuy": {"pointId": "gold", "points": 30}}
ONE, TWO = {"buyRedemptionMode": "OneStep"}, {"buyRedemptionMode": "TwoStep"}
MULTI, FINAL = {"usage": "multi"}, {"refundable": False}
Coupon = dict[str, Any]

CONFIGURATIONS: dict[str, Coupon] = {
    "regular": {},
    "regular multi": MULTI,
    "regular final": FINAL,
    # Without a price the mode has no effect.
    "regular one-step": ONE,
    "two-step": {**PRICE, **TWO},
    "two-step multi": {**PRICE, **TWO, **MULTI},
    "two-step final": {**PRICE, **TWO, **FINAL},
    "two-step series": {**PRICE, **TWO, "scarcity": {"limit": 1}},
    "one-step": {**PRICE, **ONE},
    "one-step multi": {**PRICE, **ONE, **MULTI},
    "one-step final": {**PRICE, **ONE, **FINAL},
    "one-step series": {**PRICE, **ONE, "scarcity": {"limit": 1}},
    "list": {"codes": ["L1", "L2"]},
    "list two-step": {**PRICE, **TWO, "codes": ["L1", "L2"]},
    "list one-step": {**PRICE, **ONE, "codes": ["L1", "L2"]},
}


@pytest.fixture(scope="module", autouse=True)
def check_invariants(app: Flask) -> Iterator[None]:
    yield
    assert_invariants()


# ------------------------------------ states before the action; each returns the code


def get_code(coupon: Coupon) -> str:
    return coupon["code"] or "L1"


def fresh(site: SiteClient, coupon: Coupon) -> str:
    return get_code(coupon)


def awarded(site: SiteClient, coupon: Coupon) -> str:
    return site.award_coupon(coupon)


def awarded_twice(site: SiteClient, coupon: Coupon) -> str:
    site.award_coupon(coupon)
    return site.award_coupon(coupon)


def perform(site: SiteClient, action: str, code: str) -> None:
    answer = site.perform_activity(action, code)
    assert answer.status_code == 200, answer.json


def used(site: SiteClient, coupon: Coupon) -> str:
    code = site.award_coupon(coupon)
    perform(site, "redeem", code)
    return code


def used_twice(site: SiteClient, coupon: Coupon) -> str:
    used(site, coupon)
    return used(site, coupon)


def one_of_two_used(site: SiteClient, coupon: Coupon) -> str:
    used(site, coupon)
    return site.award_coupon(coupon)


def bought(site: SiteClient, coupon: Coupon) -> str:
    code = get_code(coupon)
    perform(site, "buy", code)
    return code


def bought_used(site: SiteClient, coupon: Coupon) -> str:
    code = bought(site, coupon)
    perform(site, "redeem", code)
    return code


def bought_in_one(site: SiteClient, coupon: Coupon) -> str:
    perform(site, "redeem", get_code(coupon))
    return get_code(coupon)


def bought_in_one_twice(site: SiteClient, coupon: Coupon) -> str:
    bought_in_one(site, coupon)
    return bought_in_one(site, coupon)


def refunded(site: SiteClient, coupon: Coupon) -> str:
    use = sold_and_used if coupon["pointsToBuy"] else used
    code = use(site, coupon)
    perform(site, "refund", code)
    return code


def sold_and_used(site: SiteClient, coupon: Coupon) -> str:
    in_one = coupon["buyRedemptionMode"] == "OneStep"
    return bought_in_one(site, coupon) if in_one else bought_used(site, coupon)


def gone_by(site: SiteClient, coupon: Coupon) -> str:
    """Award a coupon that has already expired."""
    return site.award_coupon(coupon, until=utc_now() - timedelta(seconds=1))


def used_and_gone_by(site: SiteClient, coupon: Coupon) -> str:
    used(site, coupon)
    return gone_by(site, coupon)


def poor(site: SiteClient, coupon: Coupon) -> str:
    expensive = site.create_coupon(**PRICE, **TWO, name="Spend")
    # Of 100 points, 10 are left.
    for _ in range(3):
        perform(site, "buy", expensive["code"])
    return get_code(coupon)


def update_definition(site: SiteClient, coupon: Coupon, **members: Any) -> str:
    definitions.update(
        site.tenant.tenant_id, coupon["id"], changes=members, now=utc_now()
    )
    return get_code(coupon)


def inactive(site: SiteClient, coupon: Coupon) -> str:
    return update_definition(site, coupon, status=DefinitionStatus.ARCHIVED)


def paused(site: SiteClient, coupon: Coupon) -> str:
    return update_definition(site, coupon, status=DefinitionStatus.PAUSED)


def awarded_paused(site: SiteClient, coupon: Coupon) -> str:
    site.award_coupon(coupon)
    return paused(site, coupon)


def used_inactive(site: SiteClient, coupon: Coupon) -> str:
    used(site, coupon)
    return inactive(site, coupon)


def not_begun(site: SiteClient, coupon: Coupon) -> str:
    return update_definition(site, coupon, starts_at=utc_now() + timedelta(days=1))


def over(site: SiteClient, coupon: Coupon) -> str:
    return update_definition(site, coupon, expires_at=utc_now() - timedelta(seconds=1))


def awarded_over(site: SiteClient, coupon: Coupon) -> str:
    site.award_coupon(coupon)
    return over(site, coupon)


def used_over(site: SiteClient, coupon: Coupon) -> str:
    used(site, coupon)
    return over(site, coupon)


def awarded_beyond(site: SiteClient, coupon: Coupon) -> str:
    """Award a coupon that expires later than its definition, which has expired."""
    site.award_coupon(coupon, until=utc_now() + timedelta(days=1))
    return over(site, coupon)


def deleted(site: SiteClient, coupon: Coupon) -> str:
    answer = site.open("DELETE", f"/api/v1/coupons/{coupon['id']}")
    assert answer.status_code == 204
    return get_code(coupon)


def exhausted(site: SiteClient, coupon: Coupon) -> str:
    """Award the whole series or list to other users."""
    for number in range(1 if coupon["code"] else 2):
        site.award_coupon(coupon, f"other-{number}")
    return get_code(coupon)


def another_s(site: SiteClient, coupon: Coupon) -> str:
    return site.award_coupon(coupon, "jane@doe.com")


def no_member(site: SiteClient, coupon: Coupon) -> str:
    site.award_coupon(coupon)
    site.call("PUT", f"users/{JOHN}", {"isMember": False})
    return get_code(coupon)


def no_such_code(site: SiteClient, coupon: Coupon) -> str:
    return "NOSUCHCODE"


def no_code_at_all(site: SiteClient, coupon: Coupon) -> str:
    return "späte grüße"


# -------------------------------------------------------------- expected outcomes


@dataclass(frozen=True)
class Outcome:
    """John's points afterwards, and the states of the coupons he holds."""

    points: int
    held: tuple[str, ...] = ()


AVAILABLE, REDEEMED, EXPIRED = "AVAILABLE", "REDEEMED", "EXPIRED"
NOT_FOUND, INACTIVE = "CouponNotFoundException", "CouponInactiveException"
ENDED, SCARCITY = "CouponExpiredException", "CouponScarcityException"
MEMBER, POINTS = "CouponMemberException", "CouponPointsException"
USED, NOT_AWARDED = "CouponRedeemedException", "CouponNotAwardedException"
SPENT = "CouponRedeemedOrExpiredException"
NOT_BUYABLE, REFUND = "CouponNotBuyableException", "CouponRefundException"

Cell = tuple[str, str, Callable[[SiteClient, Coupon], str], "str | Outcome"]
CELLS: list[Cell] = [
    # ------------------------------------------------------------------------- buy
    ("buy", "regular", fresh, NOT_BUYABLE),
    ("buy", "regular", awarded, NOT_BUYABLE),
    ("buy", "regular", used, NOT_BUYABLE),
    ("buy", "regular one-step", fresh, NOT_BUYABLE),
    ("buy", "one-step", fresh, NOT_BUYABLE),
    ("buy", "one-step", bought_in_one, NOT_BUYABLE),
    ("buy", "list", fresh, NOT_BUYABLE),
    ("buy", "list one-step", fresh, NOT_BUYABLE),
    ("buy", "two-step", fresh, Outcome(70, (AVAILABLE,))),
    ("buy", "two-step", awarded, Outcome(70, (AVAILABLE, AVAILABLE))),
    ("buy", "two-step", bought, Outcome(40, (AVAILABLE, AVAILABLE))),
    ("buy", "two-step", bought_used, USED),
    ("buy", "two-step", used, USED),
    ("buy", "two-step", used_twice, SPENT),
    ("buy", "two-step", used_and_gone_by, SPENT),
    ("buy", "two-step", one_of_two_used, Outcome(70, (AVAILABLE, AVAILABLE, REDEEMED))),
    ("buy", "two-step", gone_by, ENDED),
    ("buy", "two-step", refunded, Outcome(70, (AVAILABLE,))),
    ("buy", "two-step", poor, POINTS),
    ("buy", "two-step", inactive, INACTIVE),
    ("buy", "two-step", paused, INACTIVE),
    ("buy", "two-step", not_begun, INACTIVE),
    ("buy", "two-step", over, ENDED),
    ("buy", "two-step", deleted, NOT_FOUND),
    ("buy", "two-step", no_such_code, NOT_FOUND),
    ("buy", "two-step", no_code_at_all, NOT_FOUND),
    ("buy", "two-step", no_member, MEMBER),
    ("buy", "two-step multi", bought, Outcome(40, (AVAILABLE, AVAILABLE))),
    ("buy", "two-step multi", bought_used, Outcome(40, (AVAILABLE, AVAILABLE))),
    ("buy", "two-step multi", gone_by, Outcome(70, (AVAILABLE, EXPIRED))),
    ("buy", "two-step series", fresh, Outcome(70, (AVAILABLE,))),
    ("buy", "two-step series", exhausted, SCARCITY),
    ("buy", "two-step series", bought, SCARCITY),
    ("buy", "two-step series", refunded, Outcome(70, (AVAILABLE,))),
    ("buy", "list two-step", fresh, Outcome(70, (AVAILABLE,))),
    ("buy", "list two-step", bought, Outcome(40, (AVAILABLE, AVAILABLE))),
    ("buy", "list two-step", bought_used, USED),
    ("buy", "list two-step", exhausted, SCARCITY),
    # ---------------------------------------------------------------------- redeem
    ("redeem", "regular", fresh, NOT_AWARDED),
    ("redeem", "regular", another_s, NOT_AWARDED),
    ("redeem", "regular", awarded, Outcome(100, (REDEEMED,))),
    ("redeem", "regular", used, USED),
    ("redeem", "regular", one_of_two_used, Outcome(100, (REDEEMED, REDEEMED))),
    ("redeem", "regular", awarded_twice, Outcome(100, (AVAILABLE, REDEEMED))),
    ("redeem", "regular", used_twice, SPENT),
    ("redeem", "regular", gone_by, ENDED),
    ("redeem", "regular", used_and_gone_by, SPENT),
    ("redeem", "regular", refunded, Outcome(100, (REDEEMED,))),
    ("redeem", "regular", inactive, INACTIVE),
    ("redeem", "regular", awarded_paused, Outcome(100, (REDEEMED,))),
    ("redeem", "regular", not_begun, INACTIVE),
    ("redeem", "regular", over, ENDED),
    ("redeem", "regular", awarded_over, ENDED),
    ("redeem", "regular", awarded_beyond, Outcome(100, (REDEEMED,))),
    ("redeem", "regular", deleted, NOT_FOUND),
    ("redeem", "regular", no_such_code, NOT_FOUND),
    ("redeem", "regular", no_code_at_all, NOT_FOUND),
    ("redeem", "regular", no_member, MEMBER),
    ("redeem", "regular multi", used, Outcome(100, (AVAILABLE,))),
    ("redeem", "two-step", fresh, NOT_AWARDED),
    ("redeem", "two-step", awarded, Outcome(100, (REDEEMED,))),
    ("redeem", "two-step", bought, Outcome(70, (REDEEMED,))),
    ("redeem", "two-step", bought_used, USED),
    ("redeem", "two-step", refunded, NOT_AWARDED),
    ("redeem", "two-step multi", bought_used, Outcome(70, (AVAILABLE,))),
    ("redeem", "two-step series", exhausted, NOT_AWARDED),
    ("redeem", "two-step series", bought, Outcome(70, (REDEEMED,))),
    ("redeem", "one-step", fresh, Outcome(70, (REDEEMED,))),
    ("redeem", "one-step", awarded, Outcome(100, (REDEEMED,))),
    ("redeem", "one-step", bought_in_one, USED),
    ("redeem", "one-step", used_twice, SPENT),
    ("redeem", "one-step", refunded, Outcome(70, (REDEEMED,))),
    ("redeem", "one-step", poor, POINTS),
    ("redeem", "one-step", paused, INACTIVE),
    ("redeem", "one-step", no_member, MEMBER),
    ("redeem", "one-step multi", bought_in_one, Outcome(40, (REDEEMED, REDEEMED))),
    ("redeem", "one-step multi", bought_in_one_twice, Outcome(10, (REDEEMED,) * 3)),
    ("redeem", "one-step series", exhausted, SCARCITY),
    ("redeem", "one-step series", bought_in_one, USED),
    ("redeem", "list", awarded, Outcome(100, (REDEEMED,))),
    ("redeem", "list", another_s, NOT_AWARDED),
    ("redeem", "list two-step", bought, Outcome(70, (REDEEMED,))),
    ("redeem", "list one-step", fresh, Outcome(70, (REDEEMED,))),
    ("redeem", "list one-step", exhausted, SCARCITY),
    # ---------------------------------------------------------------------- refund
    ("refund", "regular", fresh, REFUND),
    ("refund", "regular", awarded, REFUND),
    ("refund", "regular", used, Outcome(100, (AVAILABLE,))),
    ("refund", "regular", used_twice, Outcome(100, (AVAILABLE, REDEEMED))),
    ("refund", "regular", refunded, REFUND),
    ("refund", "regular", used_inactive, INACTIVE),
    ("refund", "regular", used_over, ENDED),
    ("refund", "regular", no_such_code, NOT_FOUND),
    ("refund", "regular", no_member, MEMBER),
    ("refund", "regular final", used, REFUND),
    ("refund", "regular multi", used, Outcome(100, (AVAILABLE,))),
    ("refund", "two-step", bought, REFUND),
    ("refund", "two-step", bought_used, Outcome(100)),
    ("refund", "two-step", used, Outcome(100, (AVAILABLE,))),
    ("refund", "two-step", refunded, REFUND),
    ("refund", "two-step multi", bought_used, Outcome(100)),
    ("refund", "two-step final", bought_used, REFUND),
    ("refund", "one-step", bought_in_one, Outcome(100)),
    ("refund", "one-step", refunded, REFUND),
    ("refund", "one-step final", bought_in_one, REFUND),
    ("refund", "one-step multi", bought_in_one_twice, Outcome(70, (REDEEMED,))),
    ("refund", "list", used, Outcome(100, (AVAILABLE,))),
    ("refund", "list two-step", bought_used, Outcome(100)),
]


def build_cell_id(cell: Cell) -> str:
    action, configuration, state, outcome = cell
    result = outcome if isinstance(outcome, str) else "done"
    return f"{action}-{configuration}-{state.__name__}-{result}".replace(" ", "_")


@pytest.mark.parametrize("cell", CELLS, ids=build_cell_id)
def test_cell(site_with_member: SiteClient, cell: Cell) -> None:
    action, configuration, state, outcome = cell
    coupon = site_with_member.create_coupon(**CONFIGURATIONS[configuration])
    code = state(site_with_member, coupon)
    before = read_all_rows()
    answer = site_with_member.perform_activity(action, code)
    if isinstance(outcome, str):
        expect_refusal(answer, 404 if "NotFound" in outcome else 400, outcome)
        assert read_all_rows() == before
    else:
        assert answer.status_code == 200, answer.json
        assert set(answer.json) == {"id"}
        assert (
            site_with_member.get_balance(),
            tuple(list_states(site_with_member.list_held_coupons())),
        ) == (
            outcome.points,
            outcome.held,
        )


@pytest.mark.parametrize("action", ["buy", "redeem", "refund"])
def test_unknown_users_are_told_so(site_with_member: SiteClient, action: str) -> None:
    coupon = site_with_member.create_coupon(**PRICE)
    answer = site_with_member.perform_activity(action, coupon["code"], "nobody@doe.com")
    expect_refusal(answer, 404, "UserNotFoundException")
