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

from coupon_core.messaging.publisher import publishing
from coupon_core.persistence import database
from coupon_core.settings.loader import Settings
from tests.chaos.earning import await_settled
from tests.cores import beside, processes, started
from tests.shop import Shop
from workers import (
    batch_generator,
    consumer,
    outbox_relay,
    webhook_deliverer,
    webhook_fanout,
)

PATIENCE = 20.0
VISIBILITY = 1  # seconds until Redis gives to others what a dead worker had
Sabotage = Callable[[], AbstractContextManager[Any]]
Work = Callable[[Settings, Event], object]


@dataclass(frozen=True)
class Ground:
    """Where a worker dies, and how long the others have for the rest."""

    settings: Settings
    shop: Shop
    sabotage: Sabotage = nullcontext
    patience: float = PATIENCE

    def dies(self, work: Work, at: str) -> None:
        """Do the work in a process that is killed as it comes to that function.

        The saboteur is in that process; here he is where the caller lets him in.
        """
        arguments = self.settings, self.sabotage, work, at
        process = processes.Process(target=_live, args=arguments)
        process.start()
        process.join(PATIENCE)
        assert process.exitcode == -signal.SIGKILL

    def goes_on(self, work: Work, done: Callable[[], bool]) -> None:
        """Do the work here until it is done, or patience ends."""
        with self.working(work):
            await_settled(done, self.patience)

    def working(self, work: Work) -> AbstractContextManager[None]:
        """The work beside the block."""
        return beside(partial(work, self.settings))


def _live(settings: Settings, sabotage: Sabotage, work: Work, at: str) -> None:
    with started(settings), sabotage(), patch(at, _die):
        work(settings, Event())


def _die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


# ------------------------------------------------------------------- who works


def consume(settings: Settings, stop: Event) -> None:
    consumer.run(settings.broker_url, VISIBILITY, stop, lambda: None)


def generate(settings: Settings, stop: Event) -> None:
    batch_generator.run(settings.broker_url, VISIBILITY, stop, lambda: None)


def fan_out(settings: Settings, stop: Event) -> None:
    webhook_fanout.run(settings.broker_url, VISIBILITY, stop, lambda: None)


def deliver(settings: Settings, stop: Event) -> None:
    webhook_deliverer.run(stop, lambda: None)


def send(settings: Settings, stop: Event) -> None:
    outbox_relay.run(settings.broker_url, stop, lambda: None)


def relay_all(settings: Settings, _: Event | None = None) -> None:
    """Publish the outbox; what a dead relay had claimed is free at once."""
    with (
        patch.object(outbox_relay, "CLAIM", timedelta(0)),
        publishing(settings.broker_url) as publisher,
    ):
        while outbox_relay.run_once(publisher):
            pass
    database.release()
