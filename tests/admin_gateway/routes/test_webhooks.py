"""Tests of webhooks over HTTP: management, validation, test events, log."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from coupon_core.domain.models import utc_now
from coupon_core.messaging.cloud_events import to_cloud_event
from coupon_core.persistence import database
from coupon_core.services.coupons import redemption
from coupon_core.services.coupons.redemption import RedeemRequest
from coupon_core.services.webhooks import (
    delivery,
    retry_policy,
    subscriptions,
    url_policy,
)
from tests.factories.events import list_pending_events
from tests.factories.webhooks import create_delivery
from tests.support.admin_client import AdminClient, expect_created, expect_refusal
from tests.support.webhook_receiver import (
    LOOPBACK_NETWORKS,
    running_receiver,
    verify_request,
)

BODY = {"event_type": "coupon.redeemed", "url": "https://hooks.example.invalid/x"}
FORMS = ["standard", "playcamp", "playcamp_timestamped"]


@pytest.fixture
def local_admin(admin: AdminClient) -> Iterator[AdminClient]:
    """Return an admin client whose webhooks may be sent to this machine."""
    url_policy.allow_networks(LOOPBACK_NETWORKS)
    yield admin
    url_policy.allow_networks(())


def create_webhook(admin: AdminClient, **members: Any) -> dict[str, Any]:
    return expect_created(admin.post("webhooks", {**BODY, **members}))


def create_redemption(admin: AdminClient) -> str:
    """Redeem a code, queue its event for the webhooks, and return the code."""
    code = admin.generate_coupons(admin.create_definition()["id"], "a")[0]["code"]
    redemption.redeem(RedeemRequest("acme", code, "a"), utc_now())
    delivery.create_deliveries(
        [to_cloud_event(event) for event in list_pending_events()], utc_now()
    )
    return code


def deliver_due_events() -> None:
    """Send all due deliveries."""
    for webhook in delivery.claim_webhooks(10, utc_now()):
        delivery.deliver_due(webhook)
    database.release_connection()


def test_a_webhook_has_defaults_and_shows_its_secret_once(admin: AdminClient) -> None:
    answer = admin.post("webhooks", BODY)
    webhook = expect_created(answer)
    secret = webhook.pop("secret")
    assert secret.startswith("whsec_")
    assert isinstance(webhook["id"], int)
    assert webhook["id"] <= 2**53
    assert webhook["signature"] == "standard"
    assert (webhook["retry_count"], webhook["timeout_ms"]) == (5, 5_000)
    assert (webhook["is_active"], webhook["inactive_reason"]) == (True, None)
    assert admin.get(answer.headers["Location"]).json == webhook
    assert admin.get("webhooks").json == {"webhooks": [webhook], "total": 1}


def test_members_are_changed_one_by_one(admin: AdminClient) -> None:
    path = f"webhooks/{create_webhook(admin)['id']}"
    for changes in (
        {"url": "http://hooks.example.invalid:8080/"},
        {"retry_count": 0, "timeout_ms": 30_000},
        {"is_active": False},
        {"is_active": True},
    ):
        assert admin.patch(path, changes).json.items() >= changes.items()


def test_a_deleted_webhook_is_gone_with_its_log(admin: AdminClient) -> None:
    path = f"webhooks/{create_webhook(admin)['id']}"
    create_redemption(admin)
    assert admin.get(f"{path}/logs").json["total"] == 1
    assert admin.delete(path).status_code == 204
    for answer in (
        admin.get(path),
        admin.patch(path, {"is_active": True}),
        admin.patch(path, {"url": BODY["url"]}),
        admin.delete(path),
        admin.get(f"{path}/logs"),
        admin.post(f"{path}/test"),
        admin.post(f"{path}/rotate"),
    ):
        expect_refusal(answer, 404, "WEBHOOK_NOT_FOUND")
    assert (
        database.execute("SELECT count(*) FROM webhook_delivery", {}).fetchone()[0] == 0
    )


@pytest.mark.parametrize("webhook_id", ["0", "x", "01", "9" * 17, "1.0", "-1", "%31x"])
def test_what_is_no_id_is_not_found(sqlite_admin: AdminClient, webhook_id: str) -> None:
    expect_refusal(sqlite_admin.get(f"webhooks/{webhook_id}"), 404, "WEBHOOK_NOT_FOUND")


def test_webhooks_of_others_answer_like_missing_ones(
    admin: AdminClient, other_admin: AdminClient
) -> None:
    path = f"webhooks/{create_webhook(other_admin)['id']}"
    for answer in (
        admin.get(path),
        admin.delete(path),
        admin.patch(path, {"is_active": False}),
        admin.post(f"{path}/test"),
        admin.post(f"{path}/rotate"),
        admin.get(f"{path}/logs"),
    ):
        expect_refusal(answer, 404, "WEBHOOK_NOT_FOUND")
    assert other_admin.get(path).json["is_active"] is True
    assert admin.get("webhooks").json == {"webhooks": [], "total": 0}


BAD: list[tuple[str, Any]] = [
    ("event_type", "coupon.eaten"),
    ("event_type", None),
    ("signature", "md5"),
    ("retry_count", 11),
    ("retry_count", -1),
    ("retry_count", "3"),
    ("retry_count", True),
    ("timeout_ms", 999),
    ("timeout_ms", 30_001),
    ("timeout_ms", 5_000.0),
    ("url", 1),
    ("url", ""),
    ("url", None),
    ("secret", "mine"),
    ("is_active", False),
    ("tenant_id", "globex"),
]


@pytest.mark.parametrize(("member", "value"), BAD)
def test_a_bad_value_is_refused_by_name(
    sqlite_admin: AdminClient, member: str, value: Any
) -> None:
    answer = sqlite_admin.post("webhooks", {**BODY, member: value})
    assert member in expect_refusal(answer, 400, "VALIDATION_ERROR")


URLS = [
    "ftp://hooks.example.invalid/",
    "hooks.example.invalid",
    "//hooks.example.invalid/",
    "http://",
    "http://user:pw@hooks.example.invalid/",
    "http://@hooks.example.invalid/",
    "http://hooks.example.invalid:22/",
    "http://hooks.example.invalid:99999/",
    "http://hooks.example.invalid/#x",
    "http://hooks.example.invalid/a b",
    "http://hooks.example.invalid\\@127.0.0.1/",
    "http://127.0.0.1/",
    "http://127.0.0.1:8002/",
    "http://127.1/",
    "http://0x7f000001/",
    "http://2130706433/",
    "http://0/",
    "http://localhost/",
    "http://[::1]/",
    "http://[::ffff:10.0.0.1]/",
    "http://[fe80::1]/",
    "http://10.0.0.1/",
    "http://192.168.1.1/",
    "http://172.16.0.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
]


@pytest.mark.parametrize("url", URLS)
def test_a_url_that_nothing_may_be_sent_to_is_refused(
    sqlite_admin: AdminClient, url: str
) -> None:
    answer = sqlite_admin.post("webhooks", {**BODY, "url": url})
    assert expect_refusal(answer, 400, "BAD_WEBHOOK_URL").startswith("url: ")


def test_neither_can_a_webhook_be_changed_to_such_a_url(admin: AdminClient) -> None:
    path = f"webhooks/{create_webhook(admin)['id']}"
    answer = admin.patch(path, {"url": "http://169.254.169.254/"})
    expect_refusal(answer, 400, "BAD_WEBHOOK_URL")
    assert admin.get(path).json["url"] == BODY["url"]


def test_a_tenant_has_so_many_and_no_more(admin: AdminClient) -> None:
    for _ in range(subscriptions.MAX_WEBHOOKS_PER_TENANT):
        subscriptions.create("acme", "coupon.revoked", url=BODY["url"], now=utc_now())
    database.release_connection()
    expect_refusal(admin.post("webhooks", BODY), 409, "TOO_MANY_WEBHOOKS")


@pytest.mark.parametrize("form", FORMS)
def test_a_sample_is_signed_as_events_are(local_admin: AdminClient, form: str) -> None:
    with running_receiver() as receiver:
        webhook = create_webhook(local_admin, url=receiver.url, signature=form)
        answer = local_admin.post(f"webhooks/{webhook['id']}/test")
    assert (answer.status_code, answer.json) == (
        200,
        {
            "success": True,
            "response_status": 200,
            "response_body": "thanks",
            "error": None,
        },
    )
    (request,) = receiver.received
    body = verify_request(form, webhook["secret"], request)
    event = body if form == "standard" else body["events"][0]
    assert event.get("isTest") or event["data"]["test"]
    assert local_admin.get(f"webhooks/{webhook['id']}/logs").json["total"] == 0


def test_a_sample_that_is_refused_shows_what_was_answered(
    local_admin: AdminClient,
) -> None:
    with running_receiver() as receiver:
        receiver.statuses, receiver.response_body = [418], b"\xff\x00no"
        path = f"webhooks/{create_webhook(local_admin, url=receiver.url)['id']}/test"
        result = local_admin.post(path).json
    assert (result["success"], result["response_status"]) == (False, 418)
    assert result["response_body"].endswith("no")
    result = local_admin.post(path).json
    assert (result["success"], result["response_status"]) == (False, None)
    assert "refused" in result["error"]


def test_a_target_that_is_allowed_no_longer_gets_nothing(
    local_admin: AdminClient,
) -> None:
    with running_receiver() as receiver:
        path = f"webhooks/{create_webhook(local_admin, url=receiver.url)['id']}/test"
        url_policy.allow_networks(())
        assert "not public" in local_admin.post(path).json["error"]
    assert receiver.received == []


def test_the_log_shows_each_try(local_admin: AdminClient) -> None:
    with running_receiver() as receiver:
        webhook = create_webhook(
            local_admin, url=receiver.url, signature="playcamp", retry_count=1
        )
        code = create_redemption(local_admin)
        path = f"webhooks/{webhook['id']}"
        (waiting,) = local_admin.get(f"{path}/logs").json["logs"]
        assert (waiting["status"], waiting["attempt"]) == ("PENDING", 0)
        receiver.statuses = [503]
        deliver_due_events()
        (failed,) = local_admin.get(f"{path}/logs").json["logs"]
        assert (failed["status"], failed["response_status"]) == ("RETRYING", 503)
        assert failed["next_retry_at"] > failed["completed_at"]
        assert local_admin.get(path).json["failing_since"]
        local_admin.patch(path, {"is_active": True})
        database.execute("UPDATE webhook_delivery SET due_at = created_at", {})
        deliver_due_events()
    log = local_admin.get(f"{path}/logs").json
    assert log["total"] == 2
    assert [line["status"] for line in log["logs"]] == ["SUCCESS", "RETRYING"]
    done = log["logs"][0]
    assert (done["attempt"], done["max_attempts"]) == (2, 2)
    assert (done["response_status"], done["response_body"]) == (200, "thanks")
    assert done["payload"]["data"]["couponCode"] == code
    assert (
        local_admin.get(f"{path}/logs?limit=1&offset=1").json["logs"] == log["logs"][1:]
    )


def expire_pauses(webhook_id: int) -> None:
    """Let the next attempts be due, as if the pauses of the webhook had ended."""
    database.execute("UPDATE webhook_delivery SET due_at = created_at", {})
    database.execute("UPDATE webhook SET next_turn_at = created_at", {})


@pytest.mark.parametrize(
    ("statuses", "retries", "final_status"),
    [([200, 200], 3, "SUCCESS"), ([200, 503], 3, "FAILED"), ([503, 503], 0, "FAILED")],
)
def test_a_finished_delivery_is_sent_once_more(
    local_admin: AdminClient, statuses: list[int], retries: int, final_status: str
) -> None:
    with running_receiver() as receiver:
        receiver.statuses = [*statuses]
        webhook = create_webhook(local_admin, url=receiver.url, retry_count=retries)
        path = f"webhooks/{webhook['id']}"
        event_id = create_delivery("acme", webhook["id"])
        deliver_due_events()
        secret = local_admin.post(f"{path}/rotate").json["secret"]
        answer = local_admin.post(f"{path}/deliveries/{event_id}/resend")
        assert answer.status_code == 202
        pending = answer.json
        assert (pending["status"], pending["attempt"]) == ("PENDING", 2)
        for _ in range(3):
            expire_pauses(webhook["id"])
            deliver_due_events()
    for request in receiver.received:
        assert request.headers["webhook-id"] == event_id
    if final_status == "SUCCESS":
        verify_request("standard", secret, receiver.received[1])
    last, _ = local_admin.get(f"{path}/logs").json["logs"]
    assert (last["id"], last["status"]) == (pending["id"], final_status)


def test_a_delivery_that_waits_is_sent_soon_and_keeps_its_retries(
    local_admin: AdminClient,
) -> None:
    with running_receiver() as receiver:
        receiver.statuses = [503, 503]
        webhook = create_webhook(local_admin, url=receiver.url, timeout_ms=1_000)
        event_id = create_delivery("acme", webhook["id"])
        deliver_due_events()
        database.execute(
            "UPDATE webhook SET next_turn_at = :later", {"later": "2999-01-01T00:00Z"}
        )
        path = f"webhooks/{webhook['id']}/deliveries/{event_id}/resend"
        assert local_admin.post(path).status_code == 202
        longest_claim = timedelta(seconds=1) + retry_policy.CLAIM_MARGIN
        for claimed in delivery.claim_webhooks(10, utc_now() + longest_claim):
            delivery.deliver_due(claimed)
        database.release_connection()
    last, _ = local_admin.get(f"webhooks/{webhook['id']}/logs").json["logs"]
    assert (last["status"], last["attempt"]) == ("RETRYING", 2)


def test_a_resend_shares_no_request_with_deliveries_that_are_retried(
    local_admin: AdminClient,
) -> None:
    with running_receiver() as receiver:
        receiver.statuses = [200, 503, 503, 503]
        webhook = create_webhook(local_admin, url=receiver.url, signature="playcamp")
        path = f"webhooks/{webhook['id']}"
        resent = create_delivery("acme", webhook["id"])
        deliver_due_events()
        retried = create_delivery("acme", webhook["id"])
        deliver_due_events()
        local_admin.post(f"{path}/deliveries/{resent}/resend")
        for _ in range(2):
            expire_pauses(webhook["id"])
            deliver_due_events()
    log = local_admin.get(f"{path}/logs").json["logs"]
    statuses = {
        line["event_id"]: line["status"] for line in log if line["attempt"] == 2
    }
    assert statuses == {resent: "FAILED", retried: "RETRYING"}


def test_an_idempotency_key_queues_one_attempt(local_admin: AdminClient) -> None:
    with running_receiver() as receiver:
        webhook = create_webhook(local_admin, url=receiver.url)
        event_id = create_delivery("acme", webhook["id"])
        deliver_due_events()
        path = f"webhooks/{webhook['id']}/deliveries/{event_id}/resend"
        key = {"X-API-Key": local_admin.plain_key, "Idempotency-Key": "again"}
        first = local_admin.post(path, headers=key)
        deliver_due_events()
        assert local_admin.post(path, headers=key).json == first.json
        deliver_due_events()
    assert len(receiver.received) == 2


def test_deliveries_of_others_answer_like_missing_ones(
    admin: AdminClient, other_admin: AdminClient
) -> None:
    foreign_id = create_webhook(other_admin)["id"]
    delivery_id = create_delivery(other_admin.tenant_id, foreign_id)
    path = f"deliveries/{delivery_id}/resend"
    for webhook_id, code in (
        (foreign_id, "WEBHOOK_NOT_FOUND"),
        (create_webhook(admin)["id"], "DELIVERY_NOT_FOUND"),
    ):
        expect_refusal(admin.post(f"webhooks/{webhook_id}/{path}"), 404, code)


def test_a_rotated_secret_signs_beside_the_former_one(local_admin: AdminClient) -> None:
    with running_receiver() as receiver:
        webhook = create_webhook(local_admin, url=receiver.url)
        path = f"webhooks/{webhook['id']}"
        rotated = local_admin.post(f"{path}/rotate").json
        assert rotated["secret"] != webhook["secret"]
        local_admin.post(f"{path}/test")
    (request,) = receiver.received
    for secret in (rotated["secret"], webhook["secret"]):
        assert verify_request("standard", secret, request)["type"] == "coupon.redeemed"


def test_to_write_webhooks_a_key_needs_its_scope(admin: AdminClient) -> None:
    body = {"name": "reader", "scopes": ["read"]}
    headers = {"X-API-Key": expect_created(admin.post("api-keys", body))["api_key"]}
    expect_refusal(admin.post("webhooks", BODY, headers=headers), 403, "SCOPE_MISSING")
    assert admin.get("webhooks", headers=headers).status_code == 200
