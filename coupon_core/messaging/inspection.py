"""Inspect the broker for the CLI: publish a message, measure queues, tail events."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from kombu import Connection, Consumer, Queue
from kombu.exceptions import KombuError
from kombu.message import Message

from coupon_core.domain.url_redaction import remove_credentials
from coupon_core.messaging import health_check
from coupon_core.messaging.broker import (
    EXCHANGES,
    RESPONSE_TIMEOUT_SECONDS,
    create_connection,
    list_worker_queues,
)
from coupon_core.messaging.cloud_events import OutgoingMessage
from coupon_core.messaging.publisher import Publisher, PublishRejected
from coupon_core.messaging.topology import (
    OUT_EXCHANGE,
    RABBITMQ,
    BrokerUnavailable,
    parse_broker_kind,
)

POLL_INTERVAL_SECONDS = 1.0
# The queue of a listener that was killed expires after this time.
LISTENER_EXPIRY_MILLISECONDS = 60_000


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """The number of messages in a queue.

    `consumers` is None if the broker does not count them.
    """

    queue: str
    messages: int
    consumers: int | None


@contextmanager
def broker_connection(url: str) -> Iterator[Connection]:
    """Open a connection of its own for the block.

    Raises:
        BrokerUnavailable: The connection cannot be established, or breaks.
    """
    # Check first, because kombu retries for seconds and CLI users should not wait.
    if not health_check.is_reachable(url, RESPONSE_TIMEOUT_SECONDS):
        raise BrokerUnavailable(
            f"the message broker at {remove_credentials(url)} does not respond"
        )
    connection = create_connection(url)
    connection_errors = (
        *connection.connection_errors,
        *connection.channel_errors,
        KombuError,
    )
    try:
        with connection:
            yield connection
    except (*connection_errors, PublishRejected, OSError) as error:
        message = " ".join(str(error).split()) or type(error).__name__
        raise BrokerUnavailable(
            f"the message broker at {remove_credentials(url)}: {message.rstrip('.')}"
        ) from error


def check_access(url: str) -> None:
    """Connect with the user and the password of the URL.

    Raises:
        BrokerUnavailable: The broker cannot be reached, or refuses the user.
    """
    with broker_connection(url) as connection:
        connection.default_channel.close()


def publish(url: str, message: OutgoingMessage) -> None:
    """Publish one message; the broker has stored it when this returns.

    Raises:
        BrokerUnavailable: The broker cannot be reached, or rejected the message.
    """
    with broker_connection(url) as connection:
        Publisher(connection, url).publish([message])


def queue_depths(url: str) -> list[QueueDepth]:
    """Return the depths of the worker queues, and declare queues that are missing.

    Raises:
        BrokerUnavailable: The broker cannot be reached.
    """
    has_consumer_counts = parse_broker_kind(url) == RABBITMQ
    with broker_connection(url) as connection:
        declared = [
            _declare_queue(connection, queue) for queue in list_worker_queues(url)
        ]
    return [
        QueueDepth(name, messages, consumers=consumers if has_consumer_counts else None)
        for name, messages, consumers in declared
    ]


def _declare_queue(connection: Connection, queue: Queue) -> tuple[str, int, int]:
    # Declare it even to read it: on Redis a queue exists only while it has messages.
    name, messages, consumers = connection.default_channel.queue_declare(
        queue.name, durable=True, auto_delete=False, arguments=queue.queue_arguments
    )
    return name, messages, consumers


def tail_events(url: str) -> Iterator[bytes | None]:
    """Yield the bodies of published events, and None whenever there is none.

    No event is missed after the first None.

    Raises:
        BrokerUnavailable: The connection cannot be established, or breaks.
    """
    bodies: list[bytes] = []
    with broker_connection(url) as connection:
        consumer = Consumer(
            connection.default_channel,
            [_create_listener_queue()],
            on_message=lambda message: bodies.append(_acknowledge_and_read(message)),
        )
        with consumer:
            while True:
                yield None
                _refresh_binding(connection)
                with suppress(TimeoutError):
                    connection.drain_events(timeout=POLL_INTERVAL_SECONDS)
                while bodies:
                    yield bodies.pop(0)


def _refresh_binding(connection: Connection) -> None:
    """Keep the binding of the queue alive; on Redis it expires after an hour."""
    refresh = getattr(connection.default_channel, "maybe_refresh_binding_expiry", None)
    if refresh:
        refresh()


def _acknowledge_and_read(message: Message) -> bytes:
    message.ack()
    body = message.body
    return body.encode() if isinstance(body, str) else bytes(body)


def _create_listener_queue() -> Queue:
    return Queue(
        f"coupons.listener.{uuid.uuid4().hex}",
        EXCHANGES[OUT_EXCHANGE],
        routing_key="#",
        durable=False,
        exclusive=True,
        auto_delete=True,
        queue_arguments={"x-expires": LISTENER_EXPIRY_MILLISECONDS},
    )
