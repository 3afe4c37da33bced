"""Keys of other systems' SDKs over HTTP; a secret is shown once, when it is made."""

from typing import Any

from flask import Response, g

from admin_gateway import requests
from admin_gateway.responses import client_keys as documents
from admin_gateway.responses.serializers import created, listed
from coupon_core.domain.models import utc_now
from coupon_core.services.access import client_keys
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.responses import json_response, no_content

routes = JsonBlueprint(
    "client_keys", __name__, description="Keys of other systems' SDKs"
)


@routes.route("", methods=["POST"])
@routes.response(201, documents.NewClientKey, example=documents.NEW_CLIENT_KEY)
@routes.arguments(requests.ClientKeyBody, example=documents.CLIENT_KEY_BODY)
def create(body: dict[str, Any]) -> Response:
    """Make a key; its secret is shown only here."""
    asked = body["kind"], body["name"], body.get("expires_at")
    key, secret = client_keys.create(g.principal.tenant_id, *asked, utc_now())
    return created(documents.new_client_key(key, secret), key.key_id)


@routes.route("")
@routes.response(200, documents.ClientKeys, example=documents.CLIENT_KEYS)
@routes.arguments(requests.ClientKeyQuery, location="query")
def list_all(query: dict[str, Any]) -> Response:
    """List keys, newest first, without their secrets."""
    found = client_keys.listed(g.principal.tenant_id, **query)
    return listed("client_keys", found, documents.client_key)


@routes.route("/<client_key_id>")
@routes.response(200, documents.ClientKey, example=documents.CLIENT_KEY)
def get(client_key_id: str) -> Response:
    """Show a key without its secret."""
    found = client_keys.get(g.principal.tenant_id, client_key_id)
    return json_response(documents.client_key(found))


@routes.route("/<client_key_id>/revoke", methods=["POST"])
@routes.response(200, documents.ClientKey, example=documents.REVOKED_CLIENT_KEY)
def revoke(client_key_id: str) -> Response:
    """Make a key worthless at once; again changes nothing."""
    key = client_keys.revoke(g.principal.tenant_id, client_key_id, utc_now())
    return json_response(documents.client_key(key))


@routes.route("/<client_key_id>", methods=["DELETE"])
@routes.response(204)
def delete(client_key_id: str) -> Response:
    """Make a key worthless at once; it stays in the list, as revoked."""
    client_keys.revoke(g.principal.tenant_id, client_key_id, utc_now())
    return no_content()
