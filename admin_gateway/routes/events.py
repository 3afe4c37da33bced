"""Routes for milestones that services send over HTTP (docs/api-contracts.md 0.17)."""

from typing import Any

from flask import g, request

from admin_gateway.requests.events import (
    ANY_MILESTONE_SCHEMA,
    EventBatchSchema,
    parse_event,
    parse_events,
)
from admin_gateway.responses.events import (
    CLOUD_EVENT,
    EVENT_BATCH,
    AcceptedEventSchema,
    AcceptedEventsSchema,
)
from coupon_core.domain.models import utc_now
from coupon_core.schemas.base import Document
from coupon_core.services.events import milestones
from coupon_core.web.blueprint import JsonBlueprint, document_body, limit_body
from coupon_core.web.request_body import read_object

MAX_BODY_BYTES = 1_048_576  # docs/api-contracts.md 2.4

routes = JsonBlueprint("events", __name__, description="Milestones that earn coupons")


@routes.route("", methods=["POST"])
@routes.response(202, AcceptedEventSchema)
@document_body(ANY_MILESTONE_SCHEMA, CLOUD_EVENT)
@limit_body(MAX_BODY_BYTES)
def publish() -> Document:
    """Accept a milestone. It is stored before the response; use `id` to deduplicate."""
    now, tenant_id = utc_now(), g.principal.tenant_id
    event = parse_event(read_object(request), tenant_id, now=now)
    milestones.accept(tenant_id, [event], now=now)
    return {"status": "accepted", "event_id": event[0].event_id}


@routes.route("/bulk", methods=["POST"])
@routes.response(202, AcceptedEventsSchema)
@routes.arguments(EventBatchSchema, example=EVENT_BATCH)
@limit_body(MAX_BODY_BYTES)
def publish_all(body: dict[str, Any]) -> Document:
    """Accept up to 100 milestones: all, or none if one is invalid."""
    now, tenant_id = utc_now(), g.principal.tenant_id
    events = parse_events(body["events"], tenant_id, now=now)
    milestones.accept(tenant_id, events, now=now)
    event_ids = [milestone.event_id for milestone, _ in events]
    return {
        "status": "accepted",
        "accepted": len(event_ids),
        "event_ids": event_ids,
    }
