"""What is done with a message: read it, make its coupons; or say why it cannot be."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from marshmallow import ValidationError

from coupon_core.domain.models import (
    AdminReason,
    Milestone,
    Refused,
    utc_now,
)
from coupon_core.messaging.topology import GENERATION
from coupon_core.observability.error_summary import kind_of
from coupon_core.persistence import diagnostics
from coupon_core.schemas.chunk_messages import Key, chunk_of, job_chunk_of
from coupon_core.schemas.errors import Problem
from coupon_core.schemas.milestone_events import milestone_of
from coupon_core.schemas.strict_json import parse_object
from coupon_core.schemas.validation_errors import from_validation
from coupon_core.services import batches
from coupon_core.services.codes import jobs
from coupon_core.services.events import earned_coupons
from workers.messages import Impossible, Message, bury, faults, log

ENDS = ("earned_nothing", "earned")
MADE = ("made_nothing", "made")


@dataclass(frozen=True, slots=True)
class Handling:
    """What brings messages to their ends: one alone, and many in one transaction."""

    handle: Callable[[Message], str]
    handle_together: Callable[[Sequence[Message]], list[str | None]]


Meaning = TypeVar("Meaning")


def handle_together(messages: Sequence[Message]) -> list[str | None]:
    """Process many messages in one transaction; None for those to `handle` alone.

    Database trouble passes through: then none was processed.
    """
    read = {place: one for place, m in enumerate(messages) for one in _readable(m)}
    counts = earned_coupons.earn_together(list(read.values()), utc_now())
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


def _earn(milestone: Milestone) -> str:
    try:
        count = earned_coupons.earn(milestone, utc_now())
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
    except diagnostics.FAILURES:
        raise
    except Exception as error:
        log.error("a chunk cannot be made", chunk=key, error=kind_of(error))
        batches.fail(*key[:2], f"unexpected {type(error).__name__}", utc_now())
        return "failed"


HANDLING = Handling(handle, handle_together)
