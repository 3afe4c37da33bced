"""Authentication of the PlayCamp API, and the format of all its errors."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.client_keys import ClientKeyKind
from coupon_core.services.access import client_keys
from tests.factories.campaigns import CampaignFactory
from tests.factories.tenant import create_tenant
from tests.query_gateway.caller import Caller
from tests.query_gateway.playcamp.sdk_client import SdkClient
from tests.support.database_rows import read_all_rows
from tests.support.databases import on_sqlite

REDEEM = {"couponCode": "CREATOR-ABC12-001", "userId": "ann"}


def assert_error(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    """Assert that the response is this error in PlayCamp's format; return the body."""
    body = answer.json
    assert (answer.status_code, body["code"]) == (status, code), body
    assert isinstance(body["error"], str)
    assert body["message"]
    assert isinstance(body.get("details", []), list)
    return body


@pytest.mark.parametrize(
    "form", ["", "Bearer", "Bearer {id}", "Bearer {id}:", "Bearer :{secret}"]
)
def test_half_a_key_is_401(sdk: SdkClient, form: str) -> None:
    key_id, _, secret = sdk.key.partition(":")
    partial_key_headers = {"Authorization": form.format(id=key_id, secret=secret)}
    for headers in (partial_key_headers, {"Authorization": f"Basic {sdk.key}"}):
        answer = sdk.call("POST", "/coupons/redeem", REDEEM, headers=headers)
        assert_error(answer, 401, "UNAUTHORIZED")
        assert "WWW-Authenticate" in answer.headers


def test_a_key_with_a_wrong_secret_is_401(sdk: SdkClient) -> None:
    headers = {"Authorization": f"Bearer {sdk.key}x"}
    assert_error(sdk.call("GET", "/campaigns", headers=headers), 401, "UNAUTHORIZED")


def test_a_token_of_phoenix_is_401(
    sdk: SdkClient, campaign_factory: CampaignFactory
) -> None:
    headers = campaign_factory.tenant.build_bearer_headers("ann")
    assert_error(sdk.call("GET", "/campaigns", headers=headers), 401, "UNAUTHORIZED")


def test_a_key_of_playcamp_opens_no_phoenix_route(
    sdk: SdkClient, caller: Caller
) -> None:
    headers = {"Authorization": f"Bearer {sdk.key}"}
    answer = caller.call("GET", "/definitions", headers=headers)
    assert (answer.status_code, answer.json["code"]) == (401, "INVALID_TOKEN")


def test_a_revoked_key_is_401_at_once(
    sdk: SdkClient, campaign_factory: CampaignFactory
) -> None:
    assert sdk.get("/campaigns").status_code == 200
    key_id = sdk.key.partition(":")[0]
    client_keys.revoke(campaign_factory.tenant.tenant_id, key_id, utc_now())
    assert_error(sdk.get("/campaigns"), 401, "UNAUTHORIZED")


def test_a_mambo_key_is_401(sdk: SdkClient, campaign_factory: CampaignFactory) -> None:
    sdk.key = campaign_factory.create_client_key(ClientKeyKind.MAMBO)
    assert_error(sdk.get("/campaigns"), 401, "UNAUTHORIZED")


SERVER_ROUTES = (
    ("POST", "/coupons/validate"),
    ("POST", "/coupons/redeem"),
    ("GET", "/coupons/user/ann"),
    ("GET", "/campaigns"),
    ("GET", "/campaigns/campaign_001"),
    ("GET", "/campaigns/campaign_001/creators"),
    ("GET", "/creators/search"),
    ("GET", "/creators/ABC12"),
    ("GET", "/creators/ABC12/coupons"),
)


@pytest.mark.parametrize(("method", "path"), SERVER_ROUTES)
def test_a_client_key_is_403_on_what_is_for_servers(
    client_sdk: SdkClient, campaign_factory: CampaignFactory, method: str, path: str
) -> None:
    campaign_factory.create_redeemable_code()
    client_sdk.side = "server"
    before = read_all_rows()
    body = REDEEM if method == "POST" else None
    assert_error(client_sdk.call(method, path, body), 403, "FORBIDDEN")
    assert read_all_rows() == before


def test_a_server_key_may_call_what_is_for_clients(
    sdk: SdkClient, campaign_factory: CampaignFactory
) -> None:
    code = campaign_factory.create_redeemable_code()
    sdk.side = "client"
    assert sdk.validate(code)["valid"] is True


def test_another_tenants_things_are_not_there(
    sdk: SdkClient, campaign_factory: CampaignFactory
) -> None:
    other = CampaignFactory(create_tenant("other", now=None))
    code = other.create_redeemable_code()
    assert sdk.redeem(code).json["code"] == "COUPON_NOT_FOUND"
    for path in ("/campaigns/campaign_001", "/creators/ABC12"):
        assert_error(sdk.get(path), 404, "NOT_FOUND")
    assert sdk.get_data("/campaigns") == []


Ask = Callable[[SdkClient], TestResponse]


def labelled(sdk: SdkClient) -> TestResponse:
    headers = {"Authorization": f"Bearer {sdk.key}", "Content-Type": "text/plain"}
    return sdk.call("POST", "/coupons/redeem", headers=headers, data=b"{}")


def broken(sdk: SdkClient) -> TestResponse:
    headers = {"Authorization": f"Bearer {sdk.key}"}
    headers |= {"Content-Type": "application/json"}
    return sdk.call("POST", "/coupons/redeem", headers=headers, data=b'{"a":')


def huge(sdk: SdkClient) -> TestResponse:
    return sdk.redeem("X", callbackId="x" * 70_000)


