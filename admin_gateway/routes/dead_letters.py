"""Routes for dead letters: list, show, retry, drop."""

from typing import Any

from flask import Response, g

from admin_gateway import requests
from admin_gateway.responses import events as event_responses
from admin_gateway.responses import serializers
from coupon_core.domain.models import utc_now
from coupon_core.services.events import dead_letters
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.responses import json_response, no_content_response

routes = JsonBlueprint(
    "dead_letters", __name__, description="Messages that could not be processed"
)


@routes.route("")
@routes.response(
    200, event_responses.DeadLetterListSchema, example=event_responses.DEAD_LETTERS
)
@routes.arguments(requests.ListQuerySchema, location="query")
def list_all(query: dict[str, Any]) -> Response:
    """List dead letters, newest first. Only couponctl shows those of no tenant."""
    rows_and_total = dead_letters.list_dead_letters(g.principal.tenant_id, **query)
    return serializers.page_response(
        "dead_letters", rows_and_total, serializers.serialize_dead_letter
    )


@routes.route("/<letter_id>")
@routes.response(
    200, event_responses.DeadLetterSchema, example=event_responses.DEAD_LETTER
)
def get(letter_id: str) -> Response:
    """Return a dead letter."""
    letter = dead_letters.get(g.principal.tenant_id, letter_id)
    return json_response(serializers.serialize_dead_letter(letter))


@routes.route("/<letter_id>/retry", methods=["POST"])
@routes.response(
    202, event_responses.AcceptedRequestSchema, example=event_responses.ACCEPTED_REQUEST
)
def retry(letter_id: str) -> Response:
    """Send a dead letter to its queue again. It may fail again."""
    dead_letters.retry(g.principal.tenant_id, letter_id, now=utc_now())
    return json_response({"status": "accepted"}, 202)


@routes.route("/<letter_id>", methods=["DELETE"])
@routes.response(204)
def drop(letter_id: str) -> Response:
    """Delete a dead letter."""
    dead_letters.discard(g.principal.tenant_id, letter_id)
    return no_content_response()
