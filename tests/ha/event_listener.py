"""A consumer of published events that connects again after each failure."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from kombu import Consumer, Queue
from kombu.exceptions import KombuError

from coupon_core.messaging.broker import (
    EXCHANGES,
    QUORUM_QUEUE_ARGUMENTS,
    create_connection,
)
from coupon_core.messaging.topology import OUT_EXCHANGE
from tests.chaos.worker_processes import DECLARATION_SETTLING_SECONDS
from tests.support.concurrency import running_in_thread

LISTENER_QUEUE = Queue(
    "ha.listener",
    EXCHANGES[OUT_EXCHANGE],
    "coupon.redeemed",
    durable=True,
    queue_arguments=QUORUM_QUEUE_ARGUMENTS,
)


@dataclass
class EventListener:
    """The events of redemptions, and when each first arrived, by coupon ID."""

    url: str
    counts: Counter[str] = field(default_factory=Counter)
    arrived_at: dict[str, float] = field(default_factory=dict)

    def receive(self, message: Any) -> None:
        """Record an event."""
        coupon_id = json.loads(message.body)["data"]["coupon"]["id"]
        self.arrived_at.setdefault(coupon_id, time.monotonic())
        self.counts[coupon_id] += 1
        message.ack()

    def run(self, stop: Event) -> None:
        """Receive events until `stop` is set."""
        while not stop.is_set():
            with create_connection(self.url) as connection:
                errors = (*connection.connection_errors, *connection.channel_errors)
                with suppress(*errors, KombuError, OSError):
                    self._consume(connection, stop)
            stop.wait(0.2)

    def _consume(self, connection: Any, stop: Event) -> None:
        channel = connection.channel()
        with Consumer(channel, [LISTENER_QUEUE], on_message=self.receive):
            while not stop.is_set():
                with suppress(TimeoutError):
                    connection.drain_events(timeout=0.5)


@contextmanager
def listening(url: str) -> Iterator[EventListener]:
    """Listen while the block runs."""
    with create_connection(url) as connection:
        LISTENER_QUEUE(connection.default_channel).declare()
    time.sleep(DECLARATION_SETTLING_SECONDS)
    listener = EventListener(url)
    with running_in_thread(listener.run):
        yield listener
