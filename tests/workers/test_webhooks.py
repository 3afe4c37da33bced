"""Webhooks end to end: from a redemption over the bus to a receiver, whoever fails."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from coupon_core.domain.models import Page, utc_now
from coupon_core.domain.models.webhooks import SignatureForm, Webhook
from coupon_core.messaging import inspection
from coupon_core.persistence import database
from coupon_core.persistence.tables import as_stored_time
from coupon_core.services.webhooks import (
    delivery,
    retry_policy,
    subscriptions,
    url_policy,
)
from coupon_core.settings.loader import Settings
from tests.chaos.crew import crew
from tests.conftest import Broker
from tests.cores import started
from tests.databases import Databases
from tests.receivers import HANGS, LOOPBACK, Receiver, receiving, verify
from tests.settings import settings_for
from tests.shop import Shop, new_shop
from tests.workers.bus import empty, in_time
from tests.workers.reached import last_letter
from tests.workers.test_relay import relay_all
from workers import webhook_deliverer, webhook_fanout
from workers.messages import Message

FORMS = list(SignatureForm)
FORMS_BY_TURNS = [
    (("sqlite", "postgresql")[at % 2], one) for at, one in enumerate(FORMS)
]


@pytest.fixture(scope="module")
def core(
    migrated_template: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """The core, which may send to receivers of this machine."""
    directory = tmp_path_factory.mktemp("core")
    with migrated_template.fresh() as url:
        settings = settings_for(url, directory)
        with started(replace(settings, webhook_networks=LOOPBACK)) as one:
            yield one


@pytest.fixture
def bus(redis: Broker, core: Settings) -> Broker:
    """An empty bus, and nothing on its way to it."""
    database.execute("DELETE FROM outbox", {})
    database.execute("DELETE FROM webhook", {})
    empty(redis)
    return redis


@contextmanager
def working(bus: Broker) -> Iterator[None]:
    """The fanout and the deliverer at work in this process."""
    stop = Event()
    bound = bus.url, 60, stop, lambda: None
    threads = [
        Thread(target=webhook_fanout.run, args=bound, daemon=True),
        Thread(target=webhook_deliverer.run, args=(stop, lambda: None), daemon=True),
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(10)
    assert not any(thread.is_alive() for thread in threads)


def subscribed(shop: Shop, to: Receiver, **options: Any) -> tuple[Webhook, str]:
    """A webhook of the shop's redemptions."""
    given = {"signature": SignatureForm.PLAYCAMP, "timeout_ms": 1_000, **options}
    made = subscriptions.create(
        shop.tenant_id, "coupon.redeemed", to.url, utc_now(), **given
    )
    database.release()
    return made


def redeem(shop: Shop, count: int, bus: Broker) -> set[str]:
    """The codes of so many coupons that are redeemed, which is on the bus now."""
    definition = shop.define()
    issued = shop.generate(definition, [f"u{number}" for number in range(count)])
    for one in issued:
        shop.redeem(one.coupon.code, one.coupon.user_id)
    relay_all(bus)
    return {one.coupon.code for one in issued}


def codes(form: SignatureForm, secret: str, receiver: Receiver) -> list[str]:
    """The codes that have arrived, each under a good signature."""
    found = []
    for got in list(receiver.got):
        told = verify(form, secret, got)
        if form == SignatureForm.STANDARD:
            assert told["type"] == "coupon.redeemed"
            found.append(told["data"]["coupon"]["code"])
        else:
            found += [event["data"]["couponCode"] for event in told["events"]]
    return found


def log_of(webhook: Webhook) -> list[str]:
    """The statuses of all tries, newest event first."""
    lines, _ = subscriptions.log(*ids(webhook), Page())
    database.release()
    return [line.status.value for line in lines]


def ids(webhook: Webhook) -> tuple[str, int]:
    return webhook.tenant_id, webhook.webhook_id


@pytest.mark.slow
@pytest.mark.parametrize(
    ("migrated_template", "form"), FORMS_BY_TURNS, indirect=["migrated_template"]
)
def test_a_receiver_that_fails_hangs_and_recovers_gets_every_redemption(
    form: SignatureForm, bus: Broker, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry_policy, "FIRST_PAUSE", retry_policy.FIRST_PAUSE / 10)
    with receiving() as receiver, working(bus):
        webhook, secret = subscribed(shop, receiver, signature=form, retry_count=10)
        receiver.statuses = [500, HANGS, 503]
        expected = redeem(shop, 5, bus)
        assert in_time(lambda: set(codes(form, secret, receiver)) == expected, 40)
        assert in_time(lambda: log_of(webhook).count("SUCCESS") == 5)
        after = subscriptions.get(*ids(webhook))
    assert (after.is_active, after.failure_count) == (True, 0)
    assert log_of(webhook).count("RETRYING") >= 3


@pytest.mark.slow
@pytest.mark.parametrize("migrated_template", ["postgresql"], indirect=True)
def test_kill_9_in_the_middle_of_a_delivery_loses_nothing(
    bus: Broker, shop: Shop, core: Settings, tmp_path: Path
) -> None:
    settings = replace(core, broker_url=bus.url, data_dir=tmp_path)
    plain = SignatureForm.PLAYCAMP
    with receiving() as receiver, crew("fanout", 1, settings):
        webhook, secret = subscribed(shop, receiver)
        receiver.seconds, receiver.statuses = 60, [500] * 3
        expected = redeem(shop, 3, bus)
        with crew("deliverer", 1, settings) as workers:
            assert in_time(lambda: len(receiver.statuses) == 2, 30)
            workers.kill(workers.members[0])
        assert log_of(webhook) == ["PENDING"] * 3
        receiver.seconds, receiver.statuses = 0, []
        with crew("deliverer", 1, settings):
            assert in_time(lambda: set(codes(plain, secret, receiver)) == expected, 40)
            assert in_time(lambda: log_of(webhook) == ["SUCCESS"] * 3)


