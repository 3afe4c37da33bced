"""Test webhooks end to end, from a redemption to a receiver, with failures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from coupon_core.domain.models import Page, utc_now
from coupon_core.domain.models.webhooks import SignatureScheme, Webhook
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.messaging import inspection
from coupon_core.messaging.cloud_events import to_cloud_event
from coupon_core.persistence import database
from coupon_core.persistence.repositories import webhook_deliveries
from coupon_core.services.outbox import build_event
from coupon_core.services.webhooks import (
    delivery,
    retry_policy,
    subscriptions,
    url_policy,
)
from coupon_core.settings.loader import Settings
from tests.chaos.worker_processes import worker_group
from tests.conftest import Broker
from tests.factories.tenant import TenantFactory, create_tenant
from tests.support.concurrency import running_in_threads, started_core
from tests.support.databases import Databases
from tests.support.settings import build_settings
from tests.support.webhook_receiver import (
    LOOPBACK_NETWORKS,
    NEVER_RESPONDS,
    WebhookReceiver,
    running_receiver,
    verify_request,
)
from tests.workers.milestones import get_last_dead_letter
from tests.workers.raw_messages import becomes_true, purge_queues
from tests.workers.test_outbox_relay import relay_all
from workers import webhook_deliverer, webhook_fanout
from workers.acknowledgement import to_message
from workers.messages import Message

FORMS = list(SignatureScheme)
FORMS_BY_TURNS = [
    (("sqlite", "postgresql")[index % 2], form) for index, form in enumerate(FORMS)
]


@pytest.fixture(scope="module")
def core(
    migrated_template: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Start the core and allow requests to local receivers."""
    directory = tmp_path_factory.mktemp("core")
    with migrated_template.temporary_database() as url:
        settings = build_settings(url, directory)
        with started_core(
            replace(settings, webhook_networks=LOOPBACK_NETWORKS)
        ) as core:
            yield core


@pytest.fixture
def bus(redis: Broker, core: Settings) -> Broker:
    """Return a broker with empty queues; the outbox is empty."""
    database.execute("DELETE FROM outbox", {})
    database.execute("DELETE FROM webhook", {})
    purge_queues(redis)
    return redis


@contextmanager
def working(bus: Broker) -> Iterator[None]:
    """Run the fanout and the deliverer in threads."""
    works = [
        lambda stop: webhook_fanout.run(bus.url, 60, stop, lambda: None),
        lambda stop: webhook_deliverer.run(stop, lambda: None),
    ]
    with running_in_threads(works, 60):
        yield


def subscribed(
    tenant: TenantFactory, receiver: WebhookReceiver, **options: Any
) -> tuple[Webhook, str]:
    """Create a webhook for redemptions; return it and its secret."""
    members = {"signature": SignatureScheme.PLAYCAMP, "timeout_ms": 1_000, **options}
    webhook_and_secret = subscriptions.create(
        tenant.tenant_id, "coupon.redeemed", receiver.url, utc_now(), **members
    )
    database.release_connection()
    return webhook_and_secret


def redeem(tenant: TenantFactory, count: int, bus: Broker) -> set[str]:
    """Redeem `count` coupons, publish the events and return the codes."""
    definition = tenant.define()
    issued = tenant.generate(definition, [f"u{number}" for number in range(count)])
    for issued_coupon in issued:
        coupon = issued_coupon.coupon
        tenant.redeem(coupon.code, coupon.user_id)
    relay_all(bus)
    return {issued_coupon.coupon.code for issued_coupon in issued}


def list_received_codes(
    form: SignatureScheme, secret: str, receiver: WebhookReceiver
) -> list[str]:
    """Return the received codes after verifying all signatures."""
    codes: list[str] = []
    for request in list(receiver.received):
        body = verify_request(form, secret, request)
        if form == SignatureScheme.STANDARD:
            assert body["type"] == "coupon.redeemed"
            codes.append(body["data"]["coupon"]["code"])
        else:
            codes += [event["data"]["couponCode"] for event in body["events"]]
    return codes


def list_statuses(webhook: Webhook) -> list[str]:
    """Return the statuses of all attempts, newest event first."""
    attempts, _ = subscriptions.list_attempts(
        webhook.tenant_id, webhook.webhook_id, Page()
    )
    database.release_connection()
    return [attempt.status.value for attempt in attempts]


def reload(webhook: Webhook) -> Webhook:
    return subscriptions.get(webhook.tenant_id, webhook.webhook_id)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("migrated_template", "form"), FORMS_BY_TURNS, indirect=["migrated_template"]
)
def test_a_receiver_that_fails_hangs_and_recovers_gets_every_redemption(
    form: SignatureScheme,
    bus: Broker,
    tenant: TenantFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retry_policy, "INITIAL_PAUSE", retry_policy.INITIAL_PAUSE / 10)
    with running_receiver() as receiver, working(bus):
        webhook, secret = subscribed(tenant, receiver, signature=form, retry_count=10)
        receiver.statuses = [500, NEVER_RESPONDS, 503]
        expected = redeem(tenant, 5, bus)
        assert becomes_true(
            lambda: set(list_received_codes(form, secret, receiver)) == expected, 60
        )
        assert becomes_true(lambda: list_statuses(webhook).count("SUCCESS") == 5)
        after = reload(webhook)
    assert (after.is_active, after.failure_count) == (True, 0)
    assert list_statuses(webhook).count("RETRYING") >= 3


