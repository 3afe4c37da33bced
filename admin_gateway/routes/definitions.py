"""Coupon definitions over HTTP (CONTRACTS 1.4 and 1.5)."""

from typing import Any

from flask import Response, g

from admin_gateway import requests
from admin_gateway.responses import batches, core, serializers
from coupon_core.domain.models import DefinitionStatus, utc_now
from coupon_core.domain.serialization import whole_definition
from coupon_core.services.catalog import definitions
from coupon_core.services.coupons import code_capacity
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.responses import json_response, no_content

routes = JsonBlueprint("definitions", __name__, description="Templates of coupons")


@routes.route("", methods=["POST"])
@routes.response(201, core.Definition, example=core.DEFINITION)
@routes.arguments(requests.DefinitionBody, example=core.NEW_DEFINITION)
def create(body: dict[str, Any]) -> Response:
    """Add an active definition."""
    made = definitions.create(g.principal.tenant_id, body, utc_now())
    return serializers.created(whole_definition(made), made.definition_id)


@routes.route("")
@routes.response(200, core.Definitions, example=core.DEFINITIONS)
@routes.arguments(requests.DefinitionQuery, location="query")
def list_all(query: dict[str, Any]) -> Response:
    """List definitions, newest first."""
    found = definitions.listed(g.principal.tenant_id, **query)
    return serializers.listed("definitions", found, whole_definition)


@routes.route("/<definition_id>")
@routes.response(200, core.Definition, example=core.DEFINITION)
def get(definition_id: str) -> Response:
    """Show a definition."""
    found = definitions.get(g.principal.tenant_id, definition_id)
    return json_response(whole_definition(found))


@routes.route("/<definition_id>", methods=["PUT"])
@routes.response(200, core.Definition, example=core.DEFINITION)
@routes.arguments(requests.DefinitionReplacement, example=core.NEW_DEFINITION)
def replace(body: dict[str, Any], definition_id: str) -> Response:
    """Replace a definition; what is absent goes back to its default."""
    return _update(definition_id, body)


@routes.route("/<definition_id>", methods=["PATCH"])
@routes.response(200, core.Definition, example=core.DEFINITION)
@routes.arguments(requests.DefinitionChanges, example=core.DEFINITION_CHANGES)
def change(changes: dict[str, Any], definition_id: str) -> Response:
    """Change members of a definition; null takes back an optional one."""
    return _update(definition_id, changes)


def _update(definition_id: str, changes: dict[str, Any]) -> Response:
    changed = definitions.update(
        g.principal.tenant_id, definition_id, changes, utc_now()
    )
    return json_response(whole_definition(changed))


@routes.route("/<definition_id>/pause", methods=["POST"])
@routes.response(200, core.Definition, example=core.PAUSED)
def pause(definition_id: str) -> Response:
    """Stop generating; the coupons there are stay valid."""
    return _become(DefinitionStatus.PAUSED, definition_id)


@routes.route("/<definition_id>/activate", methods=["POST"])
@routes.response(200, core.Definition, example=core.DEFINITION)
def activate(definition_id: str) -> Response:
    """Go on generating and redeeming; a package's only while it is in use."""
    return _become(DefinitionStatus.ACTIVE, definition_id)


@routes.route("/<definition_id>/archive", methods=["POST"])
@routes.response(200, core.Definition, example=core.ARCHIVED)
def archive(definition_id: str) -> Response:
    """Stop generating and redeeming; history stays readable."""
    return _become(DefinitionStatus.ARCHIVED, definition_id)


def _become(status: DefinitionStatus, definition_id: str) -> Response:
    tenant_id = g.principal.tenant_id
    now_so = definitions.set_status(tenant_id, definition_id, status, utc_now())
    return json_response(whole_definition(now_so))


@routes.route("/<definition_id>", methods=["DELETE"])
@routes.response(204)
def delete(definition_id: str) -> Response:
    """Archive a definition: coupons and history are kept."""
    _become(DefinitionStatus.ARCHIVED, definition_id)
    return no_content()


@routes.route("/<definition_id>/stats")
@routes.response(200, core.Stats, example=core.STATS)
def stats(definition_id: str) -> Response:
    """Count the coupons of a definition by status, and their redemptions."""
    counted = definitions.stats(g.principal.tenant_id, definition_id, utc_now())
    return json_response(serializers.stats(definition_id, counted))


@routes.route("/<definition_id>/capacity")
@routes.response(200, batches.Capacity, example=batches.CAPACITY)
def capacity(definition_id: str) -> Response:
    """Tell how full the code space of random codes is, and how likely a guess hits."""
    room = code_capacity.room(g.principal.tenant_id, definition_id)
    return json_response(serializers.room(definition_id, room))
