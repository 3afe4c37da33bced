"""Producers that do not play by the rules, and a consumer to meet them."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from kombu import Producer

from coupon_core.messaging.broker import connect, queues
from coupon_core.messaging.cloud_events import Outgoing
from coupon_core.messaging.publisher import publishing
from coupon_core.messaging.topology import CONTENT_TYPE, EVENTS
from tests.conftest import Broker
from tests.cores import beside
from tests.invariants import rows
from workers import consumer

KEY = "streak.milestone"


def empty(broker: Broker) -> None:
    """Nothing is left of the tests before."""
    with connect(broker.url) as connection:
        for queue in queues(broker.url):
            bound = queue(connection.default_channel)
            bound.declare()
            bound.purge()


def consuming(broker: Broker, visibility: int = 60) -> AbstractContextManager[None]:
    """A consumer at work in this process."""
    return beside(lambda stop: consumer.run(broker.url, visibility, stop, lambda: None))


def publish(broker: Broker, *bodies: bytes) -> None:
    with publishing(broker.url) as publisher:
        publisher.publish([Outgoing(EVENTS, KEY, body) for body in bodies])


def publish_raw(broker: Broker, body: bytes, **more: Any) -> None:
    """What any kombu producer can send."""
    given = {"content_type": CONTENT_TYPE, "content_encoding": "utf-8", **more}
    with connect(broker.url) as connection:
        Producer(connection.default_channel).publish(
            body,
            exchange=EVENTS,
            routing_key=KEY,
            declare=queues(broker.url),
            **given,
        )


def in_time(done: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Whether it came true within so many seconds."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def letters() -> list[tuple[str, bytes]]:
    """Reason and body of all dead letters, oldest first."""
    sql = "SELECT reason, body FROM dead_letter ORDER BY letter_id"
    return [(reason, bytes(body)) for reason, body in rows(sql)]
