"""The fanout: an event that goes out becomes due to the webhooks that want it."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from threading import Event as Signal
from typing import Any

from coupon_core.domain.identifiers import is_tenant_id
from coupon_core.domain.models import utc_now
from coupon_core.messaging.topology import WEBHOOK_QUEUES
from coupon_core.schemas.identifiers import is_uuid
from coupon_core.services.webhooks import delivery
from workers import consumer
from workers.consumer import Duty
from workers.message_handlers import Handling
from workers.messages import (
    Impossible,
    Message,
    bury,
    faults,
)

Event = Mapping[str, Any]
TEXTS = ("id", "type", "tenantid", "time")
ENDS = ("unwanted", "due")


def handle_together(messages: Sequence[Message]) -> list[str | None]:
    """Process many messages in one transaction; None for those to `handle` alone.

    Database trouble passes through: then none was processed.
    """
    read = {place: one for place, m in enumerate(messages) for one in _readable(m)}
    counts = delivery.fan_out(list(read.values()), utc_now())
    outcomes = {place: ENDS[n > 0] for place, n in zip(read, counts, strict=True)}
    return [outcomes.get(place) for place in range(len(messages))]


def _readable(message: Message) -> Iterator[Event]:
    try:
        yield event_of(message)
    except Impossible:
        return


def handle(message: Message) -> str:
    """Process a message, or keep it as a dead letter; then it may be acknowledged.

    Gives in a word what became of it. Database trouble passes through: the message
    must be tried again.
    """
    try:
        (count,) = delivery.fan_out([event_of(message)], utc_now())
        return ENDS[count > 0]
    except Impossible as impossible:
        return bury(message, impossible.reason, impossible.tenant_id)


def event_of(message: Message) -> Event:
    """The CloudEvent in a message, as `coupons.out` carries them. Impossible."""
    for fault in faults(message):
        raise Impossible(fault)
    try:
        event = json.loads(message.body)
    except ValueError:
        raise Impossible("not JSON") from None
    if not isinstance(event, dict) or not isinstance(event.get("data"), dict):
        raise Impossible("no CloudEvent with an object as its data")
    if not all(isinstance(event.get(name), str) for name in TEXTS):
        raise Impossible(f"expected {', '.join(TEXTS)} as text")
    if not is_uuid(event["id"]) or not is_tenant_id(event["tenantid"]):
        raise Impossible("expected a UUID as id, and a tenant's id as tenantid")
    return event


WEBHOOKS = Duty(
    frozenset(WEBHOOK_QUEUES),
    prefetch=40,
    batch=20,
    handling=Handling(handle, handle_together),
)


def run(
    broker_url: str, visibility: int, stop: Signal, beat: Callable[[], None]
) -> None:
    """Fan out until `stop` is set; what is away is waited for."""
    consumer.run(broker_url, visibility, stop, beat, WEBHOOKS)
