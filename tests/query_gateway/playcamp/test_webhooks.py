"""PlayCamp webhooks field by field, and the delivery of a redemption event."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from werkzeug.test import TestResponse

from coupon_core.domain.models import utc_now
from coupon_core.messaging.cloud_events import to_cloud_event
from coupon_core.persistence import database
from coupon_core.services.webhooks import delivery, subscriptions, url_policy
from tests.factories.campaigns import CampaignFactory
from tests.factories.events import list_pending_events
from tests.factories.tenant import create_tenant
from tests.query_gateway.playcamp.sdk_client import SdkClient
from tests.query_gateway.playcamp.test_authentication import assert_error
from tests.support.webhook_receiver import (
    LOOPBACK_NETWORKS,
    running_receiver,
    verify_request,
)

BODY = {"eventType": "coupon.redeemed", "url": "https://hooks.example.invalid/x"}
MEMBERS = {
    *("id", "projectId", "eventType", "url", "isActive", "inactiveReason"),
    *("retryCount", "timeoutMs", "createdAt", "updatedAt"),
}


@pytest.fixture
def allowed(sdk: SdkClient) -> Iterator[SdkClient]:
    """Yield an SDK whose webhooks may address receivers on this machine."""
    url_policy.allow_networks(LOOPBACK_NETWORKS)
    database.execute("DELETE FROM outbox", {})
    yield sdk
    url_policy.allow_networks(())


def create_webhook(sdk: SdkClient, **members: Any) -> dict[str, Any]:
    answer = sdk.call("POST", "/webhooks", {**BODY, **members})
    assert answer.status_code == 201, answer.text
    return answer.json["data"]


def update_webhook(
    sdk: SdkClient, webhook: dict[str, Any], **changes: Any
) -> TestResponse:
    return sdk.call("PUT", f"/webhooks/{webhook['id']}", changes)


def test_a_webhook_shows_its_secret_once(
    sdk: SdkClient, campaign_factory: CampaignFactory
) -> None:
    webhook = create_webhook(sdk, retryCount=3, timeoutMs=5_000)
    assert webhook.pop("secret")
    assert webhook.keys() == MEMBERS
    assert isinstance(webhook["id"], int)
    assert webhook["projectId"] == campaign_factory.tenant.tenant_id
    assert (webhook["retryCount"], webhook["timeoutMs"]) == (3, 5_000)
    assert webhook["createdAt"].endswith("Z")
    answer = sdk.get("/webhooks?limit=1").json
    assert answer["data"] == [webhook]
    assert answer["pagination"]["total"] == 1


def test_a_webhook_is_changed_and_deleted(sdk: SdkClient) -> None:
    webhook = create_webhook(sdk)
    changes = {"isActive": False, "retryCount": 0, "timeoutMs": 30_000}
    assert (
        update_webhook(sdk, webhook, **changes).json["data"].items() >= changes.items()
    )
    assert update_webhook(sdk, webhook, isActive=True).json["data"]["isActive"] is True
    path = f"/webhooks/{webhook['id']}"
    answer = sdk.call("DELETE", path)
    assert (answer.status_code, answer.data) == (204, b"")
    for gone in (
        update_webhook(sdk, webhook, isActive=True),
        sdk.call("DELETE", path),
        sdk.get(f"{path}/logs"),
        sdk.call("POST", f"{path}/test"),
        sdk.get("/webhooks/nonsense/logs"),
    ):
        assert_error(gone, 404, "NOT_FOUND")


def test_webhooks_and_logs_without_page_are_complete(
    sdk: SdkClient, campaign_factory: CampaignFactory
) -> None:
    """Published SDKs cannot ask for a second page of these lists."""
    webhooks = [create_webhook(sdk) for _ in range(30)]
    answer = sdk.get("/webhooks").json
    assert len(answer["data"]) == 30
    assert answer["pagination"] == {
        **{"page": 1, "limit": 100, "total": 30, "totalPages": 1}
    }
    code = campaign_factory.create_redeemable_code(per_code_limit=0)
    for _ in range(30):
        assert sdk.redeem(code).status_code == 200
    delivery.create_deliveries(
        [to_cloud_event(event) for event in list_pending_events()], utc_now()
    )
    path = f"/webhooks/{webhooks[0]['id']}/logs"
    assert len(sdk.get_data(path)) == 30
    for list_path in ("/webhooks", path):
        assert len(sdk.get_data(f"{list_path}?isTest=true")) == 30
        assert len(sdk.get_data(f"{list_path}?page=1")) == 20
        assert len(sdk.get_data(f"{list_path}?page=2")) == 10
        assert len(sdk.get_data(f"{list_path}?limit=7")) == 7


BAD: list[tuple[str, Any]] = [
    ("eventType", "payment.created"),
    ("eventType", None),
    ("retryCount", 11),
    ("timeoutMs", 999),
    ("timeoutMs", 30_001),
    ("url", 7),
    ("url", None),
]


@pytest.mark.parametrize(("member", "value"), BAD)
def test_a_bad_value_is_told_by_its_path(
    sdk: SdkClient, member: str, value: Any
) -> None:
    answer = sdk.call("POST", "/webhooks", {**BODY, member: value})
    (detail,) = assert_error(answer, 400, "VALIDATION_ERROR")["details"]
    assert (detail["path"], detail["target"]) == (member, "body")


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/", "http://127.0.0.1:8002/", "ftp://x/", "x"]
)
def test_a_target_that_is_not_public_is_refused(sdk: SdkClient, url: str) -> None:
    answer = sdk.call("POST", "/webhooks", {**BODY, "url": url})
    for refused in (answer, update_webhook(sdk, create_webhook(sdk), url=url)):
        (detail,) = assert_error(refused, 400, "VALIDATION_ERROR")["details"]
        assert (detail["path"], detail["target"]) == ("url", "body")


def test_too_many_are_a_conflict(
    sdk: SdkClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "MAX_WEBHOOKS_PER_TENANT", 0)
    assert_error(sdk.call("POST", "/webhooks", BODY), 409, "CONFLICT")


def test_webhooks_are_for_server_keys_of_their_own_tenant(
    sdk: SdkClient, client_sdk: SdkClient
) -> None:
    webhook = create_webhook(sdk)
    client_sdk.side = "server"
    assert_error(client_sdk.get("/webhooks"), 403, "FORBIDDEN")
    other = SdkClient(
        sdk.client,
        CampaignFactory(create_tenant("other", now=None)).create_client_key(),
    )
    assert_error(update_webhook(other, webhook, isActive=False), 404, "NOT_FOUND")
    assert other.get_data("/webhooks") == []


def test_with_an_idempotency_key_one_is_made(sdk: SdkClient) -> None:
    headers = {"Authorization": f"Bearer {sdk.key}", "Idempotency-Key": "once"}
    answers = [
        sdk.call("POST", "/webhooks", BODY, headers=headers).json for _ in range(2)
    ]
    assert answers[0] == answers[1]
    assert len(sdk.get_data("/webhooks")) == 1


def test_a_use_is_told_whole(
    allowed: SdkClient, campaign_factory: CampaignFactory
) -> None:
    code = campaign_factory.create_redeemable_code()
    with running_receiver() as receiver:
        webhook = create_webhook(allowed, url=receiver.url)
        used = allowed.redeem(code, callbackId="order-77").json["data"]
        delivery.create_deliveries(
            [to_cloud_event(event) for event in list_pending_events()], utc_now()
        )
        for due_webhook in delivery.claim_webhooks(10, utc_now()):
            delivery.deliver_due(due_webhook)
        database.release_connection()
    (request,) = receiver.received
    (event,) = verify_request("playcamp", webhook["secret"], request)["events"]
    assert event.pop("timestamp")
    assert event == {
        "event": "coupon.redeemed",
        "callbackId": "order-77",
        "data": {
            "couponCode": code,
            "userId": "ann",
            "usageId": used["usageId"],
            "reward": used["reward"],
            "creatorKey": "ABC12",
            "campaignId": "campaign_001",
        },
    }
    (line,) = allowed.get_data(f"/webhooks/{webhook['id']}/logs")
    assert (line["status"], line["responseStatus"]) == ("SUCCESS", 200)
    assert (line["attempt"], line["maxAttempts"]) == (1, 6)
    assert (line["webhookId"], line["eventType"]) == (webhook["id"], BODY["eventType"])
    assert line["payload"]["data"]["couponCode"] == code
    assert isinstance(line["id"], str)
    assert line["completedAt"] >= line["createdAt"]
    assert line["nextRetryAt"] is None


def test_a_sample_shows_what_was_answered(allowed: SdkClient) -> None:
    with running_receiver() as receiver:
        webhook = create_webhook(allowed, url=receiver.url)
        receiver.statuses = [500]
        path = f"/webhooks/{webhook['id']}/test"
        bad, good = (allowed.call("POST", path).json["data"] for _ in range(2))
    assert (bad["success"], bad["responseStatus"]) == (False, 500)
    assert good == {
        "success": True,
        "responseStatus": 200,
        "responseBody": "thanks",
        "error": None,
    }
    (request,) = receiver.received
    (event,) = verify_request("playcamp", webhook["secret"], request)["events"]
    assert event["isTest"] is True
