"""What is done with a message: read it, make its coupons; or say why it cannot be."""

from dataclasses import dataclass

from marshmallow import ValidationError

from coupon_core import dead_letters, generation
from coupon_core.model import AdminReason, Milestone, Refused, utc_now
from coupon_core.web.arguments import from_validation
from coupon_core.web.milestones import milestone_of
from coupon_core.web.problems import Problem
from coupon_core.web.strict_json import parse_object

READABLE = ("application/json", "application/cloudevents+json")


@dataclass(frozen=True, slots=True)
class Message:
    """A message as the broker gave it; `fault` says why kombu could not unpack it."""

    queue: str
    routing_key: str
    content_type: str
    body: bytes
    fault: str = ""


class Impossible(Exception):  # noqa: N818 - the message's state
    """The message can never be processed; the text says why."""

    def __init__(self, reason: str, tenant_id: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.tenant_id = tenant_id


def handle(message: Message) -> None:
    """Process a message, or keep it as a dead letter; then it may be acknowledged.

    Database trouble passes through: the message must be tried again.
    """
    try:
        _earn(_milestone(message))
    except Impossible as impossible:
        bury(message, impossible.reason, impossible.tenant_id)


def bury(message: Message, reason: str, tenant_id: str = "") -> None:
    """Keep a message as a dead letter."""
    dead_letters.bury(
        message.queue,
        message.routing_key,
        message.content_type,
        message.body,
        reason,
        tenant_id,
        utc_now(),
    )


def _milestone(message: Message) -> Milestone:
    if message.fault:
        raise Impossible(message.fault)
    if message.content_type.partition(";")[0].strip().lower() not in READABLE:
        raise Impossible(
            f"content type {message.content_type or 'missing'} is not JSON"
        )
    try:
        return milestone_of(parse_object(message.body), utc_now())
    except Problem as problem:
        raise Impossible(problem.message) from None
    except ValidationError as error:
        raise Impossible(from_validation(error).message) from None


def _earn(milestone: Milestone) -> None:
    try:
        generation.generate_earned(milestone, utc_now())
    except Refused as refused:
        known = refused.reason != AdminReason.TENANT_NOT_FOUND
        tenant_id = milestone.tenant_id if known else ""
        reason = refused.detail or refused.reason.value.replace("_", " ")
        raise Impossible(reason, tenant_id) from None
