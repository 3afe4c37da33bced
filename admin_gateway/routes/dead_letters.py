"""Routes for dead letters: list, show, retry, drop."""

from typing import Any

from flask import Response, g

from admin_gateway.requests.pagination import ListQuerySchema
from admin_gateway.responses.events import (
    AcceptedRequestSchema,
    DeadLetterListSchema,
    DeadLetterSchema,
)
from admin_gateway.responses.serializers import to_page
from coupon_core.domain.models import DeadLetter, utc_now
from coupon_core.schemas.base import Document
from coupon_core.services.events import dead_letters
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.responses import no_content_response

routes = JsonBlueprint(
    "dead_letters", __name__, description="Messages that could not be processed"
)


@routes.route("")
@routes.response(200, DeadLetterListSchema)
@routes.arguments(ListQuerySchema, location="query")
def list_all(query: dict[str, Any]) -> Document:
    """List dead letters, newest first. Only couponctl shows those of no tenant."""
    return to_page(
        "dead_letters", dead_letters.list_dead_letters(g.principal.tenant_id, **query)
    )


@routes.route("/<letter_id>")
@routes.response(200, DeadLetterSchema)
def get(letter_id: str) -> DeadLetter:
    """Return a dead letter."""
    return dead_letters.get(g.principal.tenant_id, letter_id)


@routes.route("/<letter_id>/retry", methods=["POST"])
@routes.response(202, AcceptedRequestSchema)
def retry(letter_id: str) -> Document:
    """Send a dead letter to its queue again. It may fail again."""
    dead_letters.retry(g.principal.tenant_id, letter_id, now=utc_now())
    return {"status": "accepted"}


@routes.route("/<letter_id>", methods=["DELETE"])
@routes.response(204)
def drop(letter_id: str) -> Response:
    """Delete a dead letter."""
    dead_letters.discard(g.principal.tenant_id, letter_id)
    return no_content_response()
