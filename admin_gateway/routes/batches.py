"""Routes to follow and cancel batches (docs/api-contracts.md 0.20)."""

from typing import Any

from flask import Response, g

from admin_gateway import requests
from admin_gateway.responses import batches as batch_responses
from admin_gateway.responses import serializers
from coupon_core.domain.models import utc_now
from coupon_core.services import batches
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.responses import json_response

routes = JsonBlueprint("batches", __name__, description="Coupons made by workers")


@routes.route("")
@routes.response(200, batch_responses.BatchListSchema, example=batch_responses.BATCHES)
@routes.arguments(requests.BatchQuerySchema, location="query")
def list_all(query: dict[str, Any]) -> Response:
    """List batches, newest first."""
    rows_and_total = batches.list_batches(g.principal.tenant_id, **query)
    return serializers.page_response(
        "batches", rows_and_total, serializers.serialize_batch
    )


@routes.route("/<batch_id>")
@routes.response(200, batch_responses.BatchSchema, example=batch_responses.BATCH)
def get(batch_id: str) -> Response:
    """Return a batch with its progress, its rate and its estimated time left."""
    return json_response(
        serializers.serialize_batch(batches.get(g.principal.tenant_id, batch_id))
    )


@routes.route("/<batch_id>/cancel", methods=["POST"])
@routes.response(
    200, batch_responses.BatchSchema, example=batch_responses.CANCELLED_BATCH
)
def cancel(batch_id: str) -> Response:
    """Cancel a batch (idempotent). Coupons already generated are kept."""
    batch = batches.cancel(g.principal.tenant_id, batch_id, now=utc_now())
    return json_response(serializers.serialize_batch(batch))
