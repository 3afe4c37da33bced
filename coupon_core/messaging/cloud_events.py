"""Convert events of the outbox into messages; most of them become CloudEvents."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

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
    headers: Mapping[str, str] = field(default_factory=dict)


def to_outgoing_message(event: Event) -> OutgoingMessage:
    """Return the message for an event of the outbox.

    Milestones that were received over HTTP, and chunks of batches and jobs, are
    forwarded to the workers unchanged. All other events are published as CloudEvents
    1.0 (docs/api-contracts.md 0.18). The header `traceparent` continues the trace in
    which the event was stored, if there is one.

    Raises:
        ValueError: The data of the event is not JSON.
    """
    headers = {"traceparent": event.traceparent} if event.traceparent else {}
    trigger = MILESTONE_TYPES.get(event.event_type)
    is_chunk = event.event_type in (BATCH_CHUNK_EVENT_TYPE, JOB_CHUNK_EVENT_TYPE)
    if is_chunk or trigger:
        key = ROUTING_KEYS[trigger] if trigger else CHUNK_ROUTING_KEY
        body = event.data.encode()
        return OutgoingMessage(EVENTS_EXCHANGE, key, body=body, headers=headers)
    text = json.dumps(to_cloud_event(event), ensure_ascii=False, separators=(",", ":"))
    return OutgoingMessage(
        OUT_EXCHANGE, event.event_type, body=text.encode(), headers=headers
    )


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
