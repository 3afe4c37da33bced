"""Handle messages: parse them and generate coupons, or store dead letters."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from marshmallow import ValidationError

from coupon_core.domain.models import Milestone, Refused, utc_now
from coupon_core.messaging.topology import GENERATION_QUEUE
from coupon_core.observability.error_summary import describe_error
from coupon_core.persistence import diagnostics
from coupon_core.schemas.chunk_messages import (
    ChunkKey,
    parse_batch_chunk,
    parse_job_chunk,
)
from coupon_core.schemas.errors import ApiError
from coupon_core.schemas.milestone_events import parse_milestone
from coupon_core.schemas.strict_json import parse_object
from coupon_core.schemas.validation_errors import convert_validation_error
from coupon_core.services import batches
from coupon_core.services.codes import jobs
from coupon_core.services.events import earned_coupons
from workers.messages import (
    Message,
    UnprocessableMessage,
    find_defects,
    log,
    store_dead_letter,
)

CHUNK_OUTCOMES = ("no_coupon", "made")


@dataclass(frozen=True, slots=True)
class MessageHandler:
    """The functions that process one message, and many in one transaction."""

    handle_one: Callable[[Message], str]
    handle_many: Callable[[Sequence[Message]], list[str | None]]


Parsed = TypeVar("Parsed")


def handle_many(messages: Sequence[Message]) -> list[str | None]:
    """Process many messages in one transaction; return their outcomes.

    None means that the message must be passed to `handle_one`. Database errors are
    raised; then no message was processed.
    """
    milestones = {
        index: milestone
        for index, message in enumerate(messages)
        for milestone in _try_parse_milestone(message)
    }
    results = earned_coupons.process_milestones(list(milestones.values()), utc_now())
    outcomes = dict(zip(milestones, results, strict=True))
    return [outcomes.get(index) for index in range(len(messages))]


def _try_parse_milestone(message: Message) -> list[Milestone]:
    if message.queue == GENERATION_QUEUE:
        return []
    with suppress(UnprocessableMessage):
        return [_parse_milestone(message)]
    return []


def handle_one(message: Message) -> str:
    """Process a message or store it as a dead letter; return its outcome.

    Afterwards the message can be acknowledged. Database errors are raised; then it
    must be tried again.
    """
    try:
        if message.queue == GENERATION_QUEUE:
            return _parse_message(message, _build_chunk_task)()
        return _process_milestone(_parse_milestone(message))
    except UnprocessableMessage as error:
        return store_dead_letter(message, error.reason)


def _parse_milestone(message: Message) -> Milestone:
    return _parse_message(
        message, lambda document: parse_milestone(document, utc_now())
    )


def _parse_message(
    message: Message, convert: Callable[[dict[str, Any]], Parsed]
) -> Parsed:
    """Parse the body of a message.

    Raises:
        UnprocessableMessage: The message is not valid.
    """
    for defect in find_defects(message):
        raise UnprocessableMessage(defect)
    try:
        return convert(parse_object(message.body))
    except ApiError as error:
        raise UnprocessableMessage(error.message) from None
    except ValidationError as error:
        raise UnprocessableMessage(convert_validation_error(error).message) from None


def _process_milestone(milestone: Milestone) -> str:
    try:
        return earned_coupons.process_milestone(milestone, utc_now())
    except Refused as refused:
        reason = refused.detail or refused.reason.value.replace("_", " ")
        raise UnprocessableMessage(reason) from None


def _build_chunk_task(document: dict[str, Any]) -> Callable[[], str]:
    if "job_id" in document:
        return partial(_run_job_chunk, parse_job_chunk(document))
    return partial(_generate_chunk, parse_batch_chunk(document))


def _run_job_chunk(key: ChunkKey) -> str:
    tenant_id, job_id, chunk_number = key
    try:
        job = jobs.run_chunk(
            tenant_id, job_id, chunk_number=chunk_number, now=utc_now()
        )
        return job.state.value
    except Refused as refused:
        raise UnprocessableMessage(refused.reason.value.replace("_", " ")) from None


def _generate_chunk(key: ChunkKey) -> str:
    """Generate a chunk; an unexpected error ends its batch with that reason."""
    try:
        return CHUNK_OUTCOMES[batches.generate_chunk(key, utc_now())]
    except diagnostics.DATABASE_ERRORS:
        raise
    except Exception as error:
        log.error("a chunk cannot be made", chunk=key, error=describe_error(error))
        tenant_id, batch_id, _ = key
        batches.fail(
            tenant_id,
            batch_id,
            reason=f"unexpected error: {type(error).__name__}",
            now=utc_now(),
        )
        return "failed"


DEFAULT_HANDLER = MessageHandler(handle_one, handle_many)
