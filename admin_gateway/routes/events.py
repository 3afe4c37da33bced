"""Milestones over HTTP, for services that do not reach the bus (CONTRACTS 0.17)."""

from typing import Any

from flask import Response, g, request

from admin_gateway import requests
from admin_gateway.responses import events as documents
from coupon_core.domain.models import utc_now
from coupon_core.services.events import milestones
from coupon_core.web.blueprint import JsonBlueprint, body_limit, documents_body
from coupon_core.web.request_body import read_object
from coupon_core.web.responses import json_response

MOST_BYTES = 1_048_576  # CONTRACTS 2.4

routes = JsonBlueprint("events", __name__, description="Milestones that earn coupons")


@routes.route("", methods=["POST"])
@routes.response(202, documents.Accepted, example=documents.ACCEPTED)
@documents_body(requests.ANY_MILESTONE, documents.CLOUD_EVENT)
@body_limit(MOST_BYTES)
def publish() -> Response:
    """Take a milestone; once it is answered, it is stored. A repeated id is one."""
    now, tenant_id = utc_now(), g.principal.tenant_id
    event = requests.read_event(read_object(request), tenant_id, now)
    milestones.accept(tenant_id, [event], now)
    return json_response({"status": "accepted", "event_id": event[0].event_id}, 202)


@routes.route("/bulk", methods=["POST"])
@routes.response(202, documents.AllAccepted, example=documents.ALL_ACCEPTED)
@routes.arguments(requests.EventBatch, example=documents.EVENT_BATCH)
@body_limit(MOST_BYTES)
def publish_all(body: dict[str, Any]) -> Response:
    """Take up to a hundred milestones: all, or none when one is not valid."""
    now, tenant_id = utc_now(), g.principal.tenant_id
    events = requests.read_events(body["events"], tenant_id, now)
    milestones.accept(tenant_id, events, now)
    ids = [milestone.event_id for milestone, _ in events]
    answer = {"status": "accepted", "accepted": len(ids), "event_ids": ids}
    return json_response(answer, 202)
