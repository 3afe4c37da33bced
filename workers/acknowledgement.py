"""Brings every delivery to an end: processed or buried, then acknowledged."""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import structlog
from kombu.message import Message as KombuMessage

from coupon_core.messaging.publisher import open_publisher
from coupon_core.messaging.redis_transport import DEFECT_HEADER
from coupon_core.messaging.topology import EVENT_QUEUES, WEBHOOK_QUEUES
from coupon_core.observability import metrics
from coupon_core.observability.error_summary import describe_error, stack_frames
from coupon_core.persistence import database, diagnostics
from workers import messages
from workers.message_handlers import DEFAULT_HANDLER, MessageHandler
from workers.messages import Message

log = structlog.get_logger("coupon.consumer")

# A message that fails while the database is well goes to the end of its queue. So it
# delays others by no more than its tries themselves and these pauses.
MAX_ATTEMPTS = 8
RETRY_PAUSE_SECONDS = 0.1
ATTEMPTS_HEADER = "coupons-tries"
ROUTING_KEYS_BY_QUEUE = {**EVENT_QUEUES, **WEBHOOK_QUEUES}


class DatabaseUnavailable(Exception):
    """Nothing can be processed or kept now; all messages must go back."""


class DeliveryProcessor:
    """What a consumer's deliveries are given to."""

    def __init__(
        self, broker_url: str, handler: MessageHandler = DEFAULT_HANDLER
    ) -> None:
        self.broker_url = broker_url
        self.handler = handler
        self.pending: list[tuple[KombuMessage, Message]] = []
        self.outcome_counts: Counter[str] = Counter()

    def on_message(self, queue: str, delivery: KombuMessage) -> None:
        """A message that kombu could unpack."""
        self.pending.append((delivery, to_message(queue, delivery)))

    def on_decode_error(
        self, queue: str, delivery: KombuMessage, error: Exception
    ) -> None:
        """A message that kombu could not: a false compression header, for one."""
        defect = f"cannot be unpacked: {type(error).__name__}: {error}"
        self.pending.append((delivery, to_message(queue, delivery, defect)))

    def process_pending(self) -> None:
        """Bring all that was received to its end. DatabaseAway."""
        batch, self.pending = self.pending, []
        for (delivery, message), outcome in zip(
            batch, self._process_batch([message for _, message in batch]), strict=True
        ):
            final_outcome = outcome or self._process_one(message)
            self.outcome_counts[final_outcome] += 1
            metrics.count_message(message.queue, final_outcome)
            delivery.ack()

    def _process_batch(self, messages: Sequence[Message]) -> Sequence[str | None]:
        """Many in one transaction; what fails there is tried alone."""
        try:
            return self.handler.handle_many(messages)
        except diagnostics.DATABASE_ERRORS as error:
            log.warning("database trouble", error=describe_error(error))
            check_database()
        except Exception as error:
            log.error("messages cannot be processed together", **_to_log_fields(error))
        return [None] * len(messages)

    def log_outcomes(self) -> None:
        """Log how many messages came to which end since this was last told."""
        if self.outcome_counts:
            log.info("settled", **self.outcome_counts)
            self.outcome_counts.clear()

    def _process_one(self, message: Message) -> str:
        try:
            return self.handler.handle_one(message)
        except diagnostics.DATABASE_ERRORS as error:
            return self._handle_database_error(message, error)
        except Exception as error:
            log.error("a message cannot be processed", **_to_log_fields(error))
            return self._store_dead_letter(
                message, f"unexpected {type(error).__name__}"
            )

    def _handle_database_error(self, message: Message, error: Exception) -> str:
        """The database failed: wholly, or by this message alone?"""
        log.warning("database trouble", error=describe_error(error))
        check_database()
        if message.failed_attempts + 1 >= MAX_ATTEMPTS:
            kind = type(error).__name__
            return self._store_dead_letter(
                message, f"database error at every try: {kind}"
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
        # On a connection of its own: confirms do not mix with deliveries.
        with open_publisher(self.broker_url) as publisher:
            publisher.publish_to_queue(
                message.queue,
                message.body,
                content_type=message.content_type,
                headers={ATTEMPTS_HEADER: message.failed_attempts + 1},
            )
        return "put_last"


def _to_log_fields(error: BaseException) -> dict[str, Any]:
    return {"error": describe_error(error), "frames": stack_frames(error)}


def check_database() -> None:
    """DatabaseAway unless the database can be written to, by a new connection."""
    try:
        database.release_connection()
        diagnostics.check_writable()
    except diagnostics.DATABASE_ERRORS as error:
        raise DatabaseUnavailable(str(error)) from error


def to_message(queue: str, delivery: KombuMessage, defect: str = "") -> Message:
    """The message in a delivery, whatever kombu and its producer made of it."""
    headers = delivery.headers
    failed_attempts = headers.get(ATTEMPTS_HEADER)
    return Message(
        queue=queue,
        routing_key=ROUTING_KEYS_BY_QUEUE[queue],
        content_type=str(delivery.content_type or ""),
        body=bytes(delivery.body or b""),
        defect=defect or str(headers.get(DEFECT_HEADER, "")),
        encoding=str(delivery.content_encoding or ""),
        failed_attempts=failed_attempts if type(failed_attempts) is int else 0,
    )
