"""Redeems under fire: the broker is away half of the time, the relay is killed."""

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

from coupon_core.messaging.broker import EXCHANGES, connect
from coupon_core.messaging.topology import OUT
from coupon_core.persistence import database
from coupon_core.settings.loader import Settings
from tests.chaos.crew import Broker, crew, killing, killing_broker
from tests.chaos.earning import await_settled
from tests.invariants import assert_invariants, rows
from tests.shop import Shop

TAP = Queue("chaos.tap", EXCHANGES[OUT], "coupon.redeemed", durable=True)
BUYERS = 2


@dataclass(frozen=True)
class Plan:
    """How many redeems in which time, and what is killed how often."""

    redeems: int
    seconds: float
    kill_every: float = 3.0
    broker_up: float = 4.0
    broker_down: float = 4.0
    patience: float = 90.0


@dataclass(frozen=True)
class Outcome:
    """What a consumer of `coupons.out` has received, and how redeems fared."""

    events: Counter[str]  # by the id of the coupon
    slowest_ms: float
    relays_killed: int
    brokers_killed: int
    seconds_after: float  # from the last redeem to an empty outbox


def deliver_under_fire(
    settings: Settings, broker: Broker, shop: Shop, plan: Plan
) -> tuple[set[str], Outcome]:
    """Redeem and kill, wait for the outbox; gives the used coupons and the events."""
    users = [f"user-{n}" for n in range(plan.redeems)]
    coupons = [one.coupon for one in give(shop, users)]
    with connect(settings.broker_url) as connection:
        TAP(connection.default_channel).declare()
    clear_outbox()
    with ExitStack() as stack:
        relays = stack.enter_context(crew("relay", 1, settings))
        pauses = plan.kill_every, plan.kill_every
        with (
            killing(relays, pauses, random.Random(1)),
            killing_broker(broker, plan.broker_up, plan.broker_down) as deaths,
        ):
            took = redeem_all(shop, coupons, plan.seconds)
        ended = time.monotonic()
        drained = await_settled(lambda: not waiting(), plan.patience)
        seconds = time.monotonic() - ended if drained else float("inf")
        relays.dismiss()
    assert_invariants()
    with connect(settings.broker_url) as connection:
        events = drink(connection)
    kills = relays.kills, len(deaths)
    outcome = Outcome(events, max(took) * 1000, *kills, seconds)
    return {coupon.coupon_id for coupon in coupons}, outcome


def give(shop: Shop, users: Sequence[str]) -> list:
    definition = shop.define()
    return [
        one
        for at in range(0, len(users), 500)
        for one in shop.generate(definition, users[at : at + 500])
    ]


def redeem_all(shop: Shop, coupons: Sequence, seconds: float) -> list[float]:
    """Two threads redeem at a steady pace; gives how long each redeem took."""
    pause = seconds * BUYERS / len(coupons)

    def redeem(coupon: object) -> float:
        began = time.monotonic()
        shop.redeem(coupon.code, coupon.user_id)
        took = time.monotonic() - began
        time.sleep(max(0.0, pause - took))
        return took

    with ThreadPoolExecutor(BUYERS, initializer=database.release) as buyers:
        return list(buyers.map(redeem, coupons))


def clear_outbox() -> None:
    """Only redemptions are to be relayed."""
    with database.transaction():
        database.execute("DELETE FROM outbox", {})


def waiting() -> int:
    ((count,),) = rows("SELECT count(*) FROM outbox WHERE state = 'pending'")
    return int(count)


def drink(connection: Connection) -> Counter[str]:
    """Take all events from the tap."""
    found: Counter[str] = Counter()
    tap = TAP(connection.default_channel)
    while message := tap.get(no_ack=True):
        found[json.loads(message.body)["data"]["coupon"]["id"]] += 1
    tap.delete()
    return found
