"""Worker processes that are killed at exact points, and their successors."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from threading import Event
from typing import Any
from unittest.mock import patch

from coupon_core.messaging.publisher import open_publisher
from coupon_core.persistence import database
from coupon_core.services import outbox
from coupon_core.settings.loader import Settings
from tests.chaos.earning import becomes_true
from tests.factories.tenant import TenantFactory
from tests.support.concurrency import process_context, running_in_thread, started_core
from workers import (
    batch_generator,
    consumer,
    outbox_relay,
    webhook_deliverer,
    webhook_fanout,
)

TIMEOUT_SECONDS = 60.0
VISIBILITY_SECONDS = 1  # then Redis redelivers what a dead worker had received
Mutation = Callable[[], AbstractContextManager[Any]]
Work = Callable[[Settings, Event], object]


@dataclass(frozen=True)
class KillScenario:
    """A tenant whose workers are killed, and the time that successors have."""

    settings: Settings
    tenant: TenantFactory
    mutation: Mutation = nullcontext
    timeout_seconds: float = TIMEOUT_SECONDS

    def run_until_killed(self, work: Work, kill_point: str) -> None:
        """Run the work in a process that is killed when it calls that function.

        The mutation applies in that process; in this process the caller decides.
        """
        arguments = self.settings, self.mutation, work, kill_point
        process = process_context.Process(target=_run_until_killed, args=arguments)
        process.start()
        process.join(TIMEOUT_SECONDS)
        assert process.exitcode == -signal.SIGKILL

    def run_until(self, work: Work, condition: Callable[[], bool]) -> None:
        """Run the work in this process until it is done or the time is up."""
        with self.running(work):
            becomes_true(condition, self.timeout_seconds)

    def running(self, work: Work) -> AbstractContextManager[None]:
        """Run the work in the background while the block runs."""
        return running_in_thread(partial(work, self.settings))


def _run_until_killed(
    settings: Settings, mutation: Mutation, work: Work, kill_point: str
) -> None:
    with started_core(settings), mutation(), patch(kill_point, _kill_self):
        work(settings, Event())


def _kill_self(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


# ------------------------------------------------------------------- who works


def consume(settings: Settings, stop: Event) -> None:
    """Run the consumer."""
    consumer.run(settings.broker_url, VISIBILITY_SECONDS, stop, lambda: None)


def generate(settings: Settings, stop: Event) -> None:
    """Run the batch generator."""
    batch_generator.run(settings.broker_url, VISIBILITY_SECONDS, stop, lambda: None)


def fan_out(settings: Settings, stop: Event) -> None:
    """Run the webhook fanout."""
    webhook_fanout.run(settings.broker_url, VISIBILITY_SECONDS, stop, lambda: None)


def deliver(settings: Settings, stop: Event) -> None:
    """Run the webhook deliverer."""
    webhook_deliverer.run(stop, lambda: None)


def run_relay(settings: Settings, stop: Event) -> None:
    """Run the outbox relay."""
    outbox_relay.run(settings.broker_url, stop, lambda: None)


def relay_all(settings: Settings, _: Event | None = None) -> None:
    """Publish the outbox; a dead relay's claims count as expired."""
    with (
        patch.object(outbox_relay, "CLAIM_DURATION", timedelta(0)),
        open_publisher(settings.broker_url) as publisher,
    ):
        rounds = outbox.ClaimRounds()
        while outbox_relay.run_once(publisher, rounds):
            pass
    database.release_connection()
