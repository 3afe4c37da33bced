"""Routes for coupon definitions (docs/api-contracts.md 1.4 and 1.5)."""

from typing import Any

from flask import Response, g

from admin_gateway.requests.definitions import (
    CreateDefinitionSchema,
    DefinitionQuerySchema,
    ReplaceDefinitionSchema,
    UpdateDefinitionSchema,
)
from admin_gateway.responses.batches import CodeCapacitySchema
from admin_gateway.responses.core import (
    ARCHIVED_DEFINITION,
    DEFINITION_CHANGES,
    NEW_DEFINITION,
    PAUSED_DEFINITION,
    SUSPENDED_DEFINITION,
    DefinitionListSchema,
    DefinitionSchema,
    DefinitionStatsSchema,
)
from admin_gateway.responses.serializers import (
    build_location_header,
    serialize_code_capacity,
    serialize_definition_stats,
    to_page,
)
from coupon_core.domain.models import Definition, DefinitionStatus, utc_now
from coupon_core.schemas.base import Document
from coupon_core.services import suspension
from coupon_core.services.catalog import definition_status, definitions
from coupon_core.services.coupons import code_capacity
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.openapi.headers import LOCATION
from coupon_core.web.responses import no_content_response

routes = JsonBlueprint("definitions", __name__, description="Coupon definitions")


@routes.route("", methods=["POST"])
@routes.response(201, DefinitionSchema, headers=LOCATION)
@routes.arguments(CreateDefinitionSchema, example=NEW_DEFINITION)
def create(body: dict[str, Any]) -> tuple[Definition, dict[str, str]]:
    """Create an active definition."""
    definition = definitions.create(g.principal.tenant_id, body, now=utc_now())
    return definition, build_location_header(definition.definition_id)


@routes.route("")
@routes.response(200, DefinitionListSchema)
@routes.arguments(DefinitionQuerySchema, location="query")
def list_all(query: dict[str, Any]) -> Document:
    """List definitions, newest first."""
    return to_page(
        "definitions", definitions.list_definitions(g.principal.tenant_id, **query)
    )


@routes.route("/<definition_id>")
@routes.response(200, DefinitionSchema)
def get(definition_id: str) -> Definition:
    """Return a definition."""
    return definitions.get(g.principal.tenant_id, definition_id)


@routes.route("/<definition_id>", methods=["PUT"])
@routes.response(200, DefinitionSchema)
@routes.arguments(ReplaceDefinitionSchema, example=NEW_DEFINITION)
def replace(body: dict[str, Any], definition_id: str) -> Definition:
    """Replace a definition. Absent members are reset to their defaults."""
    return _update(definition_id, body)


@routes.route("/<definition_id>", methods=["PATCH"])
@routes.response(200, DefinitionSchema)
@routes.arguments(UpdateDefinitionSchema, example=DEFINITION_CHANGES)
def change(changes: dict[str, Any], definition_id: str) -> Definition:
    """Change members of a definition. Null resets an optional member."""
    return _update(definition_id, changes)


def _update(definition_id: str, changes: dict[str, Any]) -> Definition:
    return definitions.update(
        g.principal.tenant_id, definition_id, changes=changes, now=utc_now()
    )


@routes.route("/<definition_id>/pause", methods=["POST"])
@routes.response(200, DefinitionSchema, example=PAUSED_DEFINITION)
def pause(definition_id: str) -> Definition:
    """Pause a definition: no coupons are generated, existing ones remain valid."""
    return _set_status(DefinitionStatus.PAUSED, definition_id)


@routes.route("/<definition_id>/activate", methods=["POST"])
@routes.response(200, DefinitionSchema)
def activate(definition_id: str) -> Definition:
    """Activate a definition. For a package, only while the package is in use."""
    return _set_status(DefinitionStatus.ACTIVE, definition_id)


@routes.route("/<definition_id>/archive", methods=["POST"])
@routes.response(200, DefinitionSchema, example=ARCHIVED_DEFINITION)
def archive(definition_id: str) -> Definition:
    """Archive a definition: no generating or redeeming, history stays readable."""
    return _set_status(DefinitionStatus.ARCHIVED, definition_id)


@routes.route("/<definition_id>/suspend", methods=["POST"])
@routes.response(200, DefinitionSchema, example=SUSPENDED_DEFINITION)
def suspend(definition_id: str) -> Definition:
    """Suspend a definition: none of its coupons is valid until it is resumed."""
    tenant_id = g.principal.tenant_id
    return suspension.suspend(
        suspension.DEFINITIONS, tenant_id, definition_id, now=utc_now()
    )


@routes.route("/<definition_id>/resume", methods=["POST"])
@routes.response(200, DefinitionSchema)
def resume(definition_id: str) -> Definition:
    """Resume a suspended definition: its coupons are as valid as before."""
    tenant_id = g.principal.tenant_id
    return suspension.resume(
        suspension.DEFINITIONS, tenant_id, definition_id, now=utc_now()
    )


def _set_status(status: DefinitionStatus, definition_id: str) -> Definition:
    return definition_status.set_status(
        g.principal.tenant_id, definition_id, status=status, now=utc_now()
    )


@routes.route("/<definition_id>", methods=["DELETE"])
@routes.response(204)
def delete(definition_id: str) -> Response:
    """Archive a definition. Coupons and history are kept."""
    _set_status(DefinitionStatus.ARCHIVED, definition_id)
    return no_content_response()


@routes.route("/<definition_id>/stats")
@routes.response(200, DefinitionStatsSchema)
def stats(definition_id: str) -> Document:
    """Return the number of coupons by status, and of their redemptions."""
    definition_stats = definitions.get_stats(
        g.principal.tenant_id, definition_id, now=utc_now()
    )
    return serialize_definition_stats(definition_id, definition_stats)


@routes.route("/<definition_id>/capacity")
@routes.response(200, CodeCapacitySchema)
def capacity(definition_id: str) -> Document:
    """Return how full the code space is, and how likely a guess succeeds."""
    current_capacity = code_capacity.get_capacity(g.principal.tenant_id, definition_id)
    return serialize_code_capacity(definition_id, current_capacity)
