"""Keys of other systems' SDKs as the admin gateway shows them, each with an example."""

from typing import Any

from marshmallow import fields

from coupon_core.domain.models.client_keys import ClientKey as Key
from coupon_core.domain.models.client_keys import ClientKeyKind
from coupon_core.domain.serialization import time_text
from coupon_core.schemas.base import Tolerant
from coupon_core.schemas.fields import Choice

CLIENT_KEY_BODY = {"kind": "playcamp_server", "name": "game server"}
CLIENT_KEY: dict[str, Any] = {
    "key_id": "ak_server_3f9a5c0d1e2b4a6978877665",
    "kind": "playcamp_server",
    "name": "game server",
    "created_at": "2025-01-15T10:00:00Z",
    "expires_at": None,
    "revoked_at": None,
}
REVOKED_CLIENT_KEY = {**CLIENT_KEY, "revoked_at": "2025-01-16T10:00:00Z"}
NEW_CLIENT_KEY = {
    **CLIENT_KEY,
    "secret": "EXAMPLE-shown-only-once",
    "credential": f"{CLIENT_KEY['key_id']}:EXAMPLE-shown-only-once",
}
CLIENT_KEYS = {"client_keys": [CLIENT_KEY], "total": 1}


class ClientKey(Tolerant):
    """A key without its secret."""

    key_id = fields.String(required=True)
    kind = Choice(*ClientKeyKind, required=True)
    name = fields.String(required=True)
    created_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True, allow_none=True)
    revoked_at = fields.DateTime(required=True, allow_none=True)


class NewClientKey(ClientKey):
    """A key with its secret, this once; `credential` is both, as SDKs want them."""

    secret = fields.String(required=True)
    credential = fields.String(required=True)


class ClientKeys(Tolerant):
    """Keys and how many match in all."""

    client_keys = fields.List(fields.Nested(ClientKey), required=True)
    total = fields.Integer(required=True)


def client_key(key: Key) -> dict[str, Any]:
    """A key without its secret."""
    return {
        "key_id": key.key_id,
        "kind": key.kind.value,
        "name": key.name,
        "created_at": time_text(key.created_at),
        "expires_at": time_text(key.expires_at),
        "revoked_at": time_text(key.revoked_at),
    }


def new_client_key(key: Key, secret: str) -> dict[str, Any]:
    """A key with its secret."""
    whole = {"secret": secret, "credential": f"{key.key_id}:{secret}"}
    return {**client_key(key), **whole}
