"""Consumes milestones: one transaction a message, acknowledged after the commit."""

import threading
import time
from collections.abc import Callable

import structlog
from kombu import Connection, Consumer
from kombu.message import Message as Delivery

from coupon_core import messaging
from coupon_core.store import database
from workers import handlers
from workers.handlers import Message

log = structlog.get_logger("coupon.consumer")

PREFETCH = 10
POLL_SECONDS = 1.0
SWEEP_SECONDS = 5.0
SWEEP_MESSAGES = 100
# Together well below the visibility timeout, after which another worker would begin.
RETRY_PAUSES = (0.1, 0.3, 1.0, 3.0, 5.0)
RECONNECT_SECONDS = 1.0


def run(broker_url: str, stop: threading.Event, beat: Callable[[], None]) -> None:
    """Consume until `stop` is set; a broker that is away is waited for."""
    while not stop.is_set():
        connection = messaging.connect(broker_url)
        try:
            with connection:
                consume(connection, broker_url, stop, beat)
        except (*connection.connection_errors, *connection.channel_errors) as error:
            log.warning("broker is away", error=type(error).__name__)
            stop.wait(RECONNECT_SECONDS)


def consume(
    connection: Connection,
    broker_url: str,
    stop: threading.Event,
    beat: Callable[[], None],
) -> None:
    """Consume on one connection until it fails or `stop` is set."""
    channel = connection.channel()
    settle = Settling(stop)
    consumer = Consumer(
        channel,
        messaging.queues(broker_url),
        on_message=settle.received,
        on_decode_error=settle.undecodable,
        prefetch_count=PREFETCH,
    )
    sweep = Sweep(channel)
    with consumer:
        log.info("consuming", queues=sorted(messaging.QUEUES))
        while not stop.is_set():
            run_once(connection)
            sweep.run_once()
            beat()


def run_once(connection: Connection) -> None:
    """Deliver what is there; returns after a second at the latest."""
    try:
        connection.drain_events(timeout=POLL_SECONDS)
    except TimeoutError:
        connection.heartbeat_check()


class Sweep:
    """Gives back what dead workers held: Redis does it by itself only when idle."""

    def __init__(self, channel: object) -> None:
        qos = getattr(channel, "qos", None)
        self.restore = getattr(qos, "restore_visible", None)
        self.due = 0.0

    def run_once(self) -> None:
        """Look for unacknowledged messages that are past their time, now and then."""
        if self.restore and time.monotonic() >= self.due:
            self.restore(num=SWEEP_MESSAGES, interval=1)
            self.due = time.monotonic() + SWEEP_SECONDS


class Settling:
    """Brings every delivery to an end: processed or buried, then acknowledged."""

    def __init__(self, stop: threading.Event) -> None:
        self.stop = stop

    def received(self, delivery: Delivery) -> None:
        """A message that kombu could unpack."""
        self._settle(delivery, _message_of(delivery))

    def undecodable(self, delivery: Delivery, error: Exception) -> None:
        """A message that kombu could not: a false compression header, for one."""
        fault = f"cannot be unpacked: {type(error).__name__}"
        self._settle(delivery, _message_of(delivery, fault))

    def _settle(self, delivery: Delivery, message: Message) -> None:
        if self._is_settled(message):
            delivery.ack()
        else:
            delivery.requeue()

    def _is_settled(self, message: Message) -> bool:
        """Try, wait and try again; a message that alone fails is buried in the end."""
        for pause in (*RETRY_PAUSES, None):
            try:
                handlers.handle(message)
                return True
            except database.UNAVAILABLE as error:
                log.warning("database trouble", error=type(error).__name__)
                if pause is None or self.stop.wait(pause):
                    return self._buried(message, error)
            finally:
                database.release()
        return False

    def _buried(self, message: Message, error: Exception) -> bool:
        # While the database is away nothing can be kept; the message goes back.
        if self.stop.is_set():
            return False
        try:
            handlers.bury(message, f"database error: {type(error).__name__}")
        except database.UNAVAILABLE:
            return False
        return True


def _message_of(delivery: Delivery, fault: str = "") -> Message:
    info = delivery.delivery_info
    body = delivery.body
    if isinstance(body, str):
        body = body.encode("utf-8", "surrogatepass")
    key = str(info.get("routing_key", ""))
    queue = next((name for name, of in messaging.QUEUES.items() if of == key), "")
    return Message(
        queue, key, str(delivery.content_type or ""), bytes(body or b""), fault
    )
