"""Lookup of codes: case, blanks, shared codes and unassigned codes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.query_gateway.caller import TENANT_WIDE_STYLES, Caller, CallStyle
from tests.support.invariants import assert_invariants

CallAs = Callable[..., Caller]
NOT_FOUND = (404, "Coupon not found")


def get_outcome(answer: object) -> tuple[int, str | None]:
    """Return the status of a redeem and, if it was refused, the text."""
    return answer.status_code, answer.json.get("message")


# ---------------------------------------------------------------------- case


@pytest.mark.parametrize("change", [str.lower, str.upper, str.swapcase, str.title])
def test_case_does_not_matter_by_default(
    caller: Caller, change: Callable[[str], str]
) -> None:
    code = caller.tenant.create_code(code_prefix="WELCOME")
    assert caller.validate(change(code))["coupon"]["code"] == code
    assert caller.redeem(change(code)).json["code"] == code


def test_case_matters_where_a_definition_says_so(caller: Caller) -> None:
    code = caller.tenant.create_code(case_sensitive=True, code_prefix="Mixed-")
    assert get_outcome(caller.redeem(code.upper())) == NOT_FOUND
    assert caller.validate(code.lower())["error"] == "Coupon code not found"
    assert get_outcome(caller.redeem(code)) == (200, None)


def test_sensitive_codes_that_differ_by_case_are_different_codes(
    caller: Caller,
) -> None:
    upper = caller.tenant.define_custom("REWARD10", case_sensitive=True)
    lower = caller.tenant.define_custom("reward10", case_sensitive=True)
    for definition in upper, lower:
        caller.tenant.issue_coupon(definition)
    for code, definition in ("REWARD10", upper), ("reward10", lower):
        redeemed = caller.redeem(code).json
        assert redeemed["definition_id"] == definition.definition_id
        assert redeemed["code"] == code
    assert get_outcome(caller.redeem("Reward10")) == NOT_FOUND


def test_a_custom_code_is_found_in_any_case(caller: Caller) -> None:
    caller.tenant.issue_coupon(caller.tenant.define_custom("NewYear2025"))
    assert caller.redeem("NEWYEAR2025").json["code"] == "NewYear2025"


# -------------------------------------------------------------------- blanks


@pytest.mark.parametrize("blanks", ["%20{}", "{}%20", "%20%20{}%20"])
def test_outer_blanks_are_trimmed(caller: Caller, blanks: str) -> None:
    code = caller.tenant.create_code()
    answer = caller.get(f"/validate/{blanks.format(code)}")
    assert answer.json["valid"]
    redeemed = caller.call(
        "POST", f"/redeem/{blanks.format(code)}", b'{"user_id":"ann"}'
    )
    assert redeemed.status_code == 200


@pytest.mark.parametrize(
    "code",
    [
        *("%20", "A%20B", "-A", "_A", "A.B", "A%2BB", "%C5%BFAVE10", "%EF%BC%A1"),
        *("A" * 65, "A" * 1000, "%F0%9F%8E%81", "A'--", "A%22", "%25", "A;B", "A:B"),
    ],
)
def test_what_can_be_no_code_is_not_found(caller: Caller, code: str) -> None:
    caller.tenant.define_custom("SAVE10", claimable=True)
    answer = caller.get(f"/validate/{code}")
    assert (answer.status_code, answer.json["error"]) == (200, "Coupon code not found")
    answer = caller.call("POST", f"/redeem/{code}", b'{"user_id":"ann"}')
    assert get_outcome(answer) == NOT_FOUND


# -------------------------------------------------------------- shared codes


def test_a_custom_code_is_only_for_those_who_were_given_it(
    create_caller: CallAs,
) -> None:
    ann, bob = create_caller("ann"), create_caller("bob")
    ann.tenant.issue_coupon(ann.tenant.define_custom("NEWYEAR2025"), "ann")
    assert get_outcome(bob.redeem("NEWYEAR2025")) == NOT_FOUND
    assert bob.validate("NEWYEAR2025")["error"] == "Coupon code not found"
    assert get_outcome(ann.redeem("NEWYEAR2025")) == (200, None)


def test_each_holder_of_a_custom_code_has_uses_of_their_own(
    create_caller: CallAs,
) -> None:
    ann, bob = create_caller("ann"), create_caller("bob")
    definition = ann.tenant.define_custom("NEWYEAR2025")
    for user_id in "ann", "bob":
        ann.tenant.issue_coupon(definition, user_id)
    assert get_outcome(ann.redeem("NEWYEAR2025")) == (200, None)
    assert get_outcome(ann.redeem("NEWYEAR2025"))[0] == 400
    assert get_outcome(bob.redeem("NEWYEAR2025")) == (200, None)


def test_a_claimable_code_makes_the_coupon_of_who_redeems_it(
    any_caller: Caller,
) -> None:
    any_caller.tenant.define_custom("OPEN2025", claimable=True)
    redeemed = any_caller.redeem("open2025")
    assert get_outcome(redeemed) == (200, None)
    assert redeemed.json["user_id"] == "ann"
    assert redeemed.json["code"] == "OPEN2025"
    assert any_caller.get("/user/ann").json["coupons"] == [redeemed.json]
    assert get_outcome(any_caller.redeem("OPEN2025"))[0] == 400


def test_a_claimable_code_is_told_by_its_definition_until_it_is_claimed(
    caller: Caller,
) -> None:
    definition = caller.tenant.define_custom("OPEN2025", claimable=True)
    before = caller.validate("OPEN2025")
    assert (before["valid"], before["coupon"]) == (True, None)
    assert before["definition"]["id"] == definition.definition_id
    assert "custom_code" not in before["definition"]["config"]
    caller.redeem("OPEN2025")
    after = caller.validate("OPEN2025")
    assert after["error"] == "Coupon has already been used"


def test_a_claimable_code_that_was_revoked_for_a_user_stays_revoked(
    caller: Caller,
) -> None:
    caller.tenant.issue_coupon(caller.tenant.define_custom("OPEN2025", claimable=True))
    caller.tenant.revoke("OPEN2025")
    assert get_outcome(caller.redeem("OPEN2025")) == (400, "Coupon status: revoked")


@pytest.mark.parametrize("status", ["paused", "archived"])
def test_whether_a_code_may_be_claimed_follows_its_definition(
    caller: Caller, status: str
) -> None:
    definition = caller.tenant.define_custom("OPEN2025", claimable=True)
    caller.tenant.set_status(definition, status)
    # A paused definition's code can still be redeemed; an archived one's cannot.
    expected = {
        "paused": (200, None),
        "archived": (400, "Coupon is no longer available"),
    }
    assert get_outcome(caller.redeem("OPEN2025")) == expected[status]


# -------------------------------------------------------- unassigned codes


def test_a_code_of_nobody_becomes_the_coupon_of_its_first_redeemer(
    create_caller: CallAs,
) -> None:
    ann, bob = create_caller("ann"), create_caller("bob")
    code = ann.tenant.create_unassigned_code(per_code_limit=2)
    before = ann.validate(code)
    assert (before["valid"], before["coupon"]["user_id"]) == (True, None)
    assert ann.redeem(code).json["user_id"] == "ann"
    assert get_outcome(bob.redeem(code)) == NOT_FOUND
    assert bob.validate(code)["error"] == "Coupon code not found"
    assert [get_outcome(ann.redeem(code))[0] for _ in range(2)] == [200, 400]
    assert_invariants()


def test_a_code_of_nobody_is_in_no_users_list(caller: Caller) -> None:
    caller.tenant.create_unassigned_code()
    assert caller.get("/user/ann").json["total"] == 0


# ------------------------------------------------- validate without a user


@pytest.mark.parametrize("way", TENANT_WIDE_STYLES, ids=str)
def test_without_a_user_the_only_holders_coupon_is_told(
    create_caller: CallAs, way: CallStyle
) -> None:
    server = create_caller("ann", way)
    coupon = server.tenant.issue_coupon(server.tenant.define()).coupon
    answer = server.get(f"/validate/{coupon.code}").json
    assert (answer["valid"], answer["definition"]) == (True, None)
    assert answer["coupon"]["id"] == coupon.coupon_id


@pytest.mark.parametrize("way", TENANT_WIDE_STYLES, ids=str)
def test_without_a_user_a_code_of_several_is_told_by_its_definition(
    create_caller: CallAs, way: CallStyle
) -> None:
    server = create_caller("ann", way)
    definition = server.tenant.define_custom("NEWYEAR2025")
    for user_id in "ann", "bob":
        server.tenant.issue_coupon(definition, user_id)
    answer = server.get("/validate/newyear2025").json
    assert (answer["valid"], answer["coupon"], answer["error"]) == (True, None, None)
    assert answer["definition"]["id"] == definition.definition_id


def test_without_a_user_a_code_that_several_have_used_is_still_good(
    server_caller: Caller,
) -> None:
    definition = server_caller.tenant.define_custom("NEWYEAR2025")
    for user_id in "ann", "bob":
        server_caller.tenant.issue_coupon(definition, user_id)
        assert server_caller.redeem("NEWYEAR2025", user_id).status_code == 200
    assert server_caller.get("/validate/NEWYEAR2025").json["valid"]


def test_without_a_user_a_code_of_several_can_be_over(server_caller: Caller) -> None:
    definition = server_caller.tenant.define_custom("NEWYEAR2025")
    for user_id in "ann", "bob":
        server_caller.tenant.issue_coupon(definition, user_id)
    server_caller.tenant.set_status(definition, "archived")
    answer = server_caller.get("/validate/NEWYEAR2025").json
    assert answer["error"] == "Coupon is no longer available"


@pytest.mark.parametrize("claimable", [True, False])
def test_without_a_user_a_code_that_nobody_holds(
    server_caller: Caller, claimable: bool
) -> None:
    server_caller.tenant.define_custom("NEWYEAR2025", claimable=claimable)
    answer = server_caller.get("/validate/NEWYEAR2025").json
    assert answer["valid"] is claimable
    assert (answer["definition"] is not None) is claimable


def test_a_tenants_server_may_name_the_user_it_asks_for(server_caller: Caller) -> None:
    code = server_caller.tenant.create_code("ann")
    assert server_caller.get(f"/validate/{code}?user_id=ann").json["valid"]
    answer_for_bob = server_caller.get(f"/validate/{code}?user_id=bob").json
    assert answer_for_bob["error"] == "Coupon code not found"
