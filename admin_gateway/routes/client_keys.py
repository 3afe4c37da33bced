"""Routes for client keys; a secret is shown once, when it is created."""

from typing import Any

from flask import Response, g

from admin_gateway.requests.client_keys import (
    ClientKeyQuerySchema,
    CreateClientKeySchema,
)
from admin_gateway.responses.client_keys import (
    CREATE_CLIENT_KEY_REQUEST,
    REVOKED_CLIENT_KEY,
    ClientKeyListSchema,
    ClientKeySchema,
    NewClientKeySchema,
    serialize_new_client_key,
)
from admin_gateway.responses.serializers import build_location_header, to_page
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.client_keys import ClientKey
from coupon_core.domain.rules.scopes import CLIENT_KEY_SCOPES
from coupon_core.schemas.base import Document
from coupon_core.security.authentication import require_additional_scopes
from coupon_core.services.access import client_keys
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.openapi.headers import LOCATION
from coupon_core.web.responses import json_response, no_content_response

routes = JsonBlueprint(
    "client_keys", __name__, description="Keys for other systems' SDKs"
)


@routes.route("", methods=["POST"])
@routes.response(201, NewClientKeySchema, headers=LOCATION)
@routes.arguments(
    CreateClientKeySchema,
    example=CREATE_CLIENT_KEY_REQUEST,
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
    return json_response(
        serialize_new_client_key(key, secret),
        201,
        headers=build_location_header(key.key_id),
    )


@routes.route("")
@routes.response(200, ClientKeyListSchema)
@routes.arguments(ClientKeyQuerySchema, location="query")
def list_all(query: dict[str, Any]) -> Document:
    """List client keys without their secrets, newest first."""
    return to_page(
        "client_keys", client_keys.list_client_keys(g.principal.tenant_id, **query)
    )


@routes.route("/<client_key_id>")
@routes.response(200, ClientKeySchema)
def get(client_key_id: str) -> ClientKey:
    """Return a client key without its secret."""
    return client_keys.get(g.principal.tenant_id, client_key_id)


@routes.route("/<client_key_id>/revoke", methods=["POST"])
@routes.response(200, ClientKeySchema, example=REVOKED_CLIENT_KEY)
def revoke(client_key_id: str) -> ClientKey:
    """Revoke a client key immediately (idempotent)."""
    return client_keys.revoke(g.principal.tenant_id, client_key_id, now=utc_now())


@routes.route("/<client_key_id>", methods=["DELETE"])
@routes.response(204)
def delete(client_key_id: str) -> Response:
    """Revoke a client key immediately. It stays in the list as revoked."""
    client_keys.revoke(g.principal.tenant_id, client_key_id, now=utc_now())
    return no_content_response()
