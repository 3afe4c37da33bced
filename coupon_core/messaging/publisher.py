"""Publishing: what was published is stored by the broker, or an error says so."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from kombu import Connection, Producer

from coupon_core.messaging.broker import (
    ANSWER_SECONDS,
    EXCHANGES,
    connect,
    queues,
)
from coupon_core.messaging.cloud_events import Outgoing
from coupon_core.messaging.topology import (
    CONTENT_TYPE,
    EVENTS,
    OUT,
    RABBITMQ,
    broker_kind,
)


class NotTaken(Exception):
    """The broker did not take a message; the text says why."""


class Publisher:
    """Publishes durably on one connection, which it opens at once."""

    def __init__(self, connection: Connection, url: str) -> None:
        # Not its default channel: that would try to connect for ever.
        self.channel = connection.channel()
        self.producer = Producer(self.channel)
        self.confirms: Confirms | None = None
        if broker_kind(url) == RABBITMQ:
            # Without them a third of what was "published" can vanish with the broker.
            self.confirms = Confirms(connection, self.channel)
        # Redis drops what is published to an exchange whose queues this connection
        # has not declared; so every publish declares them (once, kombu remembers).
        self.declare: dict[str, list[Any]] = {"": []}
        for name in (EVENTS, OUT):
            bound = [one for one in queues(url) if one.exchange.name == name]
            self.declare[name] = [EXCHANGES[name], *bound]

    def publish(self, messages: Sequence[Outgoing]) -> None:
        """Hand messages to the broker, which has stored them all when this returns.

        NotTaken, or an error of the connection: then it may have stored some.
        """
        if self.confirms is None:
            with self.channel.same_bindings(), self.producer.batch():
                for message in messages:
                    self._publish(message, {})
            return
        for message in messages:
            self._publish(message, {})
            self.confirms.expect_one()
        self.confirms.wait()

    def publish_again(
        self, queue: str, body: bytes, content_type: str, headers: Mapping[str, Any]
    ) -> None:
        """Put one message at the end of a queue, as `publish` does."""
        self._publish(Outgoing("", queue, body), headers, content_type)
        if self.confirms:
            self.confirms.expect_one()
            self.confirms.wait()

    def _publish(
        self,
        message: Outgoing,
        headers: Mapping[str, Any],
        content_type: str = CONTENT_TYPE,
    ) -> None:
        self.producer.publish(
            message.body,
            exchange=message.exchange,
            routing_key=message.routing_key,
            declare=self.declare[message.exchange],
            # Downstream nobody need listen; our own queues must take theirs.
            mandatory=message.exchange != OUT,
            delivery_mode="persistent",
            content_type=content_type,
            content_encoding="utf-8" if content_type == CONTENT_TYPE else "binary",
            headers=dict(headers),
        )


class Confirms:
    """RabbitMQ's answers to what was published, waited for many at a time."""

    def __init__(self, connection: Connection, channel: Any) -> None:
        self.connection = connection
        self.last = 0
        self.open: set[int] = set()
        self.faults: list[str] = []
        channel.confirm_select()
        channel.events["basic_ack"].add(self._taken)
        channel.events["basic_nack"].add(self._not_taken)
        channel.events["basic_return"].add(self._unroutable)

    def expect_one(self) -> None:
        """One more message was published."""
        self.last += 1
        self.open.add(self.last)

    def wait(self) -> None:
        """Until all are confirmed. NotTaken, TimeoutError or a connection's error."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while self.open:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("the broker did not confirm")
            self.connection.drain_events(timeout=left)
        if self.faults:
            faults, self.faults = self.faults, []
            raise NotTaken(faults[0])

    def _taken(self, tag: int, multiple: bool) -> None:
        self.open -= {one for one in self.open if one <= tag} if multiple else {tag}

    def _not_taken(self, tag: int, multiple: bool) -> None:
        self._taken(tag, multiple)
        self.faults.append("the broker refused it")

    def _unroutable(self, error: Any, exchange: str, key: str, message: Any) -> None:
        self.faults.append(f"no queue takes {key}")


@contextmanager
def publishing(url: str) -> Iterator[Publisher]:
    """A publisher on a connection of its own."""
    with connect(url) as connection:
        yield Publisher(connection, url)
