"""API keys over HTTP; a key itself is shown once, when it is made."""

from typing import Any

from flask import Response, g

from admin_gateway import answers, documents, schemas
from coupon_core import tenants
from coupon_core.model import utc_now
from coupon_core.web.answers import json_response, no_content
from coupon_core.web.blueprints import JsonBlueprint

routes = JsonBlueprint("api_keys", __name__, description="Keys of admins")


@routes.route("", methods=["POST"])
@routes.response(201, documents.NewApiKey, example=documents.NEW_API_KEY)
@routes.arguments(schemas.ApiKeyBody, example={"name": "CI", "scopes": ["read"]})
def create(body: dict[str, Any]) -> Response:
    """Make an API key, which is shown only here."""
    caller = g.principal
    scopes = frozenset(body.get("scopes", caller.scopes))
    asked = caller.tenant_id, body["name"], scopes, body.get("expires_at")
    key, plain = tenants.create_key(caller, *asked, utc_now())
    return answers.created({**answers.api_key(key), "api_key": plain}, key.key_id)


@routes.route("")
@routes.response(200, documents.ApiKeys, example=documents.API_KEYS)
@routes.arguments(schemas.ListQuery, location="query")
def list_all(query: dict[str, Any]) -> Response:
    """List API keys, newest first, without the keys themselves."""
    found = tenants.keys(g.principal.tenant_id, **query)
    return answers.listed("api_keys", found, answers.api_key)


@routes.route("/<key_id>")
@routes.response(200, documents.ApiKey, example=documents.API_KEY)
def get(key_id: str) -> Response:
    """Show an API key without the key itself."""
    return json_response(
        answers.api_key(tenants.get_key(g.principal.tenant_id, key_id))
    )


@routes.route("/<key_id>/revoke", methods=["POST"])
@routes.response(200, documents.ApiKey, example=documents.REVOKED_API_KEY)
def revoke(key_id: str) -> Response:
    """Make an API key worthless at once; again changes nothing."""
    key = tenants.revoke_key(g.principal.tenant_id, key_id, utc_now())
    return json_response(answers.api_key(key))


@routes.route("/<key_id>", methods=["DELETE"])
@routes.response(204)
def delete(key_id: str) -> Response:
    """Make an API key worthless at once; it stays in the list, as revoked."""
    tenants.revoke_key(g.principal.tenant_id, key_id, utc_now())
    return no_content()
