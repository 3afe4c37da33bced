"""Fan out published events: create a delivery for each subscribed webhook."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from coupon_core.domain.identifiers import is_tenant_id
from coupon_core.domain.models import utc_now
from coupon_core.messaging.topology import WEBHOOK_QUEUES
from coupon_core.observability import tracing
from coupon_core.schemas.identifiers import is_uuid
from coupon_core.services.webhooks import delivery
from workers import consumer
from workers.consumer import ConsumerConfig
from workers.message_handlers import MessageHandler
from workers.messages import (
    Message,
    UnprocessableMessage,
    find_defects,
    store_dead_letter,
)

CloudEvent = Mapping[str, Any]
REQUIRED_TEXT_MEMBERS = ("id", "type", "tenantid", "time")
FANOUT_OUTCOMES = ("ignored", "due")


def handle_many(messages: Sequence[Message]) -> list[str | None]:
    """Process many messages in one transaction; return their outcomes.

    None means that the message must be passed to `handle_one`. Database errors are
    raised; then no message was processed.
    """
    events = {
        index: event
        for index, message in enumerate(messages)
        for event in _try_parse_event(message)
    }
    counts = delivery.create_deliveries(list(events.values()), utc_now())
    outcomes = {
        index: FANOUT_OUTCOMES[count > 0]
        for index, count in zip(events, counts, strict=True)
    }
    return [outcomes.get(index) for index in range(len(messages))]


def _try_parse_event(message: Message) -> Iterator[CloudEvent]:
    try:
        yield parse_event(message)
    except UnprocessableMessage:
        return


def handle_one(message: Message) -> str:
    """Process a message or store it as a dead letter; return its outcome.

    Afterwards the message can be acknowledged. Database errors are raised; then it
    must be tried again.
    """
    try:
        (count,) = delivery.create_deliveries([parse_event(message)], utc_now())
        return FANOUT_OUTCOMES[count > 0]
    except UnprocessableMessage as error:
        return store_dead_letter(message, error.reason)


def parse_event(message: Message) -> CloudEvent:
    """Parse a CloudEvent from the exchange `coupons.out`.

    Its `traceparent` is that of the message (the CloudEvents extension of this name).

    Raises:
        UnprocessableMessage: The message is not such an event.
    """
    for defect in find_defects(message):
        raise UnprocessableMessage(defect)
    try:
        event = json.loads(message.body)
    except ValueError:
        raise UnprocessableMessage("not JSON") from None
    if not isinstance(event, dict) or not isinstance(event.get("data"), dict):
        raise UnprocessableMessage("no CloudEvent with an object as its data")
    if not all(isinstance(event.get(name), str) for name in REQUIRED_TEXT_MEMBERS):
        raise UnprocessableMessage(
            f"expected {', '.join(REQUIRED_TEXT_MEMBERS)} as text"
        )
    if not is_uuid(event["id"]) or not is_tenant_id(event["tenantid"]):
        raise UnprocessableMessage("expected a UUID as id and a tenant ID as tenantid")
    return {**event, tracing.TRACEPARENT: message.traceparent}


WEBHOOK_CONFIG = ConsumerConfig(
    frozenset(WEBHOOK_QUEUES),
    prefetch=40,
    batch_size=20,
    handler=MessageHandler(handle_one, handle_many),
)


def run(
    broker_url: str,
    visibility_seconds: int,
    stop: threading.Event,
    beat: Callable[[], None],
) -> None:
    """Fan out until `stop` is set; reconnect when the database or broker fails."""
    consumer.run(
        broker_url, visibility_seconds, stop=stop, beat=beat, config=WEBHOOK_CONFIG
    )
