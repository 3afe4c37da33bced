"""What is done with a message: read it, make its coupons; or say why it cannot be."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import structlog
from marshmallow import ValidationError

from coupon_core import batches, dead_letters, earning, jobs
from coupon_core.faults import kind_of
from coupon_core.messaging.topology import GENERATION
from coupon_core.model import AdminReason, Milestone, Refused, utc_now
from coupon_core.store import condition
from coupon_core.web.chunks import Key, chunk_of, job_chunk_of
from coupon_core.web.messages import from_validation
from coupon_core.web.milestones import milestone_of
from coupon_core.web.problems import Problem
from coupon_core.web.strict_json import parse_object

log = structlog.get_logger("coupon.consumer")

READABLE = ("application/json", "application/cloudevents+json")
ENDS = ("earned_nothing", "earned")
MADE = ("made_nothing", "made")
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


@dataclass(frozen=True, slots=True)
class Handling:
    """What brings messages to their ends: one alone, and many in one transaction."""

    handle: Callable[[Message], str]
    handle_together: Callable[[Sequence[Message]], list[str | None]]


Meaning = TypeVar("Meaning")


class Impossible(Exception):
    """The message can never be processed; the text says why."""

    def __init__(self, reason: str, tenant_id: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.tenant_id = tenant_id


def handle_together(messages: Sequence[Message]) -> list[str | None]:
    """Process many messages in one transaction; None for those to `handle` alone.

    Database trouble passes through: then none was processed.
    """
    read = {place: one for place, m in enumerate(messages) for one in _readable(m)}
    counts = earning.earn_together(list(read.values()), utc_now())
    outcomes = dict(zip(read, map(_outcome, counts), strict=True))
    return [outcomes.get(place) for place in range(len(messages))]


def _readable(message: Message) -> list[Milestone]:
    if message.queue == GENERATION:
        return []
    with suppress(Impossible):
        return [_milestone(message)]
    return []


def _outcome(count: int | None) -> str | None:
    return None if count is None else ENDS[count > 0]


def handle(message: Message) -> str:
    """Process a message, or keep it as a dead letter; then it may be acknowledged.

    Gives in a word what became of it. Database trouble passes through: the message
    must be tried again.
    """
    try:
        if message.queue == GENERATION:
            return _read(message, _task)()
        return _earn(_milestone(message))
    except Impossible as impossible:
        return bury(message, impossible.reason, impossible.tenant_id)


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


def _milestone(message: Message) -> Milestone:
    return _read(message, lambda document: milestone_of(document, utc_now()))


def _read(message: Message, meant: Callable[[dict[str, Any]], Meaning]) -> Meaning:
    """What the message means. Impossible."""
    for fault in faults(message):
        raise Impossible(fault)
    try:
        return meant(parse_object(message.body))
    except Problem as problem:
        raise Impossible(problem.message) from None
    except ValidationError as error:
        raise Impossible(from_validation(error).message) from None


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


def _earn(milestone: Milestone) -> str:
    try:
        count = earning.earn(milestone, utc_now())
    except Refused as refused:
        known = refused.reason != AdminReason.TENANT_NOT_FOUND
        tenant_id = milestone.tenant_id if known else ""
        reason = refused.detail or refused.reason.value.replace("_", " ")
        raise Impossible(reason, tenant_id) from None
    return ENDS[count > 0]


def _task(document: dict[str, Any]) -> Callable[[], str]:
    if "job_id" in document:
        return partial(_work, job_chunk_of(document))
    return partial(_make, chunk_of(document))


def _work(key: Key) -> str:
    try:
        return jobs.work(*key, utc_now()).state.value
    except Refused as refused:
        raise Impossible(refused.reason.value.replace("_", " ")) from None


def _make(key: Key) -> str:
    """Make a chunk; what nobody foresaw ends its batch, which says so."""
    try:
        return MADE[batches.make_chunk(key, utc_now())]
    except condition.FAILURES:
        raise
    except Exception as error:
        log.error("a chunk cannot be made", chunk=key, error=kind_of(error))
        batches.fail(*key[:2], f"unexpected {type(error).__name__}", utc_now())
        return "failed"


HANDLING = Handling(handle, handle_together)
