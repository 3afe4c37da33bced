"""Milestones under fire: exactly the coupons that were earned, and no other."""

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
    killing_broker,
    killing_workers,
    worker_group,
)
from tests.factories.tenant import TenantFactory
from tests.support.invariants import assert_invariants, fetch_rows


@dataclass(frozen=True)
class Plan:
    """How much is sent, and what is killed how often."""

    events: int
    seconds: float
    workers: int = 4
    kill_interval_range: tuple[float, float] = (2.0, 5.0)
    broker_up_seconds: float = 8.0
    broker_down_seconds: float = 1.0
    timeout_seconds: float = 150.0


@dataclass(frozen=True)
class Outcome:
    """What the database says in the end, and what it took to get there."""

    coupons: Counter[str]  # by user
    dead_letter_bodies: Counter[bytes]
    workers_killed: int
    brokers_killed: int
    seconds_after: float  # from the last message sent to the last one settled


def define_streak_trigger(tenant: TenantFactory) -> None:
    """A definition that the feed's milestones earn coupons of."""
    tenant.define(
        trigger_kind=Trigger.STREAK_MILESTONE,
        trigger_enabled=True,
        trigger_source="daily",
        trigger_threshold=7,
    )


def earn_with_kills(
    settings: Settings, broker: Broker, tenant: TenantFactory, plan: Plan, seed: int = 1
) -> tuple[MilestoneFeed, Outcome]:
    """Send, kill, wait until all is settled; gives what was sent and its outcome."""
    choice = random.Random(seed)
    define_streak_trigger(tenant)
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
        # What is redelivered now must change nothing any more.
        time.sleep(settings.visibility_seconds / 2)
        workers.stop_all()
    assert_invariants()
    kills = workers.kill_count, len(deaths)
    return feed, Outcome(
        count_coupons_by_user(tenant), count_dead_letter_bodies(), *kills, seconds
    )


def becomes_true(condition: Callable[[], bool], timeout_seconds: float) -> bool:
    """Whether it was done in time."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def is_all_processed(feed: MilestoneFeed) -> bool:
    """All that was sent has been processed or buried."""
    ((earned,),) = fetch_rows("SELECT count(*) FROM earned_coupon")
    return earned >= len(feed.users) and len(count_dead_letter_bodies()) >= len(
        feed.poison
    )


def count_coupons_by_user(tenant: TenantFactory) -> Counter[str]:
    """How many coupons each user has."""
    sql = f"SELECT user_id FROM coupon WHERE tenant_id = '{tenant.tenant_id}'"
    return Counter(user for (user,) in fetch_rows(sql))


def count_dead_letter_bodies() -> Counter[bytes]:
    """The bodies of all dead letters."""
    return Counter(
        bytes(body) for (body,) in fetch_rows("SELECT body FROM dead_letter")
    )
