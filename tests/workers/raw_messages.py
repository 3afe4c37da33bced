"""Publish arbitrary messages and run a consumer for them."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from kombu import Producer

from coupon_core.messaging.broker import create_connection, list_worker_queues
from coupon_core.messaging.cloud_events import OutgoingMessage
from coupon_core.messaging.publisher import open_publisher
from coupon_core.messaging.topology import CONTENT_TYPE, EVENTS_EXCHANGE
from tests.conftest import Broker
from tests.support.concurrency import running_in_thread
from tests.support.invariants import fetch_rows
from workers import consumer

ROUTING_KEY = "streak.milestone"


def purge_queues(broker: Broker) -> None:
    """Remove the messages of earlier tests."""
    with create_connection(broker.url) as connection:
        for queue in list_worker_queues(broker.url):
            bound_queue = queue(connection.default_channel)
            bound_queue.declare()
            bound_queue.purge()


def running_consumer(
    broker: Broker, visibility: int = 60
) -> AbstractContextManager[None]:
    """Run a consumer in a thread."""
    return running_in_thread(
        lambda stop: consumer.run(broker.url, visibility, stop, lambda: None)
    )


def publish(broker: Broker, *bodies: bytes) -> None:
    with open_publisher(broker.url) as publisher:
        publisher.publish(
            [OutgoingMessage(EVENTS_EXCHANGE, ROUTING_KEY, body) for body in bodies]
        )


def publish_raw(broker: Broker, body: bytes, **options: Any) -> None:
    """Publish a message with any properties that kombu allows."""
    properties = {
        "content_type": CONTENT_TYPE,
        "content_encoding": "utf-8",
        **options,
    }
    with create_connection(broker.url) as connection:
        Producer(connection.default_channel).publish(
            body,
            exchange=EVENTS_EXCHANGE,
            routing_key=ROUTING_KEY,
            declare=list_worker_queues(broker.url),
            **properties,
        )


def becomes_true(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Return True if the condition becomes true within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def list_dead_letters() -> list[tuple[str, bytes]]:
    """Return reason and body of all dead letters, oldest first."""
    sql = "SELECT reason, body FROM dead_letter ORDER BY letter_id"
    return [(reason, bytes(body)) for reason, body in fetch_rows(sql)]
