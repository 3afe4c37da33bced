"""Routes for API keys; a key itself is shown once, when it is created."""

from typing import Any

from flask import Response, g

from admin_gateway import requests
from admin_gateway.responses import core, serializers
from coupon_core.domain.models import utc_now
from coupon_core.services.access import tenants
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.openapi.headers import LOCATION
from coupon_core.web.responses import json_response, no_content_response

routes = JsonBlueprint("api_keys", __name__, description="API keys of the admin API")


@routes.route("", methods=["POST"])
@routes.response(201, core.NewApiKeySchema, example=core.NEW_API_KEY, headers=LOCATION)
@routes.arguments(
    requests.CreateApiKeySchema, example={"name": "CI", "scopes": ["read"]}
)
def create(body: dict[str, Any]) -> Response:
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
    return serializers.created_response(
        {**serializers.serialize_api_key(key), "api_key": plain_text}, key.key_id
    )


@routes.route("")
@routes.response(200, core.ApiKeyListSchema, example=core.API_KEYS)
@routes.arguments(requests.ListQuerySchema, location="query")
def list_all(query: dict[str, Any]) -> Response:
    """List API keys without the keys themselves, newest first."""
    rows_and_total = tenants.list_keys(g.principal.tenant_id, **query)
    return serializers.page_response(
        "api_keys", rows_and_total, serializers.serialize_api_key
    )


@routes.route("/<key_id>")
@routes.response(200, core.ApiKeySchema, example=core.API_KEY)
def get(key_id: str) -> Response:
    """Return an API key without the key itself."""
    return json_response(
        serializers.serialize_api_key(tenants.get_key(g.principal.tenant_id, key_id))
    )


@routes.route("/<key_id>/revoke", methods=["POST"])
@routes.response(200, core.ApiKeySchema, example=core.REVOKED_API_KEY)
def revoke(key_id: str) -> Response:
    """Revoke an API key immediately (idempotent)."""
    key = tenants.revoke_key(g.principal.tenant_id, key_id, now=utc_now())
    return json_response(serializers.serialize_api_key(key))


@routes.route("/<key_id>", methods=["DELETE"])
@routes.response(204)
def delete(key_id: str) -> Response:
    """Revoke an API key immediately. It stays in the list as revoked."""
    tenants.revoke_key(g.principal.tenant_id, key_id, now=utc_now())
    return no_content_response()
