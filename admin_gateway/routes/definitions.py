"""Routes for coupon definitions (docs/api-contracts.md 1.4 and 1.5)."""

from typing import Any

from flask import Response, g

from admin_gateway import requests
from admin_gateway.responses import batches as batch_responses
from admin_gateway.responses import core, serializers
from coupon_core.domain.models import DefinitionStatus, utc_now
from coupon_core.domain.serialization import serialize_definition_for_admin
from coupon_core.services.catalog import definitions
from coupon_core.services.coupons import code_capacity
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.openapi.headers import LOCATION
from coupon_core.web.responses import json_response, no_content_response

routes = JsonBlueprint("definitions", __name__, description="Coupon definitions")


@routes.route("", methods=["POST"])
@routes.response(201, core.DefinitionSchema, example=core.DEFINITION, headers=LOCATION)
@routes.arguments(requests.CreateDefinitionSchema, example=core.NEW_DEFINITION)
def create(body: dict[str, Any]) -> Response:
    """Create an active definition."""
    definition = definitions.create(g.principal.tenant_id, body, now=utc_now())
    return serializers.created_response(
        serialize_definition_for_admin(definition), definition.definition_id
    )


@routes.route("")
@routes.response(200, core.DefinitionListSchema, example=core.DEFINITIONS)
@routes.arguments(requests.DefinitionQuerySchema, location="query")
def list_all(query: dict[str, Any]) -> Response:
    """List definitions, newest first."""
    rows_and_total = definitions.list_definitions(g.principal.tenant_id, **query)
    return serializers.page_response(
        "definitions", rows_and_total, serialize_definition_for_admin
    )


@routes.route("/<definition_id>")
@routes.response(200, core.DefinitionSchema, example=core.DEFINITION)
def get(definition_id: str) -> Response:
    """Return a definition."""
    definition = definitions.get(g.principal.tenant_id, definition_id)
    return json_response(serialize_definition_for_admin(definition))


@routes.route("/<definition_id>", methods=["PUT"])
@routes.response(200, core.DefinitionSchema, example=core.DEFINITION)
@routes.arguments(requests.ReplaceDefinitionSchema, example=core.NEW_DEFINITION)
def replace(body: dict[str, Any], definition_id: str) -> Response:
    """Replace a definition. Absent members are reset to their defaults."""
    return _update(definition_id, body)


@routes.route("/<definition_id>", methods=["PATCH"])
@routes.response(200, core.DefinitionSchema, example=core.DEFINITION)
@routes.arguments(requests.UpdateDefinitionSchema, example=core.DEFINITION_CHANGES)
def change(changes: dict[str, Any], definition_id: str) -> Response:
    """Change members of a definition. Null resets an optional member."""
    return _update(definition_id, changes)


def _update(definition_id: str, changes: dict[str, Any]) -> Response:
    definition = definitions.update(
        g.principal.tenant_id, definition_id, changes=changes, now=utc_now()
    )
    return json_response(serialize_definition_for_admin(definition))


@routes.route("/<definition_id>/pause", methods=["POST"])
@routes.response(200, core.DefinitionSchema, example=core.PAUSED_DEFINITION)
def pause(definition_id: str) -> Response:
    """Pause a definition: no coupons are generated, existing ones remain valid."""
    return _set_status(DefinitionStatus.PAUSED, definition_id)


@routes.route("/<definition_id>/activate", methods=["POST"])
@routes.response(200, core.DefinitionSchema, example=core.DEFINITION)
def activate(definition_id: str) -> Response:
    """Activate a definition. For a package, only while the package is in use."""
    return _set_status(DefinitionStatus.ACTIVE, definition_id)


@routes.route("/<definition_id>/archive", methods=["POST"])
@routes.response(200, core.DefinitionSchema, example=core.ARCHIVED_DEFINITION)
def archive(definition_id: str) -> Response:
    """Archive a definition: no generating or redeeming, history stays readable."""
    return _set_status(DefinitionStatus.ARCHIVED, definition_id)


def _set_status(status: DefinitionStatus, definition_id: str) -> Response:
    definition = definitions.set_status(
        g.principal.tenant_id, definition_id, status=status, now=utc_now()
    )
    return json_response(serialize_definition_for_admin(definition))


@routes.route("/<definition_id>", methods=["DELETE"])
@routes.response(204)
def delete(definition_id: str) -> Response:
    """Archive a definition. Coupons and history are kept."""
    _set_status(DefinitionStatus.ARCHIVED, definition_id)
    return no_content_response()


@routes.route("/<definition_id>/stats")
@routes.response(200, core.DefinitionStatsSchema, example=core.DEFINITION_STATS)
def stats(definition_id: str) -> Response:
    """Return the number of coupons by status, and of their redemptions."""
    definition_stats = definitions.get_stats(
        g.principal.tenant_id, definition_id, now=utc_now()
    )
    return json_response(
        serializers.serialize_definition_stats(definition_id, definition_stats)
    )


@routes.route("/<definition_id>/capacity")
@routes.response(
    200, batch_responses.CodeCapacitySchema, example=batch_responses.CAPACITY
)
def capacity(definition_id: str) -> Response:
    """Return how full the code space is, and how likely a guess succeeds."""
    current_capacity = code_capacity.get_capacity(g.principal.tenant_id, definition_id)
    return json_response(
        serializers.serialize_code_capacity(definition_id, current_capacity)
    )
