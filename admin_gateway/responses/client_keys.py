"""Responses for client keys: schemas, serializers, examples."""

from typing import Any

from marshmallow import fields

from coupon_core.domain.models.client_keys import ClientKey, ClientKeyKind
from coupon_core.domain.timestamps import format_timestamp
from coupon_core.schemas.base import LenientSchema
from coupon_core.schemas.fields import ChoiceField

CREATE_CLIENT_KEY_REQUEST = {"kind": "playcamp_server", "name": "game server"}
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


class ClientKeySchema(LenientSchema):
    """A key without its secret."""

    key_id = fields.String(required=True)
    kind = ChoiceField(*ClientKeyKind, required=True)
    name = fields.String(required=True)
    created_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True, allow_none=True)
    revoked_at = fields.DateTime(required=True, allow_none=True)


class NewClientKeySchema(ClientKeySchema):
    """A new key with its secret; `credential` is both in the form SDKs expect."""

    secret = fields.String(required=True)
    credential = fields.String(required=True)


class ClientKeyListSchema(LenientSchema):
    """A page of keys, and the number of all matches."""

    client_keys = fields.List(fields.Nested(ClientKeySchema), required=True)
    total = fields.Integer(required=True)


def serialize_client_key(key: ClientKey) -> dict[str, Any]:
    """Return a key without its secret as JSON."""
    return {
        "key_id": key.key_id,
        "kind": key.kind.value,
        "name": key.name,
        "created_at": format_timestamp(key.created_at),
        "expires_at": format_timestamp(key.expires_at),
        "revoked_at": format_timestamp(key.revoked_at),
    }


def serialize_new_client_key(key: ClientKey, secret: str) -> dict[str, Any]:
    """Return a new key with its secret as JSON."""
    secret_members = {"secret": secret, "credential": f"{key.key_id}:{secret}"}
    return {**serialize_client_key(key), **secret_members}
