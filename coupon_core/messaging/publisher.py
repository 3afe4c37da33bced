"""Publish messages reliably: the broker has stored them, or an error is raised."""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from kombu import Connection, Producer

from coupon_core.messaging.broker import (
    EXCHANGES,
    RESPONSE_TIMEOUT_SECONDS,
    create_connection,
    list_worker_queues,
)
from coupon_core.messaging.cloud_events import OutgoingMessage
from coupon_core.messaging.topology import (
    CONTENT_TYPE,
    EVENTS_EXCHANGE,
    OUT_EXCHANGE,
    RABBITMQ,
    list_queues,
    parse_broker_kind,
)


class PublishRejected(Exception):
    """The broker rejected a message; the text contains the reason."""


class PublishUnconfirmed(TimeoutError):
    """RabbitMQ did not confirm messages; the text says how many, and for which queues.

    The connection works, so the reason is usually a quorum queue without a majority.
    """

    def __init__(self, messages: Collection[OutgoingMessage]) -> None:
        routes = sorted({(each.exchange, each.routing_key) for each in messages})
        queues = sorted({name for route in routes for name in list_queues(*route)})
        super().__init__(
            f"RabbitMQ did not confirm {len(messages)} messages within "
            f"{RESPONSE_TIMEOUT_SECONDS} s. Exchange and routing key: "
            f"{', '.join(map(' '.join, routes))}. A queue that is bound to them cannot "
            "store messages. Run `rabbitmq-queues quorum_status` for "
            f"{', '.join(queues)} and for your own queues."
        )


class Publisher:
    """Publishes durable messages on one connection, which it opens immediately."""

    def __init__(self, connection: Connection, url: str) -> None:
        # The default channel would retry to connect without a limit.
        self.channel = connection.channel()
        self.producer = Producer(self.channel)
        self.confirms: PublisherConfirms | None = None
        if parse_broker_kind(url) == RABBITMQ:
            # Without confirms, a third of the messages can be lost if the broker fails.
            self.confirms = PublisherConfirms(connection, self.channel)
        # Redis drops messages for an exchange whose queues this connection has not
        # declared, so every publish declares them; kombu does so only once.
        self.declarations: dict[str, list[Any]] = {"": []}
        for name in (EVENTS_EXCHANGE, OUT_EXCHANGE):
            bound_queues = [
                queue
                for queue in list_worker_queues(url)
                if queue.exchange.name == name
            ]
            self.declarations[name] = [EXCHANGES[name], *bound_queues]

    def publish(self, messages: Sequence[OutgoingMessage]) -> None:
        """Publish messages; the broker has stored all of them when this returns.

        After an error it may have stored some of them.

        Raises:
            PublishRejected: The broker rejected a message.
        """
        if self.confirms is None:
            with self.channel.cache_bindings(), self.producer.batch():
                for message in messages:
                    self._publish(message, message.headers)
            return
        for message in messages:
            self._publish(message, message.headers)
            self.confirms.expect_confirm(message)
        self.confirms.wait()

    def publish_to_queue(
        self, queue: str, body: bytes, content_type: str, headers: Mapping[str, Any]
    ) -> None:
        """Append one message to a queue, with the guarantees of `publish`."""
        message = OutgoingMessage("", queue, body=body)
        self._publish(message, headers, content_type=content_type)
        if self.confirms:
            self.confirms.expect_confirm(message)
            self.confirms.wait()

    def _publish(
        self,
        message: OutgoingMessage,
        headers: Mapping[str, Any],
        content_type: str = CONTENT_TYPE,
    ) -> None:
        self.producer.publish(
            message.body,
            exchange=message.exchange,
            routing_key=message.routing_key,
            declare=self.declarations[message.exchange],
            # Outgoing events need no consumer; internal messages must reach a queue.
            mandatory=message.exchange != OUT_EXCHANGE,
            delivery_mode="persistent",
            content_type=content_type,
            content_encoding="utf-8" if content_type == CONTENT_TYPE else "binary",
            headers=dict(headers),
        )


class PublisherConfirms:
    """RabbitMQ's publisher confirms, awaited for many messages at a time."""

    def __init__(self, connection: Connection, channel: Any) -> None:
        self.connection = connection
        self.last_tag = 0
        self.unconfirmed: dict[int, OutgoingMessage] = {}
        self.rejections: list[str] = []
        channel.confirm_select()
        channel.events["basic_ack"].add(self._on_ack)
        channel.events["basic_nack"].add(self._on_nack)
        channel.events["basic_return"].add(self._on_return)

    def expect_confirm(self, message: OutgoingMessage) -> None:
        """Record that one more message was published."""
        self.last_tag += 1
        self.unconfirmed[self.last_tag] = message

    def wait(self) -> None:
        """Wait until all messages are confirmed.

        Raises:
            PublishRejected: The broker rejected a message, or could not route it.
            PublishUnconfirmed: The broker did not confirm in time.
        """
        deadline = time.monotonic() + RESPONSE_TIMEOUT_SECONDS
        with suppress(TimeoutError):
            while self.unconfirmed and (seconds := deadline - time.monotonic()) > 0:
                self.connection.drain_events(timeout=seconds)
        if self.unconfirmed:
            raise PublishUnconfirmed(self.unconfirmed.values())
        if self.rejections:
            rejections, self.rejections = self.rejections, []
            raise PublishRejected(rejections[0])

    def _on_ack(self, tag: int, multiple: bool) -> None:
        confirmed_tags = [tag]
        if multiple:
            confirmed_tags = [each for each in self.unconfirmed if each <= tag]
        for confirmed_tag in confirmed_tags:
            self.unconfirmed.pop(confirmed_tag, None)

    def _on_nack(self, tag: int, multiple: bool) -> None:
        self._on_ack(tag, multiple)
        self.rejections.append("the broker rejected the message")

    def _on_return(self, error: Any, exchange: str, key: str, message: Any) -> None:
        self.rejections.append(f"no queue is bound to {key}")


@contextmanager
def open_publisher(url: str) -> Iterator[Publisher]:
    """Open a publisher on a connection of its own."""
    with create_connection(url) as connection:
        yield Publisher(connection, url)
