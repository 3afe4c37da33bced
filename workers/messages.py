"""A message from the broker, and the reasons not to process it."""

from collections.abc import Iterator
from dataclasses import dataclass

import structlog

from coupon_core.domain.models import utc_now
from coupon_core.services.events import dead_letters

log = structlog.get_logger("coupon.consumer")

READABLE = ("application/json", "application/cloudevents+json")
ENCODINGS = ("", "utf-8", "utf8", "us-ascii", "binary")


@dataclass(frozen=True, slots=True)
class Message:
    """A message as the broker gave it; `fault` says why kombu could not unpack it.

    `tries` counts those that failed before, while the database was well.
    """

    queue: str
    routing_key: str
    content_type: str
    body: bytes
    fault: str = ""
    encoding: str = ""
    tries: int = 0


class Impossible(Exception):
    """The message can never be processed; the text says why."""

    def __init__(self, reason: str, tenant_id: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.tenant_id = tenant_id


def bury(message: Message, reason: str, tenant_id: str = "") -> str:
    """Keep a message as a dead letter."""
    letter_id = dead_letters.bury(
        message.queue,
        message.routing_key,
        message.content_type,
        message.body,
        reason,
        tenant_id,
        utc_now(),
    )
    # Its reason may quote it: it stands in the letter.
    queue = message.queue
    log.warning("dead letter", queue=queue, letter_id=letter_id, tenant=tenant_id)
    return "buried"


def faults(message: Message) -> Iterator[str]:
    """What can be said against a message without reading it."""
    if message.fault:
        yield message.fault
    if message.content_type.partition(";")[0].strip().lower() not in READABLE:
        yield f"content type {message.content_type or 'missing'} is not JSON"
    if message.encoding.lower() not in ENCODINGS:
        yield f"content encoding {message.encoding} is not UTF-8"
    if len(message.body) > dead_letters.MOST_BYTES:
        yield f"larger than {dead_letters.MOST_BYTES} bytes"
