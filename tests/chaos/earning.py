"""Milestones under faults: exactly the earned coupons are issued."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from coupon_core.domain.models import Trigger
from coupon_core.settings.loader import Settings
from tests.chaos.milestone_producer import MilestoneFeed, build_feed, send_bodies
from tests.chaos.worker_processes import (
    Broker,
    declare_worker_queues,
    killing_broker,
    killing_workers,
    worker_group,
)
from tests.factories.tenant import TenantFactory
from tests.support.invariants import assert_invariants, fetch_rows


@dataclass(frozen=True)
class Plan:
    """How many events are sent, and how often something is killed."""

    events: int
    seconds: float
    workers: int = 4
    kill_interval_range: tuple[float, float] = (2.0, 5.0)
    broker_up_seconds: float = 8.0
    broker_down_seconds: float = 1.0
    timeout_seconds: float = 150.0


@dataclass(frozen=True)
class Outcome:
    """What the database contains at the end, and how long processing took."""

    coupons: Counter[str]  # by user
    dead_letter_bodies: Counter[bytes]
    workers_killed: int
    brokers_killed: int
    seconds_after: float  # from the last message sent to the last one processed


def define_streak_trigger(tenant: TenantFactory) -> None:
    """Create a definition whose coupons the feed's milestones earn."""
    tenant.define(
        trigger_kind=Trigger.STREAK_MILESTONE,
        trigger_enabled=True,
        trigger_source="daily",
        trigger_threshold=7,
    )


def earn_with_kills(
    settings: Settings, broker: Broker, tenant: TenantFactory, plan: Plan, seed: int = 1
) -> tuple[MilestoneFeed, Outcome]:
    """Send while killing, and wait for the end; return the feed and the outcome."""
    choice = random.Random(seed)
    define_streak_trigger(tenant)
    declare_worker_queues(broker)
    feed = build_feed(tenant.tenant_id, plan.events, choice)
    with ExitStack() as stack:
        workers = stack.enter_context(worker_group("consumer", plan.workers, settings))
        with (
            killing_workers(workers, plan.kill_interval_range, choice),
            killing_broker(
                broker, plan.broker_up_seconds, plan.broker_down_seconds
            ) as deaths,
        ):
            send_bodies(settings.broker_url, feed.bodies, plan.seconds)
        sent_at = time.monotonic()
        settled = becomes_true(lambda: is_all_processed(feed), plan.timeout_seconds)
        seconds = time.monotonic() - sent_at if settled else float("inf")
        # Redelivered messages must not change anything now.
        time.sleep(settings.visibility_seconds / 2)
        workers.stop_all()
    assert_invariants()
    kills = workers.kill_count, len(deaths)
    return feed, Outcome(
        count_coupons_by_user(tenant), count_dead_letter_bodies(), *kills, seconds
    )


def becomes_true(condition: Callable[[], bool], timeout_seconds: float) -> bool:
    """Return True if the condition becomes true in time."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def is_all_processed(feed: MilestoneFeed) -> bool:
    """Return True if every message was processed or is a dead letter."""
    ((earned,),) = fetch_rows("SELECT count(*) FROM earned_coupon")
    return earned >= len(feed.users) and len(count_dead_letter_bodies()) >= len(
        feed.poison
    )


def count_coupons_by_user(tenant: TenantFactory) -> Counter[str]:
    """Return the number of coupons of each user."""
    sql = f"SELECT user_id FROM coupon WHERE tenant_id = '{tenant.tenant_id}'"
    return Counter(user for (user,) in fetch_rows(sql))


def count_dead_letter_bodies() -> Counter[bytes]:
    """Return the number of dead letters for each body."""
    return Counter(
        bytes(body) for (body,) in fetch_rows("SELECT body FROM dead_letter")
    )
