"""Redeems while the broker is down half of the time, and workers are killed."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

from kombu import Connection, Queue

from coupon_core.domain.models import utc_now
from coupon_core.messaging.broker import EXCHANGES, create_connection
from coupon_core.messaging.topology import OUT_EXCHANGE
from coupon_core.persistence import database
from coupon_core.services.insight import counting
from coupon_core.settings.loader import Settings
from tests.chaos.earning import becomes_true
from tests.chaos.worker_processes import (
    Broker,
    declare_worker_queues,
    killing_broker,
    killing_workers,
    worker_group,
)
from tests.factories.tenant import TenantFactory
from tests.support.invariants import assert_invariants, fetch_rows
from tests.support.report_invariants import assert_reports_agree

TAP_QUEUE = Queue("chaos.tap", EXCHANGES[OUT_EXCHANGE], "coupon.redeemed", durable=True)
CLIENT_COUNT = 2


@dataclass(frozen=True)
class Plan:
    """How many redeems in which time, and how often something is killed."""

    redemptions: int
    seconds: float
    kill_interval_seconds: float = 3.0
    broker_up_seconds: float = 4.0
    broker_down_seconds: float = 4.0
    timeout_seconds: float = 90.0


@dataclass(frozen=True)
class Outcome:
    """What a consumer of `coupons.out` received, and how redeems were affected."""

    events: Counter[str]  # by coupon ID
    slowest_ms: float
    relays_killed: int
    brokers_killed: int
    seconds_after: float  # from the last redeem to an empty outbox


def deliver_with_kills(
    settings: Settings, broker: Broker, tenant: TenantFactory, plan: Plan
) -> tuple[set[str], Outcome]:
    """Redeem while killing; return the redeemed coupon IDs and the outcome."""
    users = [f"user-{n}" for n in range(plan.redemptions)]
    coupons = [issued.coupon for issued in issue_coupons(tenant, users)]
    with create_connection(settings.broker_url) as connection:
        TAP_QUEUE(connection.default_channel).declare()
    declare_worker_queues(broker)
    clear_outbox()
    with ExitStack() as stack:
        relays = stack.enter_context(worker_group("relay", 1, settings))
        counters = stack.enter_context(worker_group("counter", 2, settings))
        pauses = plan.kill_interval_seconds, plan.kill_interval_seconds
        with (
            killing_workers(relays, pauses, random.Random(1)),
            killing_workers(counters, pauses, random.Random(2)),
            killing_broker(
                broker, plan.broker_up_seconds, plan.broker_down_seconds
            ) as deaths,
        ):
            latencies = redeem_all(tenant, coupons, plan.seconds)
        ended = time.monotonic()
        drained = becomes_true(lambda: not count_pending_events(), plan.timeout_seconds)
        seconds = time.monotonic() - ended if drained else float("inf")
        relays.stop_all()
        assert becomes_true(
            lambda: not counting.measure(utc_now())[0], plan.timeout_seconds
        )
        counters.stop_all()
    assert_invariants()
    assert_reports_agree()
    with create_connection(settings.broker_url) as connection:
        events = drain_tap(connection)
    kills = relays.kill_count, len(deaths)
    outcome = Outcome(events, max(latencies) * 1000, *kills, seconds)
    return {coupon.coupon_id for coupon in coupons}, outcome


def issue_coupons(tenant: TenantFactory, users: Sequence[str]) -> list:
    """Issue a coupon to each user."""
    definition = tenant.define()
    return [
        issued
        for start in range(0, len(users), 500)
        for issued in tenant.generate(definition, users[start : start + 500])
    ]


def redeem_all(tenant: TenantFactory, coupons: Sequence, seconds: float) -> list[float]:
    """Redeem from two threads at a steady rate; return each redeem's seconds."""
    pause = seconds * CLIENT_COUNT / len(coupons)

    def redeem(coupon: object) -> float:
        began_at = time.monotonic()
        tenant.redeem(coupon.code, coupon.user_id)
        seconds = time.monotonic() - began_at
        time.sleep(max(0.0, pause - seconds))
        return seconds

    with ThreadPoolExecutor(
        CLIENT_COUNT, initializer=database.release_connection
    ) as buyers:
        return list(buyers.map(redeem, coupons))


def clear_outbox() -> None:
    """Delete all events, so that only redemptions are relayed."""
    with database.transaction():
        database.execute("DELETE FROM outbox", {})


def count_pending_events() -> int:
    """Return the number of events that wait in the outbox."""
    ((count,),) = fetch_rows("SELECT count(*) FROM outbox WHERE state = 'pending'")
    return int(count)


def drain_tap(connection: Connection) -> Counter[str]:
    """Receive all events from the queue."""
    found: Counter[str] = Counter()
    tap = TAP_QUEUE(connection.default_channel)
    while message := tap.get(no_ack=True):
        found[json.loads(message.body)["data"]["coupon"]["id"]] += 1
    tap.delete()
    return found
