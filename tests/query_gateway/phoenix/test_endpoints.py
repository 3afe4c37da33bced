"""All six endpoints in every call style."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.factories.tenant import TenantFactory
from tests.query_gateway.caller import Caller, CallStyle
from tests.support.databases import on_sqlite

READS = ["/definitions", "/user/ann", "/user/ann/redemptions", "/validate/NONE"]


def test_active_definitions_are_listed(any_caller: Caller) -> None:
    definition = any_caller.tenant.define(name="Welcome", code_prefix="WELCOME")
    answer = any_caller.get("/definitions")
    assert answer.status_code == 200
    assert answer.json == {
        "definitions": [
            {
                "id": definition.definition_id,
                "tenant_id": any_caller.tenant.tenant_id,
                "name": "Welcome",
                "description": "",
                "config": {
                    "reward_item_id": any_caller.tenant.reward_item_id,
                    "code_format": "random",
                    "code_prefix": "WELCOME",
                    "code_length": 8,
                    "case_sensitive": False,
                    "usage_limit": {"limit_type": "per_user", "max_uses": 1},
                },
                "status": "active",
            }
        ],
        "total": 1,
    }


def test_suspended_definitions_are_not_listed(any_caller: Caller) -> None:
    definition = any_caller.tenant.define()
    any_caller.tenant.suspend(definition)
    assert any_caller.get("/definitions").json == {"definitions": [], "total": 0}
    any_caller.tenant.resume(definition)
    assert any_caller.get("/definitions").json["total"] == 1


def test_a_users_coupons_are_listed(any_caller: Caller) -> None:
    code = any_caller.tenant.create_code("ann")
    any_caller.tenant.create_code("bob")
    answer = any_caller.get("/user/ann")
    assert answer.status_code == 200
    assert [coupon["code"] for coupon in answer.json["coupons"]] == [code]
    assert answer.json["total"] == 1


def test_one_coupon_is_shown_as_it_stands_in_the_list(any_caller: Caller) -> None:
    coupon = any_caller.tenant.issue_coupon(any_caller.tenant.define()).coupon
    listed = any_caller.get("/user/ann").json["coupons"][0]
    answer = any_caller.get(f"/user/ann/{coupon.coupon_id}")
    assert (answer.status_code, answer.json) == (200, listed)


def test_a_good_code_is_told_with_its_coupon(any_caller: Caller) -> None:
    coupon = any_caller.tenant.issue_coupon(any_caller.tenant.define()).coupon
    shown = any_caller.get(f"/user/ann/{coupon.coupon_id}").json
    expected = {"valid": True, "coupon": shown, "definition": None, "error": None}
    expected["error_code"] = None
    assert any_caller.validate(coupon.code) == expected


def test_a_code_is_redeemed_once(any_caller: Caller) -> None:
    code = any_caller.tenant.create_code()
    answer = any_caller.redeem(code)
    assert answer.status_code == 200, answer.text
    assert (answer.json["status"], answer.json["redemption_count"]) == ("redeemed", 1)
    assert answer.json["redeemed_at"]
    assert any_caller.redeem(code).status_code == 400


@pytest.mark.parametrize(
    ("is_used", "error_code"),
    [(True, "ALREADY_REDEEMED"), (False, "COUPON_NOT_FOUND")],
)
def test_a_reason_has_the_same_code_on_validate_and_redeem(
    caller: Caller, is_used: bool, error_code: str
) -> None:
    code = caller.tenant.create_code() if is_used else "UNKNOWN"
    caller.redeem(code)
    assert caller.validate(code)["error_code"] == error_code
    assert caller.redeem(code).json["code"] == error_code


def test_history_has_what_was_redeemed(any_caller: Caller) -> None:
    any_caller.tenant.create_code()
    redeemed = any_caller.redeem(any_caller.tenant.create_code()).json
    answer = any_caller.get("/user/ann/redemptions")
    assert answer.status_code == 200
    assert answer.json == {"redemptions": [redeemed], "total": 1}


@on_sqlite
@pytest.mark.parametrize("rest", READS)
def test_a_head_is_a_get_without_a_body(any_caller: Caller, rest: str) -> None:
    shown, head = any_caller.get(rest), any_caller.call("HEAD", rest)
    assert (head.status_code, head.data) == (shown.status_code, b"")
    assert head.content_type == shown.content_type == "application/json"
    assert head.content_length == shown.content_length


@pytest.mark.parametrize("rest", READS)
def test_a_signature_alone_names_no_tenant(
    create_caller: Callable[..., Caller], rest: str
) -> None:
    answer = create_caller("ann", CallStyle("B", "hmac")).get(rest)
    assert (answer.status_code, answer.json["code"]) == (401, "AUTH_002")


def test_a_signature_alone_redeems_nothing(
    create_caller: Callable[..., Caller], tenant: TenantFactory
) -> None:
    code = tenant.create_code()
    assert create_caller("ann", CallStyle("B", "hmac")).redeem(code).status_code == 401
    assert create_caller("ann").validate(code)["valid"]


@on_sqlite
@pytest.mark.parametrize(
    ("method", "rest", "allowed"),
    [
        ("POST", "/definitions", {"GET", "HEAD", "OPTIONS"}),
        ("DELETE", "/user/ann", {"GET", "HEAD", "OPTIONS"}),
        ("PUT", "/user/ann/redemptions", {"GET", "HEAD", "OPTIONS"}),
        ("PATCH", "/user/ann/x", {"GET", "HEAD", "OPTIONS"}),
        ("POST", "/validate/X", {"GET", "HEAD", "OPTIONS"}),
        ("GET", "/redeem/X", {"POST", "OPTIONS"}),
        ("HEAD", "/redeem/X", {"POST", "OPTIONS"}),
    ],
)
def test_another_method_is_told_which_are_allowed(
    any_caller: Caller, method: str, rest: str, allowed: set[str]
) -> None:
    answer = any_caller.call(method, rest)
    assert (answer.status_code, set(answer.allow)) == (405, allowed)
    if method != "HEAD":
        assert answer.json["code"] == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize("rest", ["/definitions", "/redeem/X"])
@pytest.mark.parametrize("style", ["A", "B"])
def test_options_are_told_to_anybody(
    create_caller: Callable[..., Caller], rest: str, style: str
) -> None:
    caller = create_caller("ann", CallStyle(style, "user-token"))
    answer = caller.client.options(caller.build_path(rest))
    assert answer.status_code in (200, 204)
    assert "OPTIONS" in answer.allow


def test_a_path_that_is_none_is_not_found_in_json(caller: Caller) -> None:
    for path in ("/v1/coupons", "/v1/coupons/", "/v1/nothing", "/v1/coupons/a/b/c/d/e"):
        answer = caller.client.get(path, headers=caller.tenant.build_bearer_headers())
        assert (answer.status_code, answer.json["code"]) == (404, "NOT_FOUND")


def test_only_active_definitions_are_listed(caller: Caller) -> None:
    active, paused, archived = (caller.tenant.define() for _ in range(3))
    caller.tenant.set_status(paused, "paused")
    caller.tenant.set_status(archived, "archived")
    answer = caller.get("/definitions").json
    assert [definition["id"] for definition in answer["definitions"]] == [
        active.definition_id
    ]
    assert answer["total"] == 1


def test_players_are_not_told_the_code_that_a_definition_shares(
    caller: Caller,
) -> None:
    caller.tenant.define_custom("SECRET2025")
    assert "SECRET2025" not in caller.get("/definitions").text


@pytest.mark.parametrize("rest", ["/user/ann", "/user/ann/redemptions"])
def test_a_user_whom_nobody_knows_has_an_empty_list(
    any_caller: Caller, rest: str
) -> None:
    answer = any_caller.get(rest)
    name = "redemptions" if rest.endswith("redemptions") else "coupons"
    assert (answer.status_code, answer.json) == (200, {name: [], "total": 0})


def test_every_answer_carries_the_callers_request_id(caller: Caller) -> None:
    answer = caller.call("GET", "/definitions", headers={"X-Request-Id": "r-1"})
    assert answer.headers["X-Request-Id"] == "r-1"
    refused = caller.call("POST", "/redeem/X", b"{", headers={"X-Request-Id": "r-2"})
    assert refused.json["request_id"] == refused.headers["X-Request-Id"] == "r-2"
