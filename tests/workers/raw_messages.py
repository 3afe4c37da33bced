"""Publish arbitrary messages and run a consumer for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from kombu import Producer

from coupon_core.messaging.broker import create_connection, list_worker_queues
from coupon_core.messaging.cloud_events import OutgoingMessage
from coupon_core.messaging.publisher import open_publisher
from coupon_core.messaging.topology import CONTENT_TYPE, EVENTS_EXCHANGE
from coupon_core.persistence import database
from tests.conftest import Broker
from tests.support.concurrency import running_in_thread
from tests.support.invariants import fetch_rows
from workers import consumer
from workers.consumer import ConsumerConfig

ROUTING_KEY = "streak.milestone"


def purge_queues(broker: Broker) -> None:
    """Remove the messages of earlier tests."""
    with create_connection(broker.url) as connection:
        for queue in list_worker_queues(broker.url):
            bound_queue = queue(connection.default_channel)
            bound_queue.declare()
            bound_queue.purge()


def running_consumer(
    broker: Broker,
    visibility: int = 60,
    config: ConsumerConfig = consumer.MILESTONE_CONFIG,
) -> AbstractContextManager[None]:
    """Run a consumer in a thread."""
    return running_in_thread(
        lambda stop: consumer.run(broker.url, visibility, stop, lambda: None, config)
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


def becomes_true(condition: Callable[[], bool], seconds: float = 60.0) -> bool:
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


@contextmanager
def failing_inserts(user: str) -> Iterator[None]:
    """Let the database reject earned coupons of this user."""
    clause = "BEFORE INSERT ON earned_coupon FOR EACH ROW"
    if database.is_postgresql():
        execute(
            f"""CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF NEW.user_id = '{user}' THEN RAISE EXCEPTION 'no'; END IF;
            RETURN NEW; END $$"""
        )
        execute(f"CREATE TRIGGER refuse {clause} EXECUTE FUNCTION refuse()")
    else:
        execute(
            f"CREATE TRIGGER refuse {clause} WHEN NEW.user_id = '{user}' "
            "BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    try:
        yield
    finally:
        on_postgresql = database.is_postgresql()
        execute(f"DROP TRIGGER refuse {'ON earned_coupon' if on_postgresql else ''}")
        if on_postgresql:
            execute("DROP FUNCTION refuse()")


def execute(sql: str) -> None:
    with database.transaction():
        database.execute(sql, {})
