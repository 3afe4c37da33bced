"""Webhooks end to end: from a redemption over the bus to a receiver, whoever fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Event, Thread
from typing import Any

import pytest

from coupon_core.config import Settings
from coupon_core.model import utc_now
from coupon_core.model.webhooks import SignatureForm, Webhook
from coupon_core.store import database
from coupon_core.webhooks import managing, pace
from tests.conftest import Broker
from tests.cores import started
from tests.databases import Databases
from tests.receivers import LOOPBACK, Receiver, receiving, verify
from tests.settings import settings_for
from tests.shop import Shop
from tests.workers.bus import empty, in_time
from tests.workers.test_relay import relay_all
from workers import consumer, deliverer
from workers.duties import WEBHOOKS

FORMS = list(SignatureForm)


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
    fanout = bus.url, 60, stop, lambda: None, WEBHOOKS
    threads = [
        Thread(target=consumer.run, args=fanout, daemon=True),
        Thread(target=deliverer.run, args=(stop, lambda: None), daemon=True),
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
    made = managing.create(
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


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_a_receiver_that_fails_hangs_and_recovers_gets_every_redemption(
    form: SignatureForm, bus: Broker, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "FIRST_PAUSE", pace.FIRST_PAUSE / 10)
    with receiving() as receiver, working(bus):
        webhook, secret = subscribed(shop, receiver, signature=form, retry_count=10)
        receiver.statuses = [500, 503]
        receiver.seconds = 3
        expected = redeem(shop, 5, bus)
        assert in_time(lambda: not receiver.statuses, 20)
        receiver.seconds = 0
        assert in_time(lambda: set(codes(form, secret, receiver)) == expected, 40)
        after = managing.get(*ids(webhook))
    assert (after.is_active, after.failure_count) == (True, 0)


def ids(webhook: Webhook) -> tuple[str, int]:
    return webhook.tenant_id, webhook.webhook_id
