"""Messages from the broker, and the defects that make them unprocessable."""

from collections.abc import Iterator
from dataclasses import dataclass

import structlog

from coupon_core.domain.models import utc_now
from coupon_core.services.events import dead_letters

log = structlog.get_logger("coupon.consumer")

SUPPORTED_CONTENT_TYPES = ("application/json", "application/cloudevents+json")
SUPPORTED_ENCODINGS = ("", "utf-8", "utf8", "us-ascii", "binary")


@dataclass(frozen=True, slots=True)
class Message:
    """A message as received; `defect` says why kombu could not decode it.

    `failed_attempts` counts earlier attempts that failed although the database worked.
    `traceparent` names the trace that the message belongs to.
    """

    queue: str
    routing_key: str
    content_type: str
    body: bytes
    defect: str = ""
    encoding: str = ""
    failed_attempts: int = 0
    traceparent: str | None = None


class UnprocessableMessage(Exception):
    """The message can never be processed; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def store_dead_letter(message: Message, reason: str) -> str:
    """Store a message as a dead letter and return the outcome."""
    letter = dead_letters.store_dead_letter(
        message.queue,
        message.routing_key,
        content_type=message.content_type,
        body=message.body,
        reason=reason,
        now=utc_now(),
    )
    # The reason is not logged, because it may quote the message.
    log.warning(
        "dead letter",
        queue=message.queue,
        letter_id=letter.letter_id,
        tenant=letter.tenant_id,
    )
    return "buried"


def find_defects(message: Message) -> Iterator[str]:
    """Yield the defects of a message that are visible without parsing its body."""
    if message.defect:
        yield message.defect
    if (
        message.content_type.partition(";")[0].strip().lower()
        not in SUPPORTED_CONTENT_TYPES
    ):
        yield f"content type {message.content_type or 'missing'} is not JSON"
    if message.encoding.lower() not in SUPPORTED_ENCODINGS:
        yield f"content encoding {message.encoding} is not UTF-8"
    if len(message.body) > dead_letters.MAX_BODY_BYTES:
        yield f"larger than {dead_letters.MAX_BODY_BYTES} bytes"
