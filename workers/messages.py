"""A message from the broker, and the reasons not to process it."""

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
    """A message as the broker gave it; `defect` says why kombu could not unpack it.

    `failed_attempts` counts those that failed before, while the database was well.
    """

    queue: str
    routing_key: str
    content_type: str
    body: bytes
    defect: str = ""
    encoding: str = ""
    failed_attempts: int = 0


class UnprocessableMessage(Exception):
    """The message can never be processed; the text says why."""

    def __init__(self, reason: str, tenant_id: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.tenant_id = tenant_id


def store_dead_letter(message: Message, reason: str, tenant_id: str = "") -> str:
    """Keep a message as a dead letter."""
    letter_id = dead_letters.store_dead_letter(
        message.queue,
        message.routing_key,
        content_type=message.content_type,
        body=message.body,
        reason=reason,
        tenant_id=tenant_id,
        now=utc_now(),
    )
    # Its reason may quote it: it stands in the letter.
    log.warning(
        "dead letter", queue=message.queue, letter_id=letter_id, tenant=tenant_id
    )
    return "buried"


def find_defects(message: Message) -> Iterator[str]:
    """What can be said against a message without reading it."""
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
