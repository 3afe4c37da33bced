"""Routes for milestones that services send over HTTP (docs/api-contracts.md 0.17)."""

from typing import Any

from flask import Response, g, request

from admin_gateway import requests
from admin_gateway.responses import events as event_responses
from coupon_core.domain.models import utc_now
from coupon_core.services.events import milestones
from coupon_core.web.blueprint import JsonBlueprint, document_body, limit_body
from coupon_core.web.request_body import read_object
from coupon_core.web.responses import json_response

MAX_BODY_BYTES = 1_048_576  # docs/api-contracts.md 2.4

routes = JsonBlueprint("events", __name__, description="Milestones that earn coupons")


@routes.route("", methods=["POST"])
@routes.response(
    202, event_responses.AcceptedEventSchema, example=event_responses.ACCEPTED_EVENT
)
@document_body(requests.ANY_MILESTONE_SCHEMA, event_responses.CLOUD_EVENT)
@limit_body(MAX_BODY_BYTES)
def publish() -> Response:
    """Accept a milestone. It is stored before the response; use `id` to deduplicate."""
    now, tenant_id = utc_now(), g.principal.tenant_id
    event = requests.parse_event(read_object(request), tenant_id, now=now)
    milestones.accept(tenant_id, [event], now=now)
    return json_response({"status": "accepted", "event_id": event[0].event_id}, 202)


@routes.route("/bulk", methods=["POST"])
@routes.response(
    202, event_responses.AcceptedEventsSchema, example=event_responses.ACCEPTED_EVENTS
)
@routes.arguments(requests.EventBatchSchema, example=event_responses.EVENT_BATCH)
@limit_body(MAX_BODY_BYTES)
def publish_all(body: dict[str, Any]) -> Response:
    """Accept up to 100 milestones: all, or none if one is invalid."""
    now, tenant_id = utc_now(), g.principal.tenant_id
    events = requests.parse_events(body["events"], tenant_id, now=now)
    milestones.accept(tenant_id, events, now=now)
    event_ids = [milestone.event_id for milestone, _ in events]
    document = {
        "status": "accepted",
        "accepted": len(event_ids),
        "event_ids": event_ids,
    }
    return json_response(document, 202)
