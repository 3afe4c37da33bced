"""A worker is killed with a message in its hands, while others are kept busy."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event

import psycopg

from coupon_core.messaging.broker import connect, queues
from coupon_core.settings.loader import Settings
from tests.chaos.crew import crew, in_background
from tests.chaos.earning import await_settled, watch_streak
from tests.chaos.feed import BATCH, insist, milestone, send
from tests.invariants import rows
from tests.shop import Shop


@dataclass(frozen=True)
class Redone:
    """How long a message was away: since its worker died, since another worked."""

    after_death: float
    after_successor: float


def time_until_redone(settings: Settings, shop: Shop, patience: float) -> Redone:
    """Kill a worker that holds a message; another begins, under a steady feed."""
    watch_streak(shop)
    stop = Event()
    with crew("consumer", 1, settings) as first, crew("consumer", 0, settings) as rest:
        # It works before it is made to wait.
        insist(settings.broker_url, [milestone(shop.tenant_id, "early", "early")])
        assert await_settled(lambda: has_earned("early"), 20)
        with database_held(settings.database_url):
            insist(settings.broker_url, [milestone(shop.tenant_id, "held", "held")])
            assert await_settled(lambda: not ready(settings.broker_url), 20)
            first.kill(first.members[0])
        died = time.monotonic()
        rest.hire()
        with in_background(lambda: feed(settings, shop, stop), stop):
            assert await_settled(
                lambda: has_earned("other-0") or has_earned("held"), 30
            )
            works = time.monotonic()
            assert await_settled(lambda: has_earned("held"), patience)
            return Redone(time.monotonic() - died, time.monotonic() - works)


def feed(settings: Settings, shop: Shop, stop: Event) -> None:
    """Others' milestones without end."""
    number = 0
    while not stop.is_set():
        users = [f"other-{number + n}" for n in range(BATCH)]
        bodies = [milestone(shop.tenant_id, user, user) for user in users]
        send(settings.broker_url, bodies, 0.1)
        number += BATCH


def has_earned(user: str) -> bool:
    return bool(rows(f"SELECT 1 FROM earned_coupon WHERE user_id = '{user}'"))


def ready(broker_url: str) -> int:
    """How many messages wait for a worker."""
    with connect(broker_url) as connection:
        streaks = queues(broker_url)[0](connection.default_channel)
        return int(streaks.queue_declare().message_count)


@contextmanager
def database_held(url: str) -> Iterator[None]:
    """Nobody else can write earnings within the block."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        connection.execute("BEGIN IMMEDIATE")
    else:
        connection = psycopg.connect(url)
        connection.execute("LOCK TABLE earned_coupon IN ACCESS EXCLUSIVE MODE")
    yield
    connection.rollback()
    connection.close()