@pytest.mark.slow
@pytest.mark.parametrize("migrated_template", ["postgresql"], indirect=True)
def test_kill_9_in_the_middle_of_a_delivery_loses_nothing(
    bus: Broker, tenant: TenantFactory, core: Settings, tmp_path: Path
) -> None:
    settings = replace(core, broker_url=bus.url, data_dir=tmp_path)
    plain = SignatureScheme.PLAYCAMP
    with running_receiver() as receiver, worker_group("fanout", 1, settings):
        webhook, secret = subscribed(tenant, receiver)
        receiver.delay_seconds, receiver.statuses = 60, [500] * 3
        expected = redeem(tenant, 3, bus)
        with worker_group("deliverer", 1, settings) as workers:
            assert becomes_true(lambda: len(receiver.statuses) == 2, 60)
            workers.kill_process(workers.processes[0])
        assert list_statuses(webhook) == ["PENDING"] * 3
        receiver.delay_seconds, receiver.statuses = 0, []
        with worker_group("deliverer", 1, settings):
            assert becomes_true(
                lambda: set(list_received_codes(plain, secret, receiver)) == expected,
                60,
            )
            assert becomes_true(lambda: list_statuses(webhook) == ["SUCCESS"] * 3)


@pytest.mark.slow
def test_a_hanging_receiver_holds_up_no_other(
    bus: Broker, tenant: TenantFactory
) -> None:
    with running_receiver() as hangs, running_receiver() as well, working(bus):
        hanging = [subscribed(tenant, hangs, timeout_ms=30_000)[0] for _ in range(3)]
        _, secret = subscribed(tenant, well)
        hangs.delay_seconds = 60
        expected = redeem(tenant, 3, bus)
        plain = SignatureScheme.PLAYCAMP
        assert becomes_true(
            lambda: set(list_received_codes(plain, secret, well)) == expected, 60
        )
        assert are_pending(hanging)
        hangs.closed.set()


def are_pending(webhooks: Sequence[Webhook]) -> bool:
    """Return True if all their receivers hang: the call of none has ended yet."""
    return {each for one in webhooks for each in list_statuses(one)} == {"PENDING"}


@pytest.mark.slow
def test_a_tenant_of_hanging_receivers_holds_up_no_other_tenant(
    bus: Broker, tenant: TenantFactory
) -> None:
    other = create_tenant()
    with running_receiver() as hangs, running_receiver() as well, working(bus):
        webhooks = [subscribed(tenant, hangs, timeout_ms=30_000)[0] for _ in range(40)]
        hangs.delay_seconds = 60
        redeem(tenant, 3, bus)
        assert becomes_true(
            lambda: count_active_webhooks(tenant) >= delivery.MAX_CONCURRENT_PER_TENANT,
            60,
        )
        _, secret = subscribed(other, well)
        expected, plain = redeem(other, 3, bus), SignatureScheme.PLAYCAMP
        assert becomes_true(
            lambda: set(list_received_codes(plain, secret, well)) == expected, 60
        )
        assert are_pending(webhooks)
        assert count_active_webhooks(tenant) == delivery.MAX_CONCURRENT_PER_TENANT
        hangs.closed.set()


def count_active_webhooks(tenant: TenantFactory) -> int:
    """Return the number of webhooks of a tenant that are currently claimed."""
    sql = "SELECT count(*) FROM webhook WHERE tenant_id = :id AND next_turn_at > :now"
    parameters = {
        "id": tenant.tenant_id,
        "now": format_timestamp_milliseconds(utc_now()),
    }
    (count,) = database.execute(sql, parameters).fetchone()
    database.release_connection()
    return int(count)


def test_what_goes_out_again_is_due_to_nobody_twice(
    bus: Broker, tenant: TenantFactory
) -> None:
    with running_receiver() as receiver:
        webhook, _ = subscribed(tenant, receiver)
        redeem(tenant, 2, bus)
        database.execute("UPDATE outbox SET state = 'pending'", {})
        database.execute("UPDATE outbox SET claimed_until = NULL", {})
        relay_all(bus)
        with working(bus):
            assert becomes_true(lambda: list_statuses(webhook) == ["SUCCESS"] * 2, 60)
            assert becomes_true(lambda: count_waiting(bus) == 0)
    assert [len(request.json["events"]) for request in receiver.received] in (
        [2],
        [1, 1],
    )


def count_waiting(bus: Broker) -> int:
    """Return the number of messages that wait for the fanout."""
    depths = inspection.queue_depths(bus.url)
    return next(depth.messages for depth in depths if depth.queue == "coupons.webhooks")


