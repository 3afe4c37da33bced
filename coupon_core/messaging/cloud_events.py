"""Convert events of the outbox into messages; most of them become CloudEvents."""

import json
from dataclasses import dataclass

from coupon_core.domain.models import MILESTONE_TYPES, Event
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.messaging.topology import (
    BATCH_CHUNK_EVENT_TYPE,
    CHUNK_ROUTING_KEY,
    EVENTS_EXCHANGE,
    JOB_CHUNK_EVENT_TYPE,
    OUT_EXCHANGE,
    ROUTING_KEYS,
)


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A message for the broker; `body` is UTF-8 JSON."""

    exchange: str
    routing_key: str
    body: bytes


def to_outgoing_message(event: Event) -> OutgoingMessage:
    """Return the message for an event of the outbox.

    Milestones that were received over HTTP, and chunks of batches and jobs, are
    forwarded to the workers unchanged. All other events are published as CloudEvents
    1.0 (docs/api-contracts.md 0.18).

    Raises:
        ValueError: The data of the event is not JSON.
    """
    if event.event_type in (BATCH_CHUNK_EVENT_TYPE, JOB_CHUNK_EVENT_TYPE):
        return OutgoingMessage(
            EVENTS_EXCHANGE, CHUNK_ROUTING_KEY, body=event.data.encode()
        )
    trigger = MILESTONE_TYPES.get(event.event_type)
    if trigger:
        return OutgoingMessage(
            EVENTS_EXCHANGE, ROUTING_KEYS[trigger], body=event.data.encode()
        )
    body = json.dumps(to_cloud_event(event), ensure_ascii=False, separators=(",", ":"))
    return OutgoingMessage(OUT_EXCHANGE, event.event_type, body=body.encode())


def to_cloud_event(event: Event) -> dict[str, object]:
    """Return an event in its CloudEvents envelope."""
    # CloudEvents does not allow an empty subject; a coupon may be unassigned.
    subject = {"subject": event.subject} if event.subject else {}
    return {
        "specversion": "1.0",
        "id": event.event_id,
        "source": f"/coupons/{event.tenant_id}",
        "type": event.event_type,
        **subject,
        "time": format_timestamp_milliseconds(event.occurred_at),
        "datacontenttype": "application/json",
        "tenantid": event.tenant_id,
        "data": json.loads(event.data),
    }
