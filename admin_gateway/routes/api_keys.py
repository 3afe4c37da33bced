"""Routes for API keys; a key itself is shown once, when it is created."""

from dataclasses import asdict
from typing import Any

from flask import Response, g

from admin_gateway.requests.api_keys import CreateApiKeySchema
from admin_gateway.requests.pagination import ListQuerySchema
from admin_gateway.responses.core import (
    REVOKED_API_KEY,
    ApiKeyListSchema,
    ApiKeySchema,
    NewApiKeySchema,
    OwnApiKeySchema,
)
from admin_gateway.responses.serializers import build_location_header, to_page
from coupon_core.domain.models import ApiKey, utc_now
from coupon_core.schemas.base import Document
from coupon_core.services.access import tenants
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.openapi.headers import LOCATION
from coupon_core.web.responses import no_content_response

routes = JsonBlueprint("api_keys", __name__, description="API keys of the admin API")
# Outside the path of a tenant: a caller may not know yet to which one its key belongs.
own_routes = JsonBlueprint(
    "own_api_key", __name__, description="The API key of the caller"
)


@own_routes.route("/self")
@own_routes.response(200, OwnApiKeySchema)
def get_own() -> ApiKey:
    """Return the API key of this request, and its tenant; it needs no scope."""
    caller = g.principal
    return tenants.get_key(caller.tenant_id, caller.key_id)


@routes.route("", methods=["POST"])
@routes.response(201, NewApiKeySchema, headers=LOCATION)
@routes.arguments(CreateApiKeySchema, example={"name": "CI", "scopes": ["read"]})
def create(body: dict[str, Any]) -> tuple[Document, dict[str, str]]:
    """Create an API key. The key itself is shown only in this response."""
    caller = g.principal
    scopes = frozenset(body.get("scopes", caller.scopes))
    key, plain_text = tenants.create_key(
        caller,
        caller.tenant_id,
        name=body["name"],
        scopes=scopes,
        expires_at=body.get("expires_at"),
        now=utc_now(),
    )
    members = asdict(key) | {"api_key": plain_text}
    return members, build_location_header(key.key_id)


@routes.route("")
@routes.response(200, ApiKeyListSchema)
@routes.arguments(ListQuerySchema, location="query")
def list_all(query: dict[str, Any]) -> Document:
    """List API keys without the keys themselves, newest first."""
    return to_page("api_keys", tenants.list_keys(g.principal.tenant_id, **query))


@routes.route("/<key_id>")
@routes.response(200, ApiKeySchema)
def get(key_id: str) -> ApiKey:
    """Return an API key without the key itself."""
    return tenants.get_key(g.principal.tenant_id, key_id)


@routes.route("/<key_id>/revoke", methods=["POST"])
@routes.response(200, ApiKeySchema, example=REVOKED_API_KEY)
def revoke(key_id: str) -> ApiKey:
    """Revoke an API key immediately (idempotent)."""
    return tenants.revoke_key(g.principal.tenant_id, key_id, now=utc_now())


@routes.route("/<key_id>", methods=["DELETE"])
@routes.response(204)
def delete(key_id: str) -> Response:
    """Revoke an API key immediately. It stays in the list as revoked."""
    tenants.revoke_key(g.principal.tenant_id, key_id, now=utc_now())
    return no_content_response()
