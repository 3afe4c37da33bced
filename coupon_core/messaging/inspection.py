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
    ANSWER_SECONDS,
    EXCHANGES,
    connect,
    queues,
)
from coupon_core.messaging.cloud_events import Outgoing
from coupon_core.messaging.publisher import NotTaken, Publisher
from coupon_core.messaging.topology import (
    OUT,
    RABBITMQ,
    BusAway,
    broker_kind,
)

POLL_SECONDS = 1.0
# A listener's queue that was left behind, by kill -9, goes by itself.
LISTENER_MILLISECONDS = 60_000


@dataclass(frozen=True, slots=True)
class Depth:
    """How many messages wait in a queue; consumers are None where none are told."""

    queue: str
    messages: int
    consumers: int | None


@contextmanager
def visiting(url: str) -> Iterator[Connection]:
    """A connection of one's own. BusAway when it cannot be made, or breaks."""
    # Asked first, for kombu tries again for seconds: people at a shell do not wait.
    if not health_check.answers(url, ANSWER_SECONDS):
        raise BusAway(f"the bus at {place_of(url)} does not answer")
    connection = connect(url)
    away = (*connection.connection_errors, *connection.channel_errors, KombuError)
    try:
        with connection:
            yield connection
    except (*away, NotTaken, OSError) as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise BusAway(f"the bus at {place_of(url)}: {said.rstrip('.')}") from error


def place_of(url: str) -> str:
    """Where a broker is, without the secrets in its URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def publish(url: str, message: Outgoing) -> None:
    """Publish one message, which the broker has stored when this returns. BusAway."""
    with visiting(url) as connection:
        Publisher(connection, url).publish([message])


def depths(url: str) -> list[Depth]:
    """How the queues of the workers stand; they are declared if need be. BusAway."""
    knows_consumers = broker_kind(url) == RABBITMQ
    with visiting(url) as connection:
        told = [_declared(connection, queue) for queue in queues(url)]
    return [
        Depth(name, messages, consumers if knows_consumers else None)
        for name, messages, consumers in told
    ]


def _declared(connection: Connection, queue: Queue) -> tuple[str, int, int]:
    # Declared, not asked for: on Redis a queue is there only while it holds any.
    name, messages, consumers = connection.default_channel.queue_declare(
        queue.name, durable=True, auto_delete=False, arguments=queue.queue_arguments
    )
    return name, messages, consumers


def listen(url: str) -> Iterator[bytes | None]:
    """What goes out from now on, as it was sent; None whenever nothing does. BusAway.

    The first None says that from now on nothing is missed.
    """
    arrived: list[bytes] = []
    with visiting(url) as connection:
        consumer = Consumer(
            connection.default_channel,
            [_own_queue()],
            on_message=lambda message: arrived.append(_taken(message)),
        )
        with consumer:
            while True:
                yield None
                _stay_bound(connection)
                with suppress(TimeoutError):
                    connection.drain_events(timeout=POLL_SECONDS)
                while arrived:
                    yield arrived.pop(0)


def _stay_bound(connection: Connection) -> None:
    """Tell Redis that the queue is in use, whose binding would go after an hour."""
    stay = getattr(connection.default_channel, "maybe_refresh_binding_expiry", None)
    if stay:
        stay()


def _taken(message: Message) -> bytes:
    message.ack()
    body = message.body
    return body.encode() if isinstance(body, str) else bytes(body)


def _own_queue() -> Queue:
    return Queue(
        f"coupons.listener.{uuid.uuid4().hex}",
        EXCHANGES[OUT],
        "#",
        durable=False,
        exclusive=True,
        auto_delete=True,
        queue_arguments={"x-expires": LISTENER_MILLISECONDS},
    )
