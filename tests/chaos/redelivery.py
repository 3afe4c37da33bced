"""Redelivery after a worker was killed with an unacknowledged message."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event

import psycopg

from coupon_core.messaging.broker import create_connection, list_worker_queues
from coupon_core.settings.loader import Settings
from tests.chaos.earning import becomes_true, define_streak_trigger
from tests.chaos.milestone_producer import (
    BATCH_SIZE,
    build_milestone,
    publish_until_confirmed,
    send_bodies,
)
from tests.chaos.worker_processes import running_in_background, worker_group
from tests.factories.tenant import TenantFactory
from tests.support.invariants import fetch_rows


@dataclass(frozen=True)
class RedeliveryTimes:
    """Seconds to redelivery, since the worker died and since its successor started."""

    after_death: float
    after_successor: float


def measure_redelivery(
    settings: Settings, tenant: TenantFactory, timeout_seconds: float
) -> RedeliveryTimes:
    """Kill a worker that holds a message, and start another under constant load."""
    define_streak_trigger(tenant)
    stop = Event()
    with (
        worker_group("consumer", 1, settings) as first,
        worker_group("consumer", 0, settings) as rest,
    ):
        # It must process messages before the lock blocks it.
        publish_until_confirmed(
            settings.broker_url, [build_milestone(tenant.tenant_id, "early", "early")]
        )
        assert becomes_true(lambda: has_earned("early"), 60)
        with locked_earnings(settings.database_url):
            publish_until_confirmed(
                settings.broker_url, [build_milestone(tenant.tenant_id, "held", "held")]
            )
            assert becomes_true(
                lambda: not count_ready_messages(settings.broker_url), 60
            )
            first.kill_process(first.processes[0])
        died = time.monotonic()
        rest.start_process()
        with running_in_background(
            lambda: feed_milestones(settings, tenant, stop), stop
        ):
            assert becomes_true(lambda: has_earned("other-0") or has_earned("held"), 60)
            works = time.monotonic()
            assert becomes_true(lambda: has_earned("held"), timeout_seconds)
            return RedeliveryTimes(time.monotonic() - died, time.monotonic() - works)


def feed_milestones(settings: Settings, tenant: TenantFactory, stop: Event) -> None:
    """Send milestones of other users without end."""
    number = 0
    while not stop.is_set():
        users = [f"other-{number + n}" for n in range(BATCH_SIZE)]
        bodies = [build_milestone(tenant.tenant_id, user, user) for user in users]
        send_bodies(settings.broker_url, bodies, 0.1)
        number += BATCH_SIZE


def has_earned(user: str) -> bool:
    """Return True if the user has earned a coupon."""
    return bool(fetch_rows(f"SELECT 1 FROM earned_coupon WHERE user_id = '{user}'"))


def count_ready_messages(broker_url: str) -> int:
    """Return the number of messages that wait for a worker."""
    with create_connection(broker_url) as connection:
        streaks = list_worker_queues(broker_url)[0](connection.default_channel)
        return int(streaks.queue_declare().message_count)


@contextmanager
def locked_earnings(url: str) -> Iterator[None]:
    """Block all other writes of earned coupons within the block."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
        connection.execute("BEGIN IMMEDIATE")
    else:
        connection = psycopg.connect(url)
        connection.execute("LOCK TABLE earned_coupon IN ACCESS EXCLUSIVE MODE")
    yield
    connection.rollback()
    connection.close()
