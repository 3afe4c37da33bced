"""Milestones and the outbox on a bus, compared with bare kombu."""

from __future__ import annotations

import itertools
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from kombu import Connection, Consumer, Producer, Queue

from coupon_core.domain.models import Event, Trigger, utc_now
from coupon_core.messaging.broker import (
    EXCHANGES,
    create_connection,
    list_worker_queues,
)
from coupon_core.messaging.cloud_events import OutgoingMessage, to_outgoing_message
from coupon_core.messaging.publisher import open_publisher
from coupon_core.messaging.topology import EVENTS_EXCHANGE, OUT_EXCHANGE
from coupon_core.persistence import database, id_generation
from coupon_core.services import outbox
from coupon_core.services.catalog import definitions
from tests.benchmarks.environment import Environment
from tests.benchmarks.model import Sample
from tests.benchmarks.players import TENANT
from workers import consumer, outbox_relay
from workers.acknowledgement import DeliveryProcessor

MESSAGES_PER_SECOND = 1_500  # prepared for each second of a round
TAP_QUEUE = Queue("bench.tap", EXCHANGES[OUT_EXCHANGE], "#", durable=True)
_numbers = itertools.count()


class BusRunner(ABC):
    """A broker, a database, and a number of messages."""

    broker: ClassVar[str]

    def __init__(self, environment: Environment) -> None:
        self.url: str = getattr(environment, self.broker)
        self.database_url = environment.database_url("bus")

    def run(self, seconds: float) -> Sample:
        """Run one round: as many messages as about that many seconds allow."""
        count = max(200, int(seconds * MESSAGES_PER_SECOND))
        database.open_database(self.database_url)
        try:
            with self.prepared_work(count) as work:
                began = time.monotonic()
                work()
                took = time.monotonic() - began
        finally:
            database.close_database()
        return Sample(completed=count, seconds=took)

    @abstractmethod
    def prepared_work(self, count: int) -> Any:
        """Prepare what is not measured; yield the work that is."""

    def find_mismatches(self) -> list[str]:
        """Return nothing: a round does not end before all its work is done."""
        return []


class Milestones(BusRunner):
    """The consumer's own loop; each message results in a coupon."""

    @contextmanager
    def prepared_work(self, count: int) -> Iterator[Callable[[], None]]:
        """Fill the queue; yield the consumer's loop."""
        ensure_streak_definition()
        fill_queue(self.url, count)
        settling = DeliveryProcessor(self.url)
        with create_connection(self.url) as connection:
            channel = connection.channel()
            for message in consumer.create_consumers(channel, self.url, settling):
                message.consume()

            def work() -> None:
                while settling.outcome_counts["earned"] < count:
                    consumer.run_once(connection, settling)

            yield work


class Nothing(BusRunner):
    """kombu receives and acknowledges the same messages, with the same prefetch."""

    @contextmanager
    def prepared_work(self, count: int) -> Iterator[Callable[[], None]]:
        """Fill the queue; yield a bare kombu consumer's loop."""
        ensure_streak_definition()
        fill_queue(self.url, count)
        taken: list[None] = []
        with Connection(self.url) as connection:
            channel = connection.channel()
            channel.basic_qos(0, consumer.MILESTONE_CONFIG.prefetch, False)
            streaks = list_worker_queues(self.url)[0]
            with Consumer(
                channel,
                [streaks],
                on_message=lambda message: (message.ack(), taken.append(None)),
            ):

                def work() -> None:
                    while len(taken) < count:
                        connection.drain_events(timeout=5)

                yield work


class Relay(BusRunner):
    """The outbox is published and marked as sent."""

    @contextmanager
    def prepared_work(self, count: int) -> Iterator[Callable[[], None]]:
        """Fill the outbox; yield the relay's loop."""
        database.execute("DELETE FROM outbox", {})
        with database.transaction():
            outbox.add(build_events(count))
        with declared_tap(self.url), open_publisher(self.url) as publisher:

            def work() -> None:
                rounds = outbox.ClaimRounds()
                while outbox_relay.run_once(publisher, rounds):
                    pass

            yield work


class Confirmed(BusRunner):
    """kombu publishes the same events, with confirms where the broker has them."""

    @contextmanager
    def prepared_work(self, count: int) -> Iterator[Callable[[], None]]:
        """Build the events; yield a bare kombu publisher's loop."""
        messages = [to_outgoing_message(event) for event in build_events(count)]
        options = {"confirm_publish": True} if self.broker == "rabbitmq" else {}
        with (
            declared_tap(self.url),
            Connection(self.url, transport_options=options) as connection,
        ):
            producer = Producer(connection.channel())

            def work() -> None:
                for message in messages:
                    producer.publish(
                        message.body,
                        exchange=OUT_EXCHANGE,
                        routing_key=message.routing_key,
                        declare=[EXCHANGES[OUT_EXCHANGE]],
                        delivery_mode="persistent",
                        content_type="application/json",
                        content_encoding="utf-8",
                    )

            yield work


def ensure_streak_definition() -> None:
    """Create one definition with a trigger, the same for every round."""
    found = "SELECT 1 FROM definition WHERE trigger_kind IS NOT NULL"
    if database.execute(found, {}).fetchone():
        return
    ((item_id,),) = database.execute("SELECT item_id FROM reward_item", {}).fetchall()
    fields = {
        "name": "Seven days",
        "reward_item_id": str(item_id),
        "trigger_kind": Trigger.STREAK_MILESTONE,
        "trigger_enabled": True,
        "trigger_source": "daily",
        "trigger_threshold": 7,
    }
    definitions.create(TENANT, fields, utc_now())


def fill_queue(url: str, count: int) -> None:
    """Purge all queues and publish that many milestones."""
    with create_connection(url) as connection:
        for queue in list_worker_queues(url):
            queue(connection.default_channel).declare()
            queue(connection.default_channel).purge()
    messages = [
        OutgoingMessage(EVENTS_EXCHANGE, "streak.milestone", build_milestone_body())
        for _ in range(count)
    ]
    with open_publisher(url) as publisher:
        for start in range(0, count, 100):
            publisher.publish(messages[start : start + 100])


def build_milestone_body() -> bytes:
    """Return the body of a milestone for a new user."""
    number = next(_numbers)
    event = {
        "specversion": "1.0",
        "id": f"event-{number}",
        "source": "/bench",
        "type": "streak.milestone_reached",
        "subject": f"player-{number}",
        "tenantid": TENANT,
        "data": {"streak_id": "daily", "threshold": 7},
    }
    return json.dumps(event).encode()


def build_events(count: int) -> list[Event]:
    """Return events such as redemptions store."""
    data = json.dumps({"coupon": {"id": "x" * 36, "payload": {"amount": 100}}})
    kind, now = "coupon.redeemed", utc_now()
    return [
        Event(TENANT, id_generation.generate_id(), kind, f"player-{number}", now, data)
        for number in range(count)
    ]


@contextmanager
def declared_tap(url: str) -> Iterator[None]:
    """Bind a queue to the events, and purge it afterwards."""
    with create_connection(url) as connection:
        tap = TAP_QUEUE(connection.default_channel)
        tap.declare()
        tap.purge()
        yield
        tap.purge()


def bind_broker(broker: str, runner_class: type[BusRunner]) -> type[BusRunner]:
    """Return the runner class for one broker."""
    name = f"{runner_class.__name__.lower()} {broker}"
    return type(name, (runner_class,), {"name": name, "broker": broker})