@pytest.mark.slow
def test_a_hanging_receiver_holds_up_no_other(bus: Broker, shop: Shop) -> None:
    with receiving() as hangs, receiving() as well, working(bus):
        for _ in range(3):
            subscribed(shop, hangs, timeout_ms=5_000)
        _, secret = subscribed(shop, well)
        hangs.seconds = 60
        expected = redeem(shop, 3, bus)
        began = time.monotonic()
        plain = SignatureForm.PLAYCAMP
        assert in_time(lambda: set(codes(plain, secret, well)) == expected, 10)
        assert time.monotonic() - began < 4
        assert hangs.got == []
        hangs.over.set()


@pytest.mark.slow
def test_a_tenant_of_hanging_receivers_holds_up_no_other_tenant(
    bus: Broker, shop: Shop
) -> None:
    other = new_shop()
    with receiving() as hangs, receiving() as well, working(bus):
        for _ in range(40):
            subscribed(shop, hangs, timeout_ms=30_000)
        hangs.seconds = 60
        redeem(shop, 3, bus)
        assert in_time(lambda: under_way(shop) >= delivery.MOST_OF_TENANT, 10)
        _, secret = subscribed(other, well)
        expected, plain = redeem(other, 3, bus), SignatureForm.PLAYCAMP
        came = in_time(lambda: set(codes(plain, secret, well)) == expected, 10)
        hanging = under_way(shop)
        hangs.over.set()
    assert (came, hanging) == (True, delivery.MOST_OF_TENANT)


def under_way(shop: Shop) -> int:
    """How many webhooks of a shop are held by a request, whatever its receiver does."""
    held = "SELECT count(*) FROM webhook WHERE tenant_id = :id AND next_turn_at > :now"
    given = {"id": shop.tenant_id, "now": as_stored_time(utc_now())}
    (count,) = database.execute(held, given).fetchone()
    database.release()
    return int(count)


def test_what_goes_out_again_is_due_to_nobody_twice(bus: Broker, shop: Shop) -> None:
    with receiving() as receiver:
        webhook, _ = subscribed(shop, receiver)
        redeem(shop, 2, bus)
        database.execute("UPDATE outbox SET state = 'pending'", {})
        database.execute("UPDATE outbox SET claimed_until = NULL", {})
        relay_all(bus)
        with working(bus):
            assert in_time(lambda: log_of(webhook) == ["SUCCESS"] * 2, 20)
            assert in_time(lambda: waiting(bus) == 0)
    assert [len(got.json["events"]) for got in receiver.got] in ([2], [1, 1])


def waiting(bus: Broker) -> int:
    """How many messages the fanout has before it."""
    depths = inspection.depths(bus.url)
    return next(one.messages for one in depths if one.queue == "coupons.webhooks")


def test_each_gets_the_events_of_its_own_tenant_and_type(
    bus: Broker, shop: Shop
) -> None:
    other = new_shop()
    with receiving() as here, receiving() as there, receiving() as generated:
        _, secret = subscribed(shop, here)
        subscribed(other, there)
        one = subscriptions.create(
            *(shop.tenant_id, "coupon.generated", generated.url, utc_now()),
            signature=SignatureForm.STANDARD,
        )
        expected = redeem(shop, 2, bus)
        with working(bus):
            plain = SignatureForm.PLAYCAMP
            assert in_time(lambda: set(codes(plain, secret, here)) == expected, 20)
            assert in_time(lambda: len(generated.got) == 2, 20)
    told = [verify("standard", one[1], got) for got in generated.got]
    assert {event["type"] for event in told} == {"coupon.generated"}
    assert {event["data"]["coupon"]["code"] for event in told} == expected
    assert there.got == []


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
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    queue, key = "coupons.webhooks", "#"
    told = Message(queue, key, "application/cloudevents+json", raw)
    assert webhook_fanout.handle_together([told]) == [None]
    assert webhook_fanout.handle(told) == "buried"
    _, reason, kept = last_letter()
    assert (why in reason, kept) == (True, raw)


@pytest.mark.slow
def test_a_receiver_that_says_gone_is_switched_off_and_waits_to_be_switched_on(
    bus: Broker, shop: Shop
) -> None:
    with receiving() as receiver, working(bus):
        webhook, secret = subscribed(shop, receiver)
        receiver.statuses = [410]
        expected = redeem(shop, 1, bus)
        assert in_time(lambda: not subscriptions.get(*ids(webhook)).is_active, 20)
        reason = subscriptions.get(*ids(webhook)).inactive_reason
        assert reason == "the receiver answered 410 Gone"
        subscriptions.update(*ids(webhook), {"is_active": True}, utc_now())
        plain = SignatureForm.PLAYCAMP
        assert in_time(lambda: set(codes(plain, secret, receiver)) == expected, 20)
        assert subscriptions.get(*ids(webhook)).inactive_reason == ""


def test_nothing_is_sent_where_nothing_may_be_sent(bus: Broker, shop: Shop) -> None:
    """The same webhook, allowed when it was made and no longer when it is served."""
    with receiving() as receiver:
        webhook, _ = subscribed(shop, receiver, retry_count=0)
        url_policy.allow(())
        try:
            redeem(shop, 1, bus)
            with working(bus):
                assert in_time(lambda: log_of(webhook) == ["FAILED"], 20)
        finally:
            url_policy.allow(LOOPBACK)
        (line,), _ = subscriptions.log(*ids(webhook), Page())
    assert line.error.startswith("refused: 127.0.0.1 is at an address")
    assert receiver.got == []