def test_each_gets_the_events_of_its_own_tenant_and_type(
    bus: Broker, tenant: TenantFactory
) -> None:
    other = create_tenant()
    with (
        running_receiver() as here,
        running_receiver() as there,
        running_receiver() as generated,
    ):
        _, secret = subscribed(tenant, here)
        subscribed(other, there)
        _, standard_secret = subscriptions.create(
            tenant.tenant_id,
            "coupon.generated",
            url=generated.url,
            now=utc_now(),
            signature=SignatureScheme.STANDARD,
        )
        expected = redeem(tenant, 2, bus)
        with working(bus):
            plain = SignatureScheme.PLAYCAMP
            assert becomes_true(
                lambda: set(list_received_codes(plain, secret, here)) == expected, 60
            )
            assert becomes_true(lambda: len(generated.received) == 2, 60)
    events = [
        verify_request("standard", standard_secret, request)
        for request in generated.received
    ]
    assert {event["type"] for event in events} == {"coupon.generated"}
    assert {event["data"]["coupon"]["code"] for event in events} == expected
    assert there.received == []


GARBAGE: list[tuple[Any, str]] = [
    (b"{", "not JSON"),
    ([], "no CloudEvent"),
    ({"data": []}, "no CloudEvent"),
    ({"data": {}, "id": 1}, "as text"),
    ({"id": "x", "type": "t", "tenantid": "a", "time": "", "data": {}}, "UUID"),
]


@pytest.mark.parametrize(("body", "why"), GARBAGE)
def test_what_is_no_event_is_kept_and_stops_no_other(
    bus: Broker, core: Settings, body: Any, why: str
) -> None:
    encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
    message = Message(
        queue="coupons.webhooks",
        routing_key="#",
        content_type="application/cloudevents+json",
        body=encoded,
    )
    assert webhook_fanout.handle_many([message]) == [None]
    assert webhook_fanout.handle_one(message) == "buried"
    _, reason, stored_body = get_last_dead_letter()
    assert (why in reason, stored_body) == (True, encoded)


@pytest.mark.parametrize(
    ("header", "is_kept"),
    [
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", True),
        ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\0", False),
        (7, False),
    ],
    ids=["valid", "with-nul", "no-text"],
)
def test_a_delivery_keeps_the_trace_of_its_message(
    core: Settings, tenant: TenantFactory, header: object, is_kept: bool
) -> None:
    """PostgreSQL refuses a NUL, and the message would become a dead letter."""
    webhook, _ = subscriptions.create(
        tenant.tenant_id,
        "guessing.blocked",
        "https://1.1.1.1/",
        now=utc_now(),
        signature=SignatureScheme.STANDARD,
    )
    event = build_event(
        tenant.tenant_id, "guessing.blocked", "", data={}, now=utc_now()
    )
    body = json.dumps({**to_cloud_event(event), "traceparent": "of-the-body"})
    received = SimpleNamespace(
        headers={"traceparent": header},
        content_type="application/cloudevents+json",
        content_encoding="utf-8",
        body=body.encode(),
    )
    message = to_message("coupons.webhooks", cast("Any", received))
    assert webhook_fanout.handle_many([message]) == ["due"]
    (due,) = webhook_deliveries.list_due_deliveries(webhook, 10, utc_now())
    assert due.traceparent == (header if is_kept else None)


@pytest.mark.slow
def test_a_receiver_that_says_gone_is_switched_off_and_waits_to_be_switched_on(
    bus: Broker, tenant: TenantFactory
) -> None:
    with running_receiver() as receiver, working(bus):
        webhook, secret = subscribed(tenant, receiver)
        receiver.statuses = [410]
        expected = redeem(tenant, 1, bus)
        assert becomes_true(lambda: not reload(webhook).is_active, 60)
        reason = reload(webhook).inactive_reason
        assert reason == "the receiver answered 410 Gone"
        changes = {"is_active": True}
        subscriptions.update(webhook.tenant_id, webhook.webhook_id, changes, utc_now())
        plain = SignatureScheme.PLAYCAMP
        assert becomes_true(
            lambda: set(list_received_codes(plain, secret, receiver)) == expected, 60
        )
        assert reload(webhook).inactive_reason == ""


def test_nothing_is_sent_where_nothing_may_be_sent(
    bus: Broker, tenant: TenantFactory
) -> None:
    """The URL is allowed when the webhook is created, but not when it is served."""
    with running_receiver() as receiver:
        webhook, _ = subscribed(tenant, receiver, retry_count=0)
        url_policy.allow_networks(())
        try:
            redeem(tenant, 1, bus)
            with working(bus):
                assert becomes_true(lambda: list_statuses(webhook) == ["FAILED"], 60)
        finally:
            url_policy.allow_networks(LOOPBACK_NETWORKS)
        (attempt,), _ = subscriptions.list_attempts(
            webhook.tenant_id, webhook.webhook_id, Page()
        )
    assert attempt.error.startswith("refused: 127.0.0.1 is at an address")
    assert receiver.received == []
