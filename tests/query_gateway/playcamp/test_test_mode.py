"""Test mode of all writing PlayCamp routes: checked as usual, and nothing happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from flask import Flask

from coupon_core.persistence import database
from coupon_core.services.webhooks import subscriptions
from tests.factories.campaigns import CampaignFactory
from tests.query_gateway.playcamp.sdk_client import SdkClient
from tests.query_gateway.playcamp.test_authentication import assert_error
from tests.support.database_rows import read_all_rows
from tests.support.webhook_receiver import allowed_receiver

WEBHOOK = {"eventType": "coupon.redeemed", "url": "https://hooks.example.invalid/x"}
# A valid body of every writing route, without the side; {id} is a webhook.
BODIES: Mapping[str, dict[str, Any]] = {
    "POST /coupons/validate": {"couponCode": "{code}", "userId": "ann"},
    "POST /coupons/redeem": {"couponCode": "{code}", "userId": "ann"},
    "POST /webhooks": WEBHOOK,
    "PUT /webhooks/<webhook_id>": {"isActive": False, "retryCount": 1},
    "DELETE /webhooks/<webhook_id>": {},
    "POST /webhooks/<webhook_id>/test": {},
}
READ_METHODS = {"GET", "HEAD", "OPTIONS"}
EXPECTED_STATUSES = {"POST /webhooks": 201, "DELETE /webhooks/<webhook_id>": 204}


def list_write_routes(app: Flask) -> set[str]:
    return {
        f"{method} {rule.rule[len(prefix) :]}"
        for rule in app.url_map.iter_rules()
        for prefix in ("/v1/server", "/v1/client")
        if rule.rule.startswith(f"{prefix}/")
        for method in (rule.methods or set()) - READ_METHODS
    }


def test_every_write_route_has_a_case(app: Flask) -> None:
    assert list_write_routes(app) == BODIES.keys()


@pytest.fixture
def receiver() -> Iterator[Any]:
    with allowed_receiver() as running:
        yield running


def call_in_test_mode(
    sdk: SdkClient, route: str, how: str, values: Mapping[str, Any], **headers: str
) -> Any:
    method, path = route.split(" ")
    path = path.replace("<webhook_id>", str(values["id"]))
    body = {
        name: values["code"] if value == "{code}" else value
        for name, value in BODIES[route].items()
    }
    if how == "body":
        body["isTest"] = True
    else:
        path += "?isTest=true"
    all_headers = {"Authorization": f"Bearer {sdk.key}", **headers}
    return sdk.call(method, path, body or None, headers=all_headers)


@pytest.mark.parametrize("how", ["query", "body"])
@pytest.mark.parametrize("route", BODIES)
def test_test_mode_stores_and_sends_nothing(
    sdk: SdkClient,
    campaign_factory: CampaignFactory,
    receiver: Any,
    route: str,
    how: str,
) -> None:
    code = campaign_factory.create_redeemable_code()
    webhook = sdk.call("POST", "/webhooks", {**WEBHOOK, "url": receiver.url})
    values = {"id": webhook.json["data"]["id"], "code": code}
    before = read_all_rows()
    for headers in ({}, {"Idempotency-Key": "once"}):
        answer = call_in_test_mode(sdk, route, how, values, **headers)
        assert answer.status_code == EXPECTED_STATUSES.get(route, 200), answer.text
        assert read_all_rows() == before
    database.release_connection()
    assert receiver.received == []


@pytest.mark.parametrize("how", ["query", "body"])
@pytest.mark.parametrize("route", [route for route in BODIES if "<" in route])
def test_test_mode_checks_the_id(sdk: SdkClient, route: str, how: str) -> None:
    for unknown in (4711, "nonsense"):
        answer = call_in_test_mode(sdk, route, how, {"id": unknown})
        assert_error(answer, 404, "NOT_FOUND")


def test_created_webhook_of_test_mode_does_not_exist(sdk: SdkClient) -> None:
    data = sdk.call("POST", "/webhooks?isTest=true", WEBHOOK).json["data"]
    assert data["secret"]
    assert_error(sdk.get(f"/webhooks/{data['id']}/logs"), 404, "NOT_FOUND")
    assert sdk.get_data("/webhooks") == []


def test_update_in_test_mode_shows_the_changed_webhook(sdk: SdkClient) -> None:
    webhook = sdk.call("POST", "/webhooks", WEBHOOK).json["data"]
    path = f"/webhooks/{webhook['id']}"
    data = sdk.call("PUT", f"{path}?isTest=true", {"retryCount": 1}).json["data"]
    assert data["retryCount"] == 1
    assert sdk.get_data("/webhooks")[0]["retryCount"] == webhook["retryCount"]


def test_sample_in_test_mode_is_answered_with_success(sdk: SdkClient) -> None:
    webhook = sdk.call("POST", "/webhooks", WEBHOOK).json["data"]
    answer = sdk.call("POST", f"/webhooks/{webhook['id']}/test?isTest=true")
    assert answer.json["data"] == {
        **{"success": True, "responseStatus": 200},
        **{"responseBody": None, "error": None},
    }


def test_test_mode_refuses_as_usual(
    sdk: SdkClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = "/webhooks?isTest=true"
    private = {**WEBHOOK, "url": "http://127.0.0.1/"}
    assert_error(sdk.call("POST", path, private), 400, "VALIDATION_ERROR")
    webhook = sdk.call("POST", "/webhooks", WEBHOOK).json["data"]
    change = sdk.call(
        "PUT", f"/webhooks/{webhook['id']}?isTest=true", {"url": private["url"]}
    )
    assert_error(change, 400, "VALIDATION_ERROR")
    monkeypatch.setattr(subscriptions, "MAX_WEBHOOKS_PER_TENANT", 1)
    assert_error(sdk.call("POST", path, WEBHOOK), 409, "CONFLICT")


def test_key_of_a_test_request_is_free_for_the_real_one(
    sdk: SdkClient, campaign_factory: CampaignFactory
) -> None:
    code = campaign_factory.create_redeemable_code()
    headers = {"Authorization": f"Bearer {sdk.key}", "Idempotency-Key": "order-1"}
    body = {"couponCode": code, "userId": "ann"}
    for path in ("/coupons/redeem?isTest=true", "/coupons/redeem"):
        answer = sdk.call("POST", path, body, headers=headers)
        assert answer.status_code == 200, answer.text
        assert "Idempotent-Replayed" not in answer.headers


@pytest.mark.parametrize("method", ["DELETE", "POST"])
def test_invalid_test_mode_in_an_optional_body_is_refused(
    sdk: SdkClient, method: str
) -> None:
    webhook = sdk.call("POST", "/webhooks", WEBHOOK).json["data"]
    path = f"/webhooks/{webhook['id']}" + ("/test" if method == "POST" else "")
    answer = sdk.call(method, path, {"isTest": "yes"})
    (detail,) = assert_error(answer, 400, "VALIDATION_ERROR")["details"]
    assert (detail["path"], detail["target"]) == ("isTest", "body")
    assert len(sdk.get_data("/webhooks")) == 1
