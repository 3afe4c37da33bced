"""Usage limits, start and expiry, and the status of a definition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from coupon_core.domain.models import Refused, utc_now
from coupon_core.services.coupons import generation, redemption
from coupon_core.services.coupons.redemption import RedeemRequest
from tests.query_gateway.caller import Caller
from tests.support.invariants import assert_invariants

CallAs = Callable[..., Caller]
START = datetime(2030, 1, 1, tzinfo=UTC)
END = datetime(2030, 1, 31, tzinfo=UTC)
MOMENT = timedelta(milliseconds=1)


# ---------------------------------------------------------------------- uses


@pytest.mark.parametrize("most", [1, 2, 3])
def test_a_user_has_so_many_uses_and_no_more(caller: Caller, most: int) -> None:
    code = caller.tenant.create_code(per_code_limit=most)
    answers = [caller.redeem(code) for _ in range(most + 2)]
    assert [answer.status_code for answer in answers] == [200] * most + [400, 400]
    assert_invariants()


def test_a_coupon_stays_active_until_its_uses_are_spent(caller: Caller) -> None:
    code = caller.tenant.create_code(per_code_limit=2)
    first, second = caller.redeem(code).json, caller.redeem(code).json
    assert (first["status"], first["redemption_count"]) == ("active", 1)
    assert first["redeemed_at"]
    assert (second["status"], second["redemption_count"]) == ("redeemed", 2)


def test_a_pool_serves_who_comes_first(create_caller: CallAs) -> None:
    ann, bob = create_caller("ann"), create_caller("bob")
    definition = ann.tenant.define(per_code_limit=0, total_limit=2)
    codes = [
        ann.tenant.issue_coupon(definition, user).coupon.code for user in ("ann", "bob")
    ]
    assert ann.redeem(codes[0]).status_code == 200
    assert ann.redeem(codes[0]).status_code == 200
    refused = bob.redeem(codes[1])
    assert (refused.status_code, refused.json["message"]) == (
        400,
        "Usage limit exceeded",
    )
    assert_invariants()


def test_a_coupon_without_a_limit_is_never_spent(caller: Caller) -> None:
    code = caller.tenant.create_code(per_code_limit=0)
    answers = [caller.redeem(code).json for _ in range(12)]
    assert [coupon["redemption_count"] for coupon in answers] == list(range(1, 13))
    assert {coupon["status"] for coupon in answers} == {"active"}


def test_a_user_may_use_every_coupon_of_a_definition(caller: Caller) -> None:
    definition = caller.tenant.define()
    codes = [caller.tenant.issue_coupon(definition).coupon.code for _ in range(3)]
    assert [caller.redeem(code).status_code for code in codes] == [200] * 3


# ---------------------------------------------------------------------- time


@pytest.mark.parametrize(
    ("moment", "error"),
    [
        (START - MOMENT, "Coupon not yet active"),
        (START, None),
        (END, None),
        (END + MOMENT, "Coupon has expired"),
    ],
)
def test_the_first_and_the_last_moment_still_count(
    caller: Caller, moment: datetime, error: str | None
) -> None:
    code = caller.tenant.create_code(starts_at=START, expires_at=END)
    with time_machine.travel(moment, tick=False):
        assert caller.validate(code)["error"] == error
        assert caller.redeem(code).json.get("message") == error


def test_a_coupons_own_expiry_counts_instead_of_its_definitions(
    caller: Caller,
) -> None:
    definition = caller.tenant.define(expires_at=END)
    early = caller.tenant.issue_coupon(definition, expires_at=START).coupon.code
    late = caller.tenant.issue_coupon(
        definition, expires_at=END + MOMENT * 2
    ).coupon.code
    with time_machine.travel(START + MOMENT, tick=False):
        assert caller.validate(early)["error"] == "Coupon has expired"
    with time_machine.travel(END + MOMENT, tick=False):
        assert caller.validate(late)["coupon"]["expires_at"] == "2030-01-31T00:00:00Z"


def test_a_coupon_is_told_expired_without_any_sweep(caller: Caller) -> None:
    code = caller.tenant.create_code(expires_at=END)
    with time_machine.travel(END + MOMENT, tick=False):
        shown = caller.get("/user/ann").json["coupons"]
        filtered = caller.get("/user/ann?status=expired").json["coupons"]
    assert [(coupon["code"], coupon["status"]) for coupon in shown] == [
        (code, "expired")
    ]
    assert filtered == shown


# ---------------------------------------------------- the definition's status


def test_paused_existing_coupons_redeem_and_none_is_generated(
    any_caller: Caller,
) -> None:
    tenant = any_caller.tenant
    definition = tenant.define()
    code = tenant.issue_coupon(definition).coupon.code
    tenant.set_status(definition, "paused")
    assert any_caller.validate(code)["valid"]
    assert any_caller.redeem(code).status_code == 200
    with pytest.raises(Refused, match="not_active"):
        generation.generate(
            tenant.tenant_id,
            definition.definition_id,
            user_ids=["ann"],
            now=utc_now(),
        )


def test_archived_history_is_readable_and_nothing_redeems(any_caller: Caller) -> None:
    tenant = any_caller.tenant
    definition = tenant.define(per_code_limit=2)
    code = tenant.issue_coupon(definition).coupon.code
    assert any_caller.redeem(code).status_code == 200
    tenant.set_status(definition, "archived")
    refused = any_caller.redeem(code)
    text = "Coupon is no longer available"
    assert (refused.status_code, refused.json["message"]) == (400, text)
    history = any_caller.get("/user/ann/redemptions").json
    assert [coupon["code"] for coupon in history["redemptions"]] == [code]
    assert [
        coupon["code"] for coupon in any_caller.get("/user/ann").json["coupons"]
    ] == [code]


def test_a_definition_that_is_active_again_redeems_again(caller: Caller) -> None:
    definition = caller.tenant.define()
    code = caller.tenant.issue_coupon(definition).coupon.code
    caller.tenant.set_status(definition, "archived")
    caller.tenant.set_status(definition, "active")
    assert caller.redeem(code).status_code == 200


# ------------------------------------------------------------------- history


def test_history_has_a_coupon_once_however_often_it_was_used(caller: Caller) -> None:
    code = caller.tenant.create_code(per_code_limit=3)
    last = [caller.redeem(code).json for _ in range(3)][-1]
    assert caller.get("/user/ann/redemptions").json == {
        "redemptions": [last],
        "total": 1,
    }


def test_history_begins_with_what_was_used_last(caller: Caller) -> None:
    tenant, now = caller.tenant, utc_now()
    codes = [tenant.create_code(per_code_limit=0) for _ in range(3)]
    for minutes, code in enumerate([codes[1], codes[0], codes[2], codes[1]]):
        request = RedeemRequest(tenant.tenant_id, code, "ann")
        redemption.redeem(request, now + timedelta(minutes=minutes))
    history = caller.get("/user/ann/redemptions").json["redemptions"]
    assert [coupon["code"] for coupon in history] == [codes[1], codes[2], codes[0]]


def test_a_revoked_coupon_that_was_used_stays_in_the_history(caller: Caller) -> None:
    code = caller.tenant.create_code(per_code_limit=2)
    caller.redeem(code)
    caller.tenant.revoke(code)
    history = caller.get("/user/ann/redemptions").json["redemptions"]
    assert [coupon["status"] for coupon in history] == ["revoked"]
