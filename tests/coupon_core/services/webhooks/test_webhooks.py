"""Test webhook payloads, signatures, retries and claims."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook as StandardWebhook

from coupon_core.domain.models import Page, utc_now
from coupon_core.domain.models.webhooks import (
    AttemptStatus,
    Delivery,
    SignatureScheme,
    Webhook,
    WebhookResponse,
    WebhookSecrets,
)
from coupon_core.messaging.cloud_events import to_cloud_event
from coupon_core.persistence import database
from coupon_core.persistence.repositories import (
    webhook_deliveries as webhook_delivery_repository,
)
from coupon_core.services.webhooks import (
    delivery,
    payloads,
    retry_policy,
    signatures,
    subscriptions,
)
from tests.factories.events import list_pending_events
from tests.factories.tenant import TenantFactory, create_tenant
from tests.support.concurrency import run_concurrently
from tests.support.invariants import fetch_rows

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
URL = "https://hooks.example.invalid/"
DOWN, GOOD = WebhookResponse(503, "try later"), WebhookResponse(204)
ITEM = {
    "item_id": "0198",
    "name": "100 Gems",
    "description": "",
    "reward_type": "currency",
    "payload": {"currency_id": "gem", "amount": 100},
}
EVENT: dict[str, Any] = {
    "id": "01936f2e-6d3e-7e50-9c77-4a7c8c3fbd32",
    "type": "coupon.redeemed",
    "time": "2026-05-04T12:00:00.000Z",
    "tenantid": "acme",
    "data": {
        "redemption_id": 5678,
        "coupon": {"code": "CREATOR-1", "user_id": "ann", "reward_item": ITEM},
    },
}
SECRETS = WebhookSecrets("whsec_c2VjcmV0LW51bWJlci1vbmU=", "whsec_Zm9ybWVyLW9uZQ==")


def serialize(form: SignatureScheme, **data: Any) -> Any:
    event = {**EVENT, "data": {**EVENT["data"], **data}}
    return json.loads(payloads.serialize_event(form, event))


# ---------------------------------------------------------------------- payloads


def test_playcamp_gets_the_union_of_both_documented_forms() -> None:
    names = {"en": "100 Gems"}
    reward_line = {"itemId": "gem", "itemQuantity": 100, "itemName": names}
    assert serialize(SignatureScheme.PLAYCAMP) == {
        "event": "coupon.redeemed",
        "timestamp": "2026-05-04T12:00:00.000Z",
        "data": {
            "couponCode": "CREATOR-1",
            "userId": "ann",
            "usageId": 5678,
            "reward": [reward_line],
            "creatorKey": None,
            "campaignId": None,
        },
    }


def test_playcamp_is_told_whose_code_it_was_and_what_the_caller_said() -> None:
    lines = [{"itemId": "gem", "itemQuantity": 1}, {"itemId": "hat", "itemQuantity": 2}]
    sent = serialize(
        SignatureScheme.PLAYCAMP,
        attribution={"creator_key": "ABC12", "campaign_id": "campaign_001"},
        reward_lines=lines,
        context={"callback_id": "cb-1"},
    )
    assert sent["callbackId"] == "cb-1"
    assert sent["data"]["reward"] == lines
    assert sent["data"]["creatorKey"] == "ABC12"
    assert sent["data"]["campaignId"] == "campaign_001"


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"item_id": "sword", "quantity": 2}, ("sword", 2)),
        ({"badge_id": "gold"}, ("gold", 1)),
        ({"amount": 2.5}, ("currency", 1)),
        ({"amount": 100}, ("currency", 100)),
        ({"item_id": 7}, ("7", 1)),
        ({}, ("currency", 1)),
    ],
)
def test_any_reward_item_becomes_a_line(
    payload: dict[str, Any], expected: tuple[str, int]
) -> None:
    coupon = {**EVENT["data"]["coupon"], "reward_item": {**ITEM, "payload": payload}}
    (line,) = serialize(SignatureScheme.PLAYCAMP, coupon=coupon)["data"]["reward"]
    assert (line["itemId"], line["itemQuantity"]) == expected


def test_standard_webhooks_get_the_event_as_it_is() -> None:
    assert serialize(SignatureScheme.STANDARD) == {
        "type": "coupon.redeemed",
        "timestamp": EVENT["time"],
        "data": EVENT["data"],
    }


@pytest.mark.parametrize("event_type", payloads.EVENT_TYPES)
@pytest.mark.parametrize("form", SignatureScheme)
def test_there_is_a_sample_of_every_event(
    form: SignatureScheme, event_type: str
) -> None:
    sample = payloads.build_sample_event(event_type, "acme", EVENT["id"], EVENT["time"])
    sent = json.loads(payloads.serialize_event(form, sample))
    assert sent.get("isTest") or sent["data"]["test"]


def test_the_library_of_standard_webhooks_takes_either_secret() -> None:
    now = utc_now()
    body = payloads.serialize_event(SignatureScheme.STANDARD, EVENT)
    headers = signatures.build_headers(
        SignatureScheme.STANDARD, SECRETS, "msg", body, 1, now
    )
    for secret in SECRETS.active:
        assert StandardWebhook(secret).verify(body, headers) == json.loads(body)


# -------------------------------------------------------------- retries and claims


def test_pauses_grow_to_an_hour_and_vary_by_a_quarter() -> None:
    seconds = [retry_policy.calculate_pause(n, 0).total_seconds() for n in range(1, 9)]
    assert seconds == [2, 8, 32, 128, 512, 2_048, 3_600, 3_600]
    assert (
        retry_policy.calculate_pause(3, 1) == retry_policy.calculate_pause(3, 0) * 1.25
    )
    assert retry_policy.calculate_pause(10**6) <= timedelta(minutes=75)


@pytest.fixture
def fresh(tenant: TenantFactory) -> Iterator[TenantFactory]:
    """Return a tenant; the outbox is empty and there are no webhooks."""
    database.execute("DELETE FROM outbox", {})
    database.execute("DELETE FROM webhook", {})
    yield tenant
    database.release_connection()


def subscribed(tenant: TenantFactory, **options: Any) -> Webhook:
    webhook, _ = subscriptions.create(
        tenant.tenant_id, "coupon.redeemed", URL, NOW, **options
    )
    return webhook


def due(tenant: TenantFactory, webhook: Webhook, count: int = 1) -> list[Delivery]:
    """Redeem `count` codes and return the due deliveries."""
    definition = tenant.define()
    for number in range(count):
        tenant.redeem(tenant.issue_code(definition, f"u{number}"), f"u{number}")
    delivery.create_deliveries(
        [to_cloud_event(event) for event in list_pending_events()], NOW
    )
    return webhook_delivery_repository.list_due_deliveries(webhook, 100, NOW)


def reload(webhook: Webhook) -> Webhook:
    return subscriptions.get(webhook.tenant_id, webhook.webhook_id)


def record_failure(
    webhook: Webhook,
    sent: list[Delivery],
    now: datetime,
    response: WebhookResponse = DOWN,
) -> Webhook:
    """Record a failed request and return the webhook."""
    delivery.record_attempt(webhook, sent, response, now, ended_at=now)
    return reload(webhook)


def test_a_webhook_that_has_only_failed_for_a_day_is_switched_off(
    fresh: TenantFactory,
) -> None:
    webhook = subscribed(fresh, retry_count=10)
    sent = due(fresh, webhook)
    for hours in (*range(0, 18, 2), 23.9):
        webhook = record_failure(webhook, sent, NOW + timedelta(hours=hours))
        assert webhook.is_active
    webhook = record_failure(webhook, sent, NOW + timedelta(hours=24))
    assert not webhook.is_active
    assert webhook.inactive_reason == retry_policy.REASON_ONLY_FAILURES
    assert delivery.claim_webhooks(10, NOW + timedelta(days=2)) == []
    changes = {"is_active": True}
    subscriptions.update(webhook.tenant_id, webhook.webhook_id, changes, utc_now())
    webhook = reload(webhook)
    assert (webhook.is_active, webhook.failure_count) == (True, 0)
    assert (webhook.inactive_reason, webhook.failing_since) == ("", None)


def test_few_failures_in_a_day_switch_nothing_off(fresh: TenantFactory) -> None:
    webhook = subscribed(fresh)
    sent = due(fresh, webhook)
    for days in range(retry_policy.MIN_FAILURES_TO_DISABLE - 1):
        webhook = record_failure(webhook, sent, NOW + timedelta(days=days))
    assert webhook.is_active


def test_one_success_in_between_begins_to_count_anew(fresh: TenantFactory) -> None:
    webhook = subscribed(fresh)
    sent = due(fresh, webhook, 2)
    for hours in range(20):
        webhook = record_failure(webhook, sent[:1], NOW + timedelta(hours=hours))
    delivery.record_attempt(
        webhook, sent[1:], GOOD, NOW, ended_at=NOW + timedelta(hours=23)
    )
    webhook = record_failure(reload(webhook), sent[:1], NOW + timedelta(hours=25))
    assert (webhook.is_active, webhook.failure_count) == (True, 1)


def test_gone_switches_off_at_once(fresh: TenantFactory) -> None:
    webhook = subscribed(fresh)
    webhook = record_failure(webhook, due(fresh, webhook), NOW, WebhookResponse(410))
    assert (webhook.is_active, webhook.inactive_reason) == (
        False,
        retry_policy.REASON_GONE,
    )


def list_log(webhook: Webhook) -> list[tuple[int, str, datetime | None]]:
    attempts, _ = subscriptions.list_attempts(
        webhook.tenant_id, webhook.webhook_id, Page()
    )
    return [
        (attempt.number, attempt.status.value, attempt.next_retry_at)
        for attempt in attempts
    ]


def switch_off_by_gone(webhook: Webhook, sent: list[Delivery]) -> None:
    record_failure(webhook, sent, NOW, WebhookResponse(410))


def switch_off_by_day_of_failures(webhook: Webhook, sent: list[Delivery]) -> None:
    for hours in range(0, 26, 2):
        webhook = record_failure(webhook, sent, NOW + timedelta(hours=hours))
    assert not webhook.is_active


def switch_off_by_owner(webhook: Webhook, sent: list[Delivery]) -> None:
    record_failure(webhook, sent, NOW)
    changes = {"is_active": False}
    subscriptions.update(webhook.tenant_id, webhook.webhook_id, changes, NOW)


@pytest.mark.parametrize(
    "switch_off",
    [switch_off_by_gone, switch_off_by_day_of_failures, switch_off_by_owner],
)
def test_log_of_disabled_webhook_promises_no_retry(
    fresh: TenantFactory, switch_off: Any
) -> None:
    webhook = subscribed(fresh, retry_count=10)
    sent = due(fresh, webhook, 2)
    record_failure(webhook, sent[:1], NOW)
    switch_off(webhook, sent[1:])
    attempts, _ = subscriptions.list_attempts(
        webhook.tenant_id, webhook.webhook_id, Page()
    )
    last_attempts = {attempt.event_id: attempt for attempt in reversed(attempts)}
    assert len(last_attempts) == 2
    for attempt in last_attempts.values():
        assert (attempt.status, attempt.next_retry_at) == (AttemptStatus.FAILED, None)


def test_enabled_webhook_shows_retries_in_its_log_again(fresh: TenantFactory) -> None:
    webhook = subscribed(fresh)
    switch_off_by_gone(webhook, due(fresh, webhook))
    assert list_log(reload(webhook)) == [(1, "FAILED", None)]
    changes = {"is_active": True}
    subscriptions.update(webhook.tenant_id, webhook.webhook_id, changes, NOW)
    ((number, status, next_retry_at),) = list_log(reload(webhook))
    assert (number, status) == (1, "RETRYING")
    assert next_retry_at is not None


def test_a_failure_at_an_old_url_says_nothing_of_the_new_one(
    fresh: TenantFactory,
) -> None:
    webhook = subscribed(fresh)
    sent = due(fresh, webhook)
    changes = {"url": f"{URL}new"}
    subscriptions.update(webhook.tenant_id, webhook.webhook_id, changes, NOW)
    webhook = record_failure(webhook, sent, NOW, WebhookResponse(410))
    assert (webhook.is_active, webhook.failure_count) == (True, 0)


def test_a_delivery_fails_for_good_after_its_last_try(fresh: TenantFactory) -> None:
    webhook = subscribed(fresh, retry_count=2)
    due(fresh, webhook)
    for number in range(3):
        later = NOW + timedelta(hours=number)
        deliveries = webhook_delivery_repository.list_due_deliveries(webhook, 10, later)
        assert len(deliveries) == 1
        webhook = record_failure(webhook, deliveries, later)
    assert (
        webhook_delivery_repository.list_due_deliveries(
            webhook, 10, NOW + timedelta(days=1)
        )
        == []
    )
    attempts, _ = subscriptions.list_attempts(
        webhook.tenant_id, webhook.webhook_id, Page()
    )
    found = [(attempt.number, attempt.status) for attempt in attempts]
    retrying = AttemptStatus.RETRYING
    assert found == [(3, AttemptStatus.FAILED), (2, retrying), (1, retrying)]


def test_a_failed_webhook_rests_before_it_is_served_again(fresh: TenantFactory) -> None:
    webhook = subscribed(fresh)
    sent = due(fresh, webhook, 2)
    record_failure(webhook, sent[:1], NOW)
    assert delivery.claim_webhooks(10, NOW + timedelta(seconds=1)) == []
    assert len(delivery.claim_webhooks(10, NOW + timedelta(seconds=4))) == 1


def test_what_was_taken_stays_taken_whoever_settles_last(fresh: TenantFactory) -> None:
    webhook = subscribed(fresh)
    sent = due(fresh, webhook)
    delivery.record_attempt(webhook, sent, GOOD, NOW)
    record_failure(webhook, sent, NOW)
    assert fetch_rows("SELECT state FROM webhook_delivery") == [("delivered",)]


def test_of_many_workers_one_serves_a_webhook(fresh: TenantFactory) -> None:
    webhooks = [subscribed(fresh) for _ in range(3)]
    due(fresh, webhooks[0])
    claims = run_concurrently([lambda: delivery.claim_webhooks(2, NOW)] * 4)
    claimed_ids = [webhook.webhook_id for claim in claims for webhook in claim]
    assert sorted(claimed_ids) == sorted(webhook.webhook_id for webhook in webhooks)
    # The claim of a dead worker expires after the longest possible request.
    assert delivery.claim_webhooks(9, NOW + timedelta(seconds=14)) == []
    assert len(delivery.claim_webhooks(9, NOW + timedelta(seconds=16))) == 3


def test_of_a_tenant_no_more_are_served_at_once_than_its_share(
    fresh: TenantFactory,
) -> None:
    other = create_tenant()
    tenant_ids = {"busy": fresh.tenant_id, "other": other.tenant_id}
    names = {tenant_id: name for name, tenant_id in tenant_ids.items()}
    for shop in (*[fresh] * 12, other):
        subscribed(shop)
    due(fresh, subscribed(fresh))
    due(other, subscribed(other))

    def count_claimed(limit: int, **serving: int) -> Counter[str]:
        active_counts = {tenant_ids[name]: count for name, count in serving.items()}
        with suppress(ClaimUndone), database.transaction():
            webhooks = delivery.claim_webhooks(limit, NOW, active_counts)
            raise ClaimUndone
        return Counter(names[webhook.tenant_id] for webhook in webhooks)

    assert count_claimed(32) == {"busy": delivery.MAX_CONCURRENT_PER_TENANT, "other": 2}
    assert count_claimed(32, busy=5) == {"busy": 3, "other": 2}
    assert count_claimed(32, busy=8) == {"other": 2}
    assert count_claimed(3, busy=7, other=1) == {"busy": 1, "other": 2}
    # The first webhook of each tenant precedes the second of any tenant.
    assert count_claimed(2) == {"busy": 1, "other": 1}
    assert count_claimed(1, busy=8) == {"other": 1}


class ClaimUndone(Exception):
    """Rolls back the transaction of a claim."""


def test_an_event_is_due_once_however_often_and_wherever_it_comes(
    fresh: TenantFactory,
) -> None:
    subscribed(fresh)
    fresh.redeem(fresh.issue_code(fresh.define()))
    events = [to_cloud_event(event) for event in list_pending_events()]
    counts = run_concurrently(
        [lambda: sum(delivery.create_deliveries(events, NOW))] * 4
    )
    assert sorted(counts) == [0, 0, 0, 1]


def test_what_is_old_is_forgotten_with_its_log(fresh: TenantFactory) -> None:
    webhook = subscribed(fresh)
    sent = due(fresh, webhook, 2)
    delivery.record_attempt(webhook, sent, GOOD, NOW)
    end = utc_now() + delivery.DELIVERY_RETENTION
    assert delivery.purge(end - timedelta(hours=1), 100) == 0
    assert delivery.purge(end + timedelta(minutes=1), 1) == 1
    assert delivery.purge(end + timedelta(minutes=1), 100) == 1
    assert fetch_rows("SELECT count(*) FROM webhook_attempt") == [(0,)]


def test_secrets_are_sealed_in_the_database(fresh: TenantFactory) -> None:
    _, secret = subscriptions.create(fresh.tenant_id, "coupon.redeemed", URL, NOW)
    ((sealed,),) = fetch_rows("SELECT secret_sealed FROM webhook")
    assert secret not in sealed
