"""Brings every delivery to an end: processed or buried, then acknowledged."""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import structlog
from kombu.message import Message as Delivery

from coupon_core.messaging.publisher import publishing
from coupon_core.messaging.redis_transport import FAULT
from coupon_core.messaging.topology import QUEUES, WEBHOOK_QUEUES
from coupon_core.observability import metrics
from coupon_core.observability.error_summary import frames_of, kind_of
from coupon_core.persistence import database, diagnostics
from workers import messages as handlers
from workers.message_handlers import HANDLING, Handling
from workers.messages import Message

log = structlog.get_logger("coupon.consumer")

# A message that fails while the database is well goes to the end of its queue. So it
# delays others by no more than its tries themselves and these pauses.
MOST_TRIES = 8
PAUSE_SECONDS = 0.1
TRIES = "coupons-tries"
ROUTING_KEYS = {**QUEUES, **WEBHOOK_QUEUES}


class DatabaseAway(Exception):
    """Nothing can be processed or kept now; all messages must go back."""


class Settling:
    """What a consumer's deliveries are given to."""

    def __init__(self, broker_url: str, handling: Handling = HANDLING) -> None:
        self.broker_url = broker_url
        self.handling = handling
        self.waiting: list[tuple[Delivery, Message]] = []
        self.counts: Counter[str] = Counter()

    def received(self, queue: str, delivery: Delivery) -> None:
        """A message that kombu could unpack."""
        self.waiting.append((delivery, message_of(queue, delivery)))

    def undecodable(self, queue: str, delivery: Delivery, error: Exception) -> None:
        """A message that kombu could not: a false compression header, for one."""
        fault = f"cannot be unpacked: {type(error).__name__}: {error}"
        self.waiting.append((delivery, message_of(queue, delivery, fault)))

    def settle(self) -> None:
        """Bring all that was received to its end. DatabaseAway."""
        together, self.waiting = self.waiting, []
        for (delivery, message), outcome in zip(
            together, self._together([message for _, message in together]), strict=True
        ):
            end = outcome or self._alone(message)
            self.counts[end] += 1
            metrics.handled(message.queue, end)
            delivery.ack()

    def _together(self, messages: Sequence[Message]) -> Sequence[str | None]:
        """Many in one transaction; what fails there is tried alone."""
        try:
            return self.handling.handle_together(messages)
        except diagnostics.FAILURES as error:
            log.warning("database trouble", error=kind_of(error))
            check_database()
        except Exception as error:
            log.error("messages cannot be processed together", **_about(error))
        return [None] * len(messages)

    def tell(self) -> None:
        """Log how many messages came to which end since this was last told."""
        if self.counts:
            log.info("settled", **self.counts)
            self.counts.clear()

    def _alone(self, message: Message) -> str:
        try:
            return self.handling.handle(message)
        except diagnostics.FAILURES as error:
            return self._failed(message, error)
        except Exception as error:
            log.error("a message cannot be processed", **_about(error))
            return self._bury(message, f"unexpected {type(error).__name__}")

    def _failed(self, message: Message, error: Exception) -> str:
        """The database failed: wholly, or by this message alone?"""
        log.warning("database trouble", error=kind_of(error))
        check_database()
        if message.tries + 1 >= MOST_TRIES:
            kind = type(error).__name__
            return self._bury(message, f"database error at every try: {kind}")
        time.sleep(PAUSE_SECONDS)
        return self._put_last(message)

    def _bury(self, message: Message, reason: str) -> str:
        try:
            return handlers.bury(message, reason)
        except diagnostics.FAILURES as error:
            log.error("a dead letter cannot be kept", **_about(error))
            check_database()
            time.sleep(PAUSE_SECONDS)
            return self._put_last(message)

    def _put_last(self, message: Message) -> str:
        headers, content_type = {TRIES: message.tries + 1}, message.content_type
        # On a connection of its own: confirms do not mix with deliveries.
        with publishing(self.broker_url) as publisher:
            publisher.publish_again(message.queue, message.body, content_type, headers)
        return "put_last"


def _about(error: BaseException) -> dict[str, Any]:
    return {"error": kind_of(error), "frames": frames_of(error)}


def check_database() -> None:
    """DatabaseAway unless the database can be written to, by a new connection."""
    try:
        database.release()
        diagnostics.check_writable()
    except diagnostics.FAILURES as error:
        raise DatabaseAway(str(error)) from error


def message_of(queue: str, delivery: Delivery, fault: str = "") -> Message:
    """The message in a delivery, whatever kombu and its producer made of it."""
    headers = delivery.headers
    tries = headers.get(TRIES)
    return Message(
        queue,
        ROUTING_KEYS[queue],
        str(delivery.content_type or ""),
        bytes(delivery.body or b""),
        fault or str(headers.get(FAULT, "")),
        str(delivery.content_encoding or ""),
        tries if type(tries) is int else 0,
    )
