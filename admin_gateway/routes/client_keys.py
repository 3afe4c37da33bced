"""Routes for client keys; a secret is shown once, when it is created."""

from typing import Any

from flask import Response, g

from admin_gateway import requests
from admin_gateway.responses import client_keys as client_key_responses
from admin_gateway.responses.serializers import created_response, page_response
from coupon_core.domain.models import utc_now
from coupon_core.domain.rules.scopes import CLIENT_KEY_SCOPES
from coupon_core.security.authentication import require_additional_scopes
from coupon_core.services.access import client_keys
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.openapi.headers import LOCATION
from coupon_core.web.responses import json_response, no_content_response

routes = JsonBlueprint(
    "client_keys", __name__, description="Keys for other systems' SDKs"
)


@routes.route("", methods=["POST"])
@routes.response(
    201,
    client_key_responses.NewClientKeySchema,
    example=client_key_responses.NEW_CLIENT_KEY,
    headers=LOCATION,
)
@routes.arguments(
    requests.CreateClientKeySchema,
    example=client_key_responses.CREATE_CLIENT_KEY_REQUEST,
)
def create(body: dict[str, Any]) -> Response:
    """Create a client key. Its secret is shown only in this response.

    Besides `keys`, your key needs the scopes of what the client key can do: `read` for
    `playcamp_client`; `read`, `definitions`, `coupons` and `events` for
    `playcamp_server` and `mambo`.
    """
    require_additional_scopes(
        g.principal,
        CLIENT_KEY_SCOPES[body["kind"]],
        purpose=f"to create a {body['kind']} key, which can do as much",
    )
    key, secret = client_keys.create(
        g.principal.tenant_id,
        body["kind"],
        name=body["name"],
        expires_at=body.get("expires_at"),
        now=utc_now(),
    )
    return created_response(
        client_key_responses.serialize_new_client_key(key, secret), key.key_id
    )


@routes.route("")
@routes.response(
    200,
    client_key_responses.ClientKeyListSchema,
    example=client_key_responses.CLIENT_KEYS,
)
@routes.arguments(requests.ClientKeyQuerySchema, location="query")
def list_all(query: dict[str, Any]) -> Response:
    """List client keys without their secrets, newest first."""
    rows_and_total = client_keys.list_client_keys(g.principal.tenant_id, **query)
    return page_response(
        "client_keys", rows_and_total, client_key_responses.serialize_client_key
    )


@routes.route("/<client_key_id>")
@routes.response(
    200, client_key_responses.ClientKeySchema, example=client_key_responses.CLIENT_KEY
)
def get(client_key_id: str) -> Response:
    """Return a client key without its secret."""
    key = client_keys.get(g.principal.tenant_id, client_key_id)
    return json_response(client_key_responses.serialize_client_key(key))


@routes.route("/<client_key_id>/revoke", methods=["POST"])
@routes.response(
    200,
    client_key_responses.ClientKeySchema,
    example=client_key_responses.REVOKED_CLIENT_KEY,
)
def revoke(client_key_id: str) -> Response:
    """Revoke a client key immediately (idempotent)."""
    key = client_keys.revoke(g.principal.tenant_id, client_key_id, now=utc_now())
    return json_response(client_key_responses.serialize_client_key(key))


@routes.route("/<client_key_id>", methods=["DELETE"])
@routes.response(204)
def delete(client_key_id: str) -> Response:
    """Revoke a client key immediately. It stays in the list as revoked."""
    client_keys.revoke(g.principal.tenant_id, client_key_id, now=utc_now())
    return no_content_response()