ROUTING: dict[str, tuple[Ask, int, str]] = {
    "no such route": (lambda sdk: sdk.get("/nothing"), 404, "NOT_FOUND"),
    "no route below a route": (lambda s: s.get("/campaigns/a/b"), 404, "NOT_FOUND"),
    "another method": (
        lambda sdk: sdk.get("/coupons/redeem"),
        405,
        "METHOD_NOT_ALLOWED",
    ),
    "no JSON": (labelled, 415, "UNSUPPORTED_MEDIA_TYPE"),
    "broken JSON": (broken, 400, "VALIDATION_ERROR"),
    "a huge body": (huge, 413, "PAYLOAD_TOO_LARGE"),
    "no campaign": (lambda s: s.get("/campaigns/nothing"), 404, "NOT_FOUND"),
    "no creators": (lambda s: s.get("/campaigns/no/creators"), 404, "NOT_FOUND"),
    "no creator": (lambda s: s.get("/creators/nobody"), 404, "NOT_FOUND"),
    "no creator's codes": (lambda s: s.get("/creators/NO/coupons"), 404, "NOT_FOUND"),
    "search in no campaign": (
        lambda sdk: sdk.get("/creators/search?campaignId=nothing"),
        404,
        "NOT_FOUND",
    ),
}


@on_sqlite
@pytest.mark.parametrize("case", ROUTING)
def test_every_error_has_the_dialects_shape(sdk: SdkClient, case: str) -> None:
    ask, status, code = ROUTING[case]
    assert_error(ask(sdk), status, code)


BAD_BODIES: dict[str, dict[str, Any]] = {
    "couponCode": {"userId": "ann"},
    "userId": {"couponCode": "X"},
    "gameUserUuid": {**REDEEM, "gameUserUuid": "nonsense"},
    "callbackId": {**REDEEM, "callbackId": 7},
    "isTest": {**REDEEM, "isTest": "yes"},
}


@pytest.mark.parametrize("member", BAD_BODIES)
def test_a_bad_member_is_named(
    sdk: SdkClient, campaign_factory: CampaignFactory, member: str
) -> None:
    campaign_factory.create_redeemable_code()
    before = read_all_rows()
    answer = sdk.call("POST", "/coupons/redeem", BAD_BODIES[member])
    details = assert_error(answer, 400, "VALIDATION_ERROR")["details"]
    assert {(detail["path"], detail["target"]) for detail in details} == {
        (member, "body")
    }
    assert all(detail["message"] for detail in details)
    assert answer.json["error"] == "Validation Error"
    assert read_all_rows() == before


@pytest.mark.parametrize(
    "ask",
    [
        lambda sdk: sdk.call("POST", "/coupons/redeem", {"couponCode": "X"}),
        lambda sdk: sdk.get("/campaigns?page=0"),
        lambda sdk: sdk.get(f"/coupons/user/{'x' * 129}"),
        lambda sdk: sdk.get("/campaigns/a%2Fb"),
        lambda sdk: sdk.call("POST", "/webhooks", {"eventType": "x", "url": "x"}),
    ],
    ids=["body", "query", "path", "encoded slash", "webhook"],
)
def test_message_does_not_repeat_details(sdk: SdkClient, ask: Any) -> None:
    """SDKs show the message followed by the details."""
    answer = ask(sdk)
    body = assert_error(answer, 400, "VALIDATION_ERROR")
    assert body["message"] == body["error"] == "Validation Error"
    assert body["details"]


@pytest.mark.parametrize("value", [123, 1.5, True, [], {}])
def test_wrong_type_of_user_id_names_expected_type_and_value(
    sdk: SdkClient, value: Any
) -> None:
    body = {**REDEEM, "userId": value}
    for path in ("/coupons/redeem", "/coupons/validate"):
        answer = sdk.call("POST", path, body)
        (detail,) = assert_error(answer, 400, "VALIDATION_ERROR")["details"]
        assert "text in double quotes" in detail["message"]
        assert json.dumps(value) in detail["message"]


def test_encoded_slash_in_an_id_says_what_was_expected(sdk: SdkClient) -> None:
    for path in ("/campaigns/a%2Fb", "/creators/a%2fb", "/coupons/user/a%2Fb"):
        (detail,) = assert_error(sdk.get(path), 400, "VALIDATION_ERROR")["details"]
        assert detail["message"] == (
            "expected no encoded slash or backslash; no ID contains one"
        )


BAD_QUERIES = ("page=0", "page=x", "limit=0", "limit=101", "limit=1&limit=2")


@pytest.mark.parametrize("query", [*BAD_QUERIES, "isTest=yes"])
def test_a_bad_parameter_is_named(sdk: SdkClient, query: str) -> None:
    answer = sdk.get(f"/campaigns?{query}")
    (detail,) = assert_error(answer, 400, "VALIDATION_ERROR")["details"]
    assert (detail["path"], detail["target"]) == (query.partition("=")[0], "query")


def test_a_user_id_that_is_none_is_named(sdk: SdkClient) -> None:
    answer = sdk.get(f"/coupons/user/{'x' * 129}")
    (detail,) = assert_error(answer, 400, "VALIDATION_ERROR")["details"]
    assert (detail["path"], detail["target"]) == ("userId", "path")


def test_browsers_may_ask_from_any_origin(client_sdk: SdkClient) -> None:
    headers = {
        "Origin": "https://game.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    path = "/v1/client/coupons/validate"
    answer = client_sdk.client.options(path, headers=headers)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == headers["Origin"]
