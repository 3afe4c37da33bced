"""Deaths at exact points: a worker is killed as it comes there, and another goes on."""

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

TIMEOUT_SECONDS = 20.0
VISIBILITY_SECONDS = 1  # seconds until Redis gives to others what a dead worker had
Mutation = Callable[[], AbstractContextManager[Any]]
Work = Callable[[Settings, Event], object]


@dataclass(frozen=True)
class KillScenario:
    """Where a worker dies, and how long the others have for the rest."""

    settings: Settings
    tenant: TenantFactory
    mutation: Mutation = nullcontext
    timeout_seconds: float = TIMEOUT_SECONDS

    def run_until_killed(self, work: Work, kill_point: str) -> None:
        """Do the work in a process that is killed as it comes to that function.

        The saboteur is in that process; here he is where the caller lets him in.
        """
        arguments = self.settings, self.mutation, work, kill_point
        process = process_context.Process(target=_run_until_killed, args=arguments)
        process.start()
        process.join(TIMEOUT_SECONDS)
        assert process.exitcode == -signal.SIGKILL

    def run_until(self, work: Work, condition: Callable[[], bool]) -> None:
        """Do the work here until it is done, or patience ends."""
        with self.running(work):
            becomes_true(condition, self.timeout_seconds)

    def running(self, work: Work) -> AbstractContextManager[None]:
        """The work beside the block."""
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
    consumer.run(settings.broker_url, VISIBILITY_SECONDS, stop, lambda: None)


def generate(settings: Settings, stop: Event) -> None:
    batch_generator.run(settings.broker_url, VISIBILITY_SECONDS, stop, lambda: None)


def fan_out(settings: Settings, stop: Event) -> None:
    webhook_fanout.run(settings.broker_url, VISIBILITY_SECONDS, stop, lambda: None)


def deliver(settings: Settings, stop: Event) -> None:
    webhook_deliverer.run(stop, lambda: None)


def run_relay(settings: Settings, stop: Event) -> None:
    outbox_relay.run(settings.broker_url, stop, lambda: None)


def relay_all(settings: Settings, _: Event | None = None) -> None:
    """Publish the outbox; what a dead relay had claimed is free at once."""
    with (
        patch.object(outbox_relay, "CLAIM_DURATION", timedelta(0)),
        open_publisher(settings.broker_url) as publisher,
    ):
        while outbox_relay.run_once(publisher):
            pass
    database.release_connection()
