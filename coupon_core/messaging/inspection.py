"""The bus as people at a shell use it: publish one message, look at queues, listen."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from kombu import Connection, Consumer, Queue
from kombu.exceptions import KombuError
from kombu.message import Message

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
# A listener's queue that was left behind, by kill -9, goes by itself.
LISTENER_EXPIRY_MILLISECONDS = 60_000


@dataclass(frozen=True, slots=True)
class QueueDepth:
    """How many messages wait in a queue; consumers are None where none are told."""

    queue: str
    messages: int
    consumers: int | None


@contextmanager
def broker_connection(url: str) -> Iterator[Connection]:
    """A connection of one's own. BusAway when it cannot be made, or breaks."""
    # Asked first, for kombu tries again for seconds: people at a shell do not wait.
    if not health_check.is_reachable(url, RESPONSE_TIMEOUT_SECONDS):
        raise BrokerUnavailable(f"the bus at {redact_broker_url(url)} does not answer")
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
            f"the bus at {redact_broker_url(url)}: {message.rstrip('.')}"
        ) from error


def redact_broker_url(url: str) -> str:
    """Where a broker is, without the secrets in its URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def publish(url: str, message: OutgoingMessage) -> None:
    """Publish one message, which the broker has stored when this returns. BusAway."""
    with broker_connection(url) as connection:
        Publisher(connection, url).publish([message])


def queue_depths(url: str) -> list[QueueDepth]:
    """How the queues of the workers stand; they are declared if need be. BusAway."""
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
    # Declared, not asked for: on Redis a queue is there only while it holds any.
    name, messages, consumers = connection.default_channel.queue_declare(
        queue.name, durable=True, auto_delete=False, arguments=queue.queue_arguments
    )
    return name, messages, consumers


def tail_events(url: str) -> Iterator[bytes | None]:
    """What goes out from now on, as it was sent; None whenever nothing does. BusAway.

    The first None says that from now on nothing is missed.
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
    """Tell Redis that the queue is in use, whose binding would go after an hour."""
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
