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
from tests.chaos.crew import Broker, crew, killing, killing_broker
from tests.chaos.feed import Feed, make_feed, send
from tests.invariants import assert_invariants, rows
from tests.shop import Shop


@dataclass(frozen=True)
class Plan:
    """How much is sent, and what is killed how often."""

    events: int
    seconds: float
    workers: int = 4
    kill_every: tuple[float, float] = (2.0, 5.0)
    broker_up: float = 8.0
    broker_down: float = 1.0
    patience: float = 150.0


@dataclass(frozen=True)
class Outcome:
    """What the database says in the end, and what it took to get there."""

    coupons: Counter[str]  # by user
    buried: Counter[bytes]
    workers_killed: int
    brokers_killed: int
    seconds_after: float  # from the last message sent to the last one settled


def watch_streak(shop: Shop) -> None:
    """A definition that the feed's milestones earn coupons of."""
    shop.define(
        trigger_kind=Trigger.STREAK_MILESTONE,
        trigger_enabled=True,
        trigger_source="daily",
        trigger_threshold=7,
    )


def earn_under_fire(
    settings: Settings, broker: Broker, shop: Shop, plan: Plan, seed: int = 1
) -> tuple[Feed, Outcome]:
    """Send, kill, wait until all is settled; gives what was sent and its outcome."""
    choice = random.Random(seed)
    watch_streak(shop)
    feed = make_feed(shop.tenant_id, plan.events, choice)
    with ExitStack() as stack:
        workers = stack.enter_context(crew("consumer", plan.workers, settings))
        with (
            killing(workers, plan.kill_every, choice),
            killing_broker(broker, plan.broker_up, plan.broker_down) as deaths,
        ):
            send(settings.broker_url, feed.bodies, plan.seconds)
        sent_at = time.monotonic()
        settled = await_settled(lambda: is_settled(feed), plan.patience)
        seconds = time.monotonic() - sent_at if settled else float("inf")
        # What is redelivered now must change nothing any more.
        time.sleep(settings.visibility_seconds / 2)
        workers.dismiss()
    assert_invariants()
    kills = workers.kills, len(deaths)
    return feed, Outcome(coupons_of(shop), buried(), *kills, seconds)


def await_settled(done: Callable[[], bool], patience: float) -> bool:
    """Whether it was done in time."""
    deadline = time.monotonic() + patience
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def is_settled(feed: Feed) -> bool:
    """All that was sent has been processed or buried."""
    ((earned,),) = rows("SELECT count(*) FROM earned_coupon")
    return earned >= len(feed.users) and len(buried()) >= len(feed.poison)


def coupons_of(shop: Shop) -> Counter[str]:
    """How many coupons each user has."""
    sql = f"SELECT user_id FROM coupon WHERE tenant_id = '{shop.tenant_id}'"
    return Counter(user for (user,) in rows(sql))


def buried() -> Counter[bytes]:
    """The bodies of all dead letters."""
    return Counter(bytes(body) for (body,) in rows("SELECT body FROM dead_letter"))
