"""Process each delivery or store it as a dead letter, then acknowledge it."""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import structlog
from kombu.message import Message as KombuMessage

from coupon_core.messaging.publisher import open_publisher
from coupon_core.messaging.redis_transport import DEFECT_HEADER
from coupon_core.messaging.topology import EVENT_QUEUES, WEBHOOK_QUEUES
from coupon_core.observability import metrics, tracing
from coupon_core.observability.error_summary import describe_error, stack_frames
from coupon_core.persistence import database, diagnostics
from workers import messages
from workers.message_handlers import DEFAULT_HANDLER, MessageHandler
from workers.messages import Message
from workers.outages import DATABASE, OUTAGES

log = structlog.get_logger("coupon.consumer")

# A message that fails although the database works is moved to the end of its queue. It
# delays other messages only by its attempts and these pauses.
MAX_ATTEMPTS = 8
RETRY_PAUSE_SECONDS = 0.1
ATTEMPTS_HEADER = "coupons-tries"
ROUTING_KEYS_BY_QUEUE = {**EVENT_QUEUES, **WEBHOOK_QUEUES}


class DatabaseUnavailable(Exception):
    """The database is unavailable; all messages must be returned to the broker."""


class DeliveryProcessor:
    """Collects the deliveries of a consumer, processes and acknowledges them."""

    def __init__(
        self, broker_url: str, handler: MessageHandler = DEFAULT_HANDLER
    ) -> None:
        self.broker_url = broker_url
        self.handler = handler
        self.pending: list[tuple[KombuMessage, Message]] = []
        self.outcome_counts: Counter[str] = Counter()

    def on_message(self, queue: str, delivery: KombuMessage) -> None:
        """Collect a message that kombu could decode."""
        self.pending.append((delivery, to_message(queue, delivery)))

    def on_decode_error(
        self, queue: str, delivery: KombuMessage, error: Exception
    ) -> None:
        """Collect a message that kombu could not decode."""
        defect = f"cannot be decoded: {type(error).__name__}: {error}"
        self.pending.append((delivery, to_message(queue, delivery, defect)))

    def process_pending(self) -> None:
        """Process and acknowledge all collected messages.

        Raises:
            DatabaseUnavailable: The messages must be returned to the broker.
        """
        batch, self.pending = self.pending, []
        traces = ((message.queue, message.traceparent) for _, message in batch)
        with tracing.trace_each(tracing.PROCESS, traces):
            self._process(batch)

    def _process(self, batch: Sequence[tuple[KombuMessage, Message]]) -> None:
        outcomes = self._process_set([message for _, message in batch])
        for position, (delivery, message) in enumerate(batch, 1):
            outcome = outcomes[position - 1] or self._process_one(message)
            self.outcome_counts[outcome] += 1
            if outcome != "put_last":
                OUTAGES.recover()
            metrics.count_message(message.queue, outcome)
            # What came before is done as well.
            if position == len(batch) or not outcomes[position - 1]:
                delivery.ack(multiple=True)

    def _process_set(self, messages: Sequence[Message]) -> Sequence[str | None]:
        """Process messages in one transaction; None for those to process alone.

        A message that has failed before is processed alone: the set would fail again.
        """
        fresh = {
            index: message
            for index, message in enumerate(messages)
            if not message.failed_attempts
        }
        try:
            outcomes = self.handler.handle_many(list(fresh.values()))
        except diagnostics.DATABASE_ERRORS as error:
            OUTAGES.fail("database trouble", error, DATABASE)
            check_database()
        except Exception as error:
            log.error("messages cannot be processed together", **_to_log_fields(error))
        else:
            outcome_by_index = dict(zip(fresh, outcomes, strict=True))
            return [outcome_by_index.get(index) for index in range(len(messages))]
        return [None] * len(messages)

    def log_outcomes(self) -> None:
        """Log the number of messages per outcome since the last call."""
        if self.outcome_counts:
            log.info("processed", **self.outcome_counts)
            self.outcome_counts.clear()

    def _process_one(self, message: Message) -> str:
        try:
            return self.handler.handle_one(message)
        except diagnostics.DATABASE_ERRORS as error:
            return self._handle_database_error(message, error)
        except Exception as error:
            log.error("a message cannot be processed", **_to_log_fields(error))
            return self._store_dead_letter(
                message, f"unexpected error: {type(error).__name__}"
            )

    def _handle_database_error(self, message: Message, error: Exception) -> str:
        """Requeue the message or store it as a dead letter, if the database works."""
        OUTAGES.fail("database trouble", error, DATABASE)
        check_database()
        if message.failed_attempts + 1 >= MAX_ATTEMPTS:
            kind = type(error).__name__
            return self._store_dead_letter(
                message, f"database error at every attempt: {kind}"
            )
        time.sleep(RETRY_PAUSE_SECONDS)
        return self._requeue_last(message)

    def _store_dead_letter(self, message: Message, reason: str) -> str:
        try:
            return messages.store_dead_letter(message, reason)
        except diagnostics.DATABASE_ERRORS as error:
            log.error("a dead letter cannot be kept", **_to_log_fields(error))
            check_database()
            time.sleep(RETRY_PAUSE_SECONDS)
            return self._requeue_last(message)

    def _requeue_last(self, message: Message) -> str:
        # On a separate connection: publisher confirms do not mix with deliveries.
        with open_publisher(self.broker_url) as publisher:
            publisher.publish_to_queue(
                message.queue,
                message.body,
                content_type=message.content_type,
                headers={
                    ATTEMPTS_HEADER: message.failed_attempts + 1,
                    tracing.TRACEPARENT: message.traceparent or "",
                },
            )
        return "put_last"


def _to_log_fields(error: BaseException) -> dict[str, Any]:
    return {"error": describe_error(error), "frames": stack_frames(error)}


def check_database() -> None:
    """Check on a new connection that the database can be written to.

    Raises:
        DatabaseUnavailable: It cannot be written to.
    """
    try:
        database.release_connection()
        diagnostics.check_writable()
    except diagnostics.DATABASE_ERRORS as error:
        raise DatabaseUnavailable(str(error)) from error


def to_message(queue: str, delivery: KombuMessage, defect: str = "") -> Message:
    """Convert a delivery to a message, whatever its producer put into its headers."""
    headers = delivery.headers
    failed_attempts = headers.get(ATTEMPTS_HEADER)
    traceparent = headers.get(tracing.TRACEPARENT)
    return Message(
        queue=queue,
        routing_key=ROUTING_KEYS_BY_QUEUE[queue],
        content_type=str(delivery.content_type or ""),
        body=bytes(delivery.body or b""),
        defect=defect or str(headers.get(DEFECT_HEADER, "")),
        encoding=str(delivery.content_encoding or ""),
        failed_attempts=failed_attempts if type(failed_attempts) is int else 0,
        traceparent=traceparent if tracing.is_traceparent(traceparent) else None,
    )
