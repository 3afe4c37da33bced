"""The relay: from the outbox to the bus, each event at least once."""

import threading
from collections.abc import Callable
from datetime import timedelta

import structlog

from coupon_core import messaging, outbox
from coupon_core.messaging import Publisher
from coupon_core.model import Event, utc_now
from coupon_core.store import database

log = structlog.get_logger("coupon.relay")

# What a relay killed between publishing and marking sends twice is at most a batch.
BATCH = 50
CLAIM = timedelta(seconds=10)
IDLE_SECONDS = 0.2
RECONNECT_SECONDS = 1.0


def run(broker_url: str, stop: threading.Event, beat: Callable[[], None]) -> None:
    """Relay until `stop` is set; a broker or database that is away is waited for."""
    while not stop.is_set():
        connection = messaging.connect(broker_url)
        away = (
            *connection.connection_errors,
            *connection.channel_errors,
            *database.UNAVAILABLE,
        )
        try:
            with connection:
                _relay(Publisher(connection, broker_url), stop, beat)
        except away as error:
            log.warning("cannot relay", error=type(error).__name__)
            stop.wait(RECONNECT_SECONDS)
        finally:
            database.release()


def _relay(
    publisher: Publisher, stop: threading.Event, beat: Callable[[], None]
) -> None:
    while not stop.is_set():
        beat()
        if run_once(publisher) < BATCH:
            stop.wait(IDLE_SECONDS)


def run_once(publisher: Publisher) -> int:
    """Publish one batch; gives how many events were sent.

    Claimed and committed first, so that no broker call stands inside a transaction;
    what was confirmed is marked also when the next one fails.
    """
    now = utc_now()
    events = outbox.claim(BATCH, now, until=now + CLAIM)
    sent: list[Event] = []
    try:
        for event in events:
            publisher.publish(messaging.outgoing(event))
            sent.append(event)
    finally:
        outbox.mark_sent(sent)
    return len(sent)
