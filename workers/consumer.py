"""Consumes messages: one transaction each, acknowledged after the commit."""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import structlog
from kombu import Connection, Consumer
from kombu.transport.base import StdChannel

from coupon_core.messaging import broker
from coupon_core.messaging.topology import (
    GENERATION,
    QUEUES,
    RABBITMQ,
    broker_kind,
)
from coupon_core.observability.error_summary import kind_of
from coupon_core.persistence import database, diagnostics
from workers.acknowledgement import DatabaseAway, Settling
from workers.interval_timer import Every
from workers.message_handlers import HANDLING, Handling

log = structlog.get_logger("coupon.consumer")


@dataclass(frozen=True, slots=True)
class Duty:
    """The queues that a consumer serves, how many messages it is sent ahead, and how
    many of them it processes together; `now_and_then` is called between."""

    queues: frozenset[str]
    prefetch: int
    batch: int
    now_and_then: Callable[[], object] = lambda: None
    handling: Handling = HANDLING


# Of what is prefetched, half is processed while the broker sends the other half.
MILESTONES = Duty(frozenset(QUEUES) - {GENERATION}, prefetch=40, batch=20)
POLL_SECONDS = 0.5
TELL_SECONDS = 10.0
AGAIN_SECONDS = 1.0


def run(
    broker_url: str,
    visibility: int,
    stop: threading.Event,
    beat: Callable[[], None],
    duty: Duty = MILESTONES,
) -> None:
    """Consume until `stop` is set; what is away is waited for.

    Whatever goes wrong, the messages at hand go back, and all begins anew.
    """
    while not stop.is_set():
        beat()
        try:
            diagnostics.check_writable()
            consume(broker_url, visibility, stop, beat, duty)
        except (*diagnostics.FAILURES, DatabaseAway) as error:
            log.warning("the database is away", error=kind_of(error))
        except Exception as error:
            log.warning("the bus is away", error=kind_of(error))
        finally:
            with suppress(*diagnostics.FAILURES):
                database.release()
        stop.wait(AGAIN_SECONDS)


def consume(
    broker_url: str,
    visibility: int,
    stop: threading.Event,
    beat: Callable[[], None],
    duty: Duty = MILESTONES,
) -> None:
    """Consume on one connection until it fails or `stop` is set."""
    heartbeat = broker.HEARTBEAT_SECONDS
    with broker.connect(broker_url, heartbeat, visibility) as connection:
        settling = Settling(broker_url, duty.handling)
        pulse, report = Every(heartbeat / 2), Every(TELL_SECONDS)
        # Not its default channel: that would try to connect for ever.
        channel = connection.channel()
        for consumer in consumers(channel, broker_url, settling, duty):
            consumer.consume()
        is_watched = broker_kind(broker_url) == RABBITMQ
        log.info("consuming", queues=sorted(duty.queues))
        while not stop.is_set():
            run_once(connection, settling, duty)
            beat()
            duty.now_and_then()
            if is_watched and pulse.is_due():
                check(connection, channel, duty)
            if report.is_due():
                settling.tell()
        settling.tell()


class NotConsuming(Exception):
    """A queue has no consumer, not even this one."""


def check(connection: Connection, channel: StdChannel, duty: Duty) -> None:
    """Does RabbitMQ live, and still send? NotConsuming, or an error of the bus."""
    connection.heartbeat_check()
    for name in duty.queues:
        declared = channel.queue_declare(name, passive=True)
        if not declared.consumer_count:
            raise NotConsuming(name)


def consumers(
    channel: StdChannel, broker_url: str, settling: Settling, duty: Duty = MILESTONES
) -> list[Consumer]:
    """A consumer for each queue of the duty, all on one channel."""
    channel.basic_qos(0, duty.prefetch, False)
    channel.auto_decode = False  # dead letters hold what was sent, byte for byte
    return [
        Consumer(
            channel,
            [queue],
            on_message=partial(settling.received, queue.name),
            on_decode_error=partial(settling.undecodable, queue.name),
        )
        for queue in broker.queues(broker_url)
        if queue.name in duty.queues
    ]


def run_once(
    connection: Connection, settling: Settling, duty: Duty = MILESTONES
) -> None:
    """Process what is there, up to a batch; waits for half a second at most."""
    with suppress(TimeoutError):
        connection.drain_events(timeout=POLL_SECONDS)
        while len(settling.waiting) < duty.batch:
            connection.drain_events(timeout=0)
    settling.settle()
