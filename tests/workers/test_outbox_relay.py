"""Test that every event reaches the broker in spite of failures."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from kombu import Queue
from structlog.testing import capture_logs

from coupon_core.domain.models import (
    Event,
    Milestone,
    Trigger,
    utc_now,
)
from coupon_core.messaging import publisher
from coupon_core.messaging.broker import (
    EXCHANGES,
    create_connection,
    list_worker_queues,
)
from coupon_core.messaging.publisher import open_publisher
from coupon_core.messaging.topology import OUT_EXCHANGE
from coupon_core.persistence import database, id_generation
from coupon_core.services import outbox
from coupon_core.services.events import milestones
from coupon_core.settings.loader import Settings
from tests.conftest import Broker
from tests.factories.tenant import TenantFactory, create_tenant
from tests.support.concurrency import running_in_thread
from tests.support.invariants import fetch_rows
from tests.support.servers import RabbitServer
from tests.support.servers.process import frozen_process
from tests.workers.milestones import cloud
from tests.workers.raw_messages import becomes_true, purge_queues
from workers import outbox_relay

TAP = Queue("tests.tap", EXCHANGES[OUT_EXCHANGE], "#", durable=True)


@pytest.fixture
def tap(broker: Broker, tenant: TenantFactory) -> Iterator[Broker]:
    """Return a broker with a queue that receives all published events.

    The outbox is empty.
    """
    database.execute("DELETE FROM outbox", {})
    purge_queues(broker)
    with create_connection(broker.url) as connection:
        tap = TAP(connection.default_channel)
        tap.declare()
        tap.purge()
    yield broker
    with create_connection(broker.url) as connection:
        TAP(connection.default_channel).delete()


def store(tenant: TenantFactory, count: int, data: str = "{}") -> list[str]:
    """Store pending events in the outbox; return their ids."""
    now = utc_now()
    ids = [id_generation.generate_id() for _ in range(count)]
    with database.transaction():
        outbox.add(
            Event(tenant.tenant_id, event_id, "coupon.generated", "ann", now, data)
            for event_id in ids
        )
    return ids


def received(broker: Broker) -> Counter[str]:
    """Return the ids of all received events with their counts."""
    counts: Counter[str] = Counter()
    with create_connection(broker.url) as connection:
        tap = TAP(connection.default_channel)
        while message := tap.get(no_ack=True):
            counts[json.loads(message.body)["id"]] += 1
    return counts


def count_claimed() -> int:
    sql = """SELECT count(*) FROM outbox
        WHERE state = 'pending' AND claimed_until IS NOT NULL"""
    return int(fetch_rows(sql)[0][0])


def relay_all(broker: Broker) -> None:
    with open_publisher(broker.url) as publisher:
        rounds = outbox.ClaimRounds()
        while outbox_relay.run_once(publisher, rounds):
            pass
    database.release_connection()


def test_every_event_goes_out_once_and_in_order(
    tap: Broker, tenant: TenantFactory
) -> None:
    ids = store(tenant, 120)
    relay_all(tap)
    assert received(tap) == dict.fromkeys(ids, 1)
    assert outbox.measure_backlog(utc_now()) == (0, 0.0)


def test_an_event_goes_out_as_a_cloud_event(tap: Broker, tenant: TenantFactory) -> None:
    store(tenant, 1, '{"coupon": {"id": "é"}}')
    relay_all(tap)
    with create_connection(tap.url) as connection:
        message = TAP(connection.default_channel).get(no_ack=True)
    event = json.loads(message.body)
    assert message.content_type == "application/cloudevents+json"
    assert (event["specversion"], event["type"]) == ("1.0", "coupon.generated")
    assert (event["tenantid"], event["subject"]) == (tenant.tenant_id, "ann")
    assert event["data"] == {"coupon": {"id": "é"}}


def test_relays_side_by_side_send_nothing_twice(
    tap: Broker, tenant: TenantFactory
) -> None:
    ids = store(tenant, 400)
    with ThreadPoolExecutor(3) as relays:
        list(relays.map(relay_all, [tap] * 3))
    assert received(tap) == dict.fromkeys(ids, 1)


def test_what_a_killed_relay_had_claimed_goes_out_later(
    tap: Broker, tenant: TenantFactory
) -> None:
    ids = store(tenant, 10)
    now = utc_now()
    rounds, until = outbox.ClaimRounds(), now + outbox_relay.CLAIM_DURATION
    assert len(rounds.claim(10, now, until)) == 10
    assert rounds.claim(10, now + timedelta(seconds=9), now) == []
    later = now + outbox_relay.CLAIM_DURATION + timedelta(seconds=1)
    again = outbox.ClaimRounds().claim(10, later, later)
    assert [event.event_id for event in again] == sorted(ids)


def test_a_tenant_with_many_events_delays_no_other(
    tap: Broker, tenant: TenantFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MIN_ROUND_SECONDS", 0)
    store(tenant, 1_000)
    quiet = [create_tenant() for _ in range(9)]
    for other in quiet:
        store(other, 1)
    rounds = outbox.ClaimRounds()
    with open_publisher(tap.url) as messages:
        for _ in range(3):
            outbox_relay.run_once(messages, rounds)
        assert is_sent(quiet)
        store(quiet[0], 1)
        for _ in range(3):
            outbox_relay.run_once(messages, rounds)
        assert is_sent(quiet)
    assert not is_sent([tenant])


def is_sent(senders: list[TenantFactory]) -> bool:
    sql = "SELECT DISTINCT tenant_id FROM outbox WHERE state = 'pending'"
    pending = {tenant_id for (tenant_id,) in fetch_rows(sql)}
    return pending.isdisjoint(sender.tenant_id for sender in senders)


def test_a_claim_is_shared_among_the_tenants(tenant: TenantFactory) -> None:
    database.execute("DELETE FROM outbox", {})
    others = [create_tenant() for _ in range(12)]
    store(tenant, 100)
    for other in others:
        store(other, 3)
    rounds, now = outbox.ClaimRounds(), utc_now()
    claims = [rounds.claim(50, now, now + timedelta(seconds=9)) for _ in range(3)]
    counts = [Counter(event.tenant_id for event in claim) for claim in claims]
    assert [claim.total() for claim in counts] == [50, 50, 36]
    assert all(counts[0][other.tenant_id] >= 3 for other in others[:9])
    assert all(sum(claim[x.tenant_id] for claim in counts) == 3 for x in others)


def test_an_event_that_cannot_be_sent_stops_no_other(
    tap: Broker, tenant: TenantFactory
) -> None:
    database.execute("DELETE FROM dead_letter", {})
    store(tenant, 1, "{not JSON")
    ids = store(tenant, 5)
    relay_all(tap)
    assert received(tap) == dict.fromkeys(ids, 1)
    ((queue, body),) = fetch_rows("SELECT queue, body FROM dead_letter")
    assert (queue, bytes(body)) == ("coupons.out", b"{not JSON")


def test_nothing_is_claimed_while_the_broker_is_away(
    tenant: TenantFactory, core: Settings
) -> None:
    database.execute("DELETE FROM outbox", {})
    store(tenant, 3)
    stop = threading.Event()
    unreachable_url = "redis://127.0.0.1:1/0"
    thread = threading.Thread(
        target=outbox_relay.run, args=[unreachable_url, stop, lambda: None]
    )
    thread.start()
    time.sleep(1)
    stop.set()
    thread.join(60)
    assert not thread.is_alive()
    claimed = "SELECT count(*) FROM outbox WHERE claimed_until IS NOT NULL"
    assert fetch_rows(claimed) == [(0,)]
    assert outbox.measure_backlog(utc_now())[0] == 3


# Only SQLite lets no second writer begin.
@pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)
def test_an_idle_relay_does_not_write(tenant: TenantFactory, core: Settings) -> None:
    database.execute("DELETE FROM outbox", {})
    with sqlite3.connect(core.database_url.removeprefix("sqlite:///")) as writer:
        writer.execute("BEGIN IMMEDIATE")
        now = utc_now()
        assert outbox.ClaimRounds().claim(10, now, now) == []


def test_the_lag_tells_how_many_wait_and_how_long(tenant: TenantFactory) -> None:
    database.execute("DELETE FROM outbox", {})
    store(tenant, 4)
    count, age = outbox.measure_backlog(utc_now() + timedelta(seconds=30))
    assert count == 4
    assert 30 <= age < 40


def test_the_lag_of_an_event_starts_when_it_is_stored(tenant: TenantFactory) -> None:
    database.execute("DELETE FROM outbox", {})
    long_ago = utc_now() - timedelta(days=30)
    with database.transaction():
        outbox.add([outbox.build_event(tenant.tenant_id, "x.y", "", {}, long_ago)])
    _, age = outbox.measure_backlog(utc_now() + timedelta(seconds=30))
    assert 30 <= age < 40


def test_what_was_sent_is_forgotten_after_its_time(
    tap: Broker, tenant: TenantFactory
) -> None:
    store(tenant, 3)
    relay_all(tap)
    database.execute("UPDATE outbox SET counted = true", {})
    waiting_ids = store(tenant, 2)
    now = utc_now()
    assert outbox.purge(now - timedelta(days=7), 100) == 0
    assert outbox.purge(now + timedelta(seconds=1), 2) == 2
    assert outbox.purge(now + timedelta(seconds=1), 2) == 1
    rows = fetch_rows("SELECT event_id FROM outbox")
    assert {str(event_id) for (event_id,) in rows} == set(waiting_ids)


def test_a_milestone_over_http_reaches_the_workers_as_it_came(
    tap: Broker, tenant: TenantFactory
) -> None:
    now, envelope = utc_now(), cloud(tenant)
    milestone = Milestone(
        tenant.tenant_id, "ann", "e-1", Trigger.STREAK_MILESTONE, "daily", 7, "", now
    )
    milestones.accept(
        tenant.tenant_id, [(milestone, envelope), (milestone, envelope)], now
    )
    milestones.accept(tenant.tenant_id, [(milestone, envelope)], now)
    relay_all(tap)
    with create_connection(tap.url) as connection:
        streaks = list_worker_queues(tap.url)[0](connection.default_channel)
        assert json.loads(streaks.get(no_ack=True).body) == envelope
        assert streaks.get(no_ack=True) is None


def test_a_relay_in_its_own_thread_sends_within_a_second(
    tap: Broker, tenant: TenantFactory
) -> None:
    stop = threading.Event()
    thread = threading.Thread(
        target=outbox_relay.run, args=[tap.url, stop, lambda: None]
    )
    thread.start()
    try:
        ids = store(tenant, 1)
        assert becomes_true(lambda: outbox.measure_backlog(utc_now())[0] == 0, 60)
    finally:
        stop.set()
        thread.join(60)
    assert received(tap) == dict.fromkeys(ids, 1)


def test_a_broker_that_does_not_confirm_is_named_with_its_queues(
    rabbitmq: RabbitServer, tenant: TenantFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    database.execute("DELETE FROM outbox", {})
    monkeypatch.setattr(publisher, "RESPONSE_TIMEOUT_SECONDS", 0.3)
    with capture_logs() as logs:
        with running_in_thread(
            lambda stop: outbox_relay.run(rabbitmq.url, stop, lambda: None)
        ):
            store(tenant, 1)
            assert becomes_true(lambda: outbox.measure_backlog(utc_now())[0] == 0)
            with frozen_process(rabbitmq.pid):
                store(tenant, 2)
                assert becomes_true(lambda: count_claimed() == 2)
                assert becomes_true(lambda: count_claimed() == 0)
            assert becomes_true(lambda: bool(logs))
        (entry, *_) = logs
    assert entry["event"] == "the broker does not confirm events"
    assert entry["detail"].startswith(
        "RabbitMQ did not confirm 2 messages within 0.3 s. "
        "Exchange and routing key: coupons.out coupon.generated."
    )
    assert "quorum_status` for coupons.webhooks" in entry["detail"]


def test_ids_of_events_taken_long_ago_are_forgotten_in_batches(
    tenant: TenantFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_relay, "PURGE_BATCH_SIZE", 2)
    now = utc_now()
    old = now - outbox_relay.ACCEPTED_ID_RETENTION
    database.execute("DELETE FROM accepted_event", {})
    for event_id, moment in (("a", old), ("b", old), ("c", old), ("d", now)):
        milestone = Milestone(
            tenant_id=tenant.tenant_id,
            user_id="ann",
            event_id=event_id,
            trigger_kind=Trigger.STREAK_MILESTONE,
            source_id="daily",
            value=7,
            occurrence="",
            occurred_at=moment,
        )
        milestones.accept(tenant.tenant_id, [(milestone, {})], moment)
    later = now + timedelta(seconds=1)
    assert [outbox_relay.purge_expired(later) for _ in range(2)] == [True, False]
    assert fetch_rows("SELECT event_id FROM accepted_event") == [("d",)]
