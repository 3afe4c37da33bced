"""Consume messages in transactions and acknowledge them after the commit."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import structlog
from kombu import Connection, Consumer
from kombu.transport.base import StdChannel

from coupon_core.messaging import broker
from coupon_core.messaging.topology import (
    EVENT_QUEUES,
    GENERATION_QUEUE,
    RABBITMQ,
    parse_broker_kind,
)
from coupon_core.persistence import database, diagnostics
from workers.acknowledgement import DatabaseUnavailable, DeliveryProcessor
from workers.interval_timer import IntervalTimer
from workers.message_handlers import DEFAULT_HANDLER, MessageHandler
from workers.outages import BUS, DATABASE, OUTAGES

log = structlog.get_logger("coupon.consumer")


@dataclass(frozen=True, slots=True)
class ConsumerConfig:
    """The queues of a consumer, its prefetch count and its batch size.

    `on_iteration` is called after each batch.
    """

    queues: frozenset[str]
    prefetch: int
    batch_size: int
    on_iteration: Callable[[], object] = lambda: None
    handler: MessageHandler = DEFAULT_HANDLER


# Half of the prefetched messages is processed while the broker sends the other half.
MILESTONE_CONFIG = ConsumerConfig(
    frozenset(EVENT_QUEUES) - {GENERATION_QUEUE}, prefetch=200, batch_size=100
)
# Messages of a busy broker arrive one after the other; a set collects them for so long.
COLLECT_SECONDS = 0.003
POLL_SECONDS = 0.5
LOG_INTERVAL_SECONDS = 10.0
RECONNECT_PAUSE_SECONDS = 1.0


def run(
    broker_url: str,
    visibility_seconds: int,
    stop: threading.Event,
    beat: Callable[[], None],
    config: ConsumerConfig = MILESTONE_CONFIG,
) -> None:
    """Consume until `stop` is set; reconnect when the database or broker fails.

    After an error the unacknowledged messages are returned to the broker.
    """
    while not stop.is_set():
        try:
            diagnostics.check_writable()
            consume(broker_url, visibility_seconds, stop=stop, beat=beat, config=config)
        except (*diagnostics.DATABASE_ERRORS, DatabaseUnavailable) as error:
            OUTAGES.fail("the database is away", error, DATABASE)
        except Exception as error:
            OUTAGES.fail("the bus is away", error, BUS)
        finally:
            with suppress(*diagnostics.DATABASE_ERRORS):
                database.release_connection()
        beat()
        stop.wait(RECONNECT_PAUSE_SECONDS)


def consume(
    broker_url: str,
    visibility_seconds: int,
    stop: threading.Event,
    beat: Callable[[], None],
    config: ConsumerConfig = MILESTONE_CONFIG,
) -> None:
    """Consume on one connection until it fails or `stop` is set."""
    heartbeat = broker.HEARTBEAT_INTERVAL_SECONDS
    with broker.create_connection(
        broker_url, heartbeat, visibility_seconds
    ) as connection:
        processor = DeliveryProcessor(broker_url, config.handler)
        heartbeat_timer = IntervalTimer(heartbeat / 2)
        log_timer = IntervalTimer(LOG_INTERVAL_SECONDS)
        # Not the default channel, which would retry to connect without limit.
        channel = connection.channel()
        for consumer in create_consumers(channel, broker_url, processor, config):
            consumer.consume()
        is_rabbitmq = parse_broker_kind(broker_url) == RABBITMQ
        log.info("consuming", queues=sorted(config.queues))
        OUTAGES.recover()
        while not stop.is_set():
            run_once(connection, processor, config)
            beat()
            config.on_iteration()
            if is_rabbitmq and heartbeat_timer.is_due():
                check_consumers(connection, channel, config)
            if log_timer.is_due():
                processor.log_outcomes()
        processor.log_outcomes()


class ConsumerLost(Exception):
    """A queue has lost its consumer."""


def check_consumers(
    connection: Connection, channel: StdChannel, config: ConsumerConfig
) -> None:
    """Check that RabbitMQ responds and still knows the consumers.

    Raises:
        ConsumerLost: A queue has no consumer.
    """
    connection.heartbeat_check()
    for name in config.queues:
        queue_state = channel.queue_declare(name, passive=True)
        if not queue_state.consumer_count:
            raise ConsumerLost(name)


def create_consumers(
    channel: StdChannel,
    broker_url: str,
    processor: DeliveryProcessor,
    config: ConsumerConfig = MILESTONE_CONFIG,
) -> list[Consumer]:
    """Return a consumer for each queue of the configuration, on one channel."""
    channel.basic_qos(0, config.prefetch, False)
    # Dead letters must hold the exact bytes that were sent.
    channel.auto_decode = False
    return [
        Consumer(
            channel,
            [queue],
            on_message=partial(processor.on_message, queue.name),
            on_decode_error=partial(processor.on_decode_error, queue.name),
        )
        for queue in broker.list_worker_queues(broker_url)
        if queue.name in config.queues
    ]


def run_once(
    connection: Connection,
    processor: DeliveryProcessor,
    config: ConsumerConfig = MILESTONE_CONFIG,
) -> None:
    """Process one set of messages; wait at most half a second for the first one."""
    with suppress(TimeoutError):
        connection.drain_events(timeout=POLL_SECONDS)
        deadline = time.monotonic() + COLLECT_SECONDS
        while len(processor.pending) < config.batch_size:
            connection.drain_events(timeout=max(deadline - time.monotonic(), 0))
    processor.process_pending()
