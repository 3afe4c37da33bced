"""Responses for client keys: schemas, serializers, examples."""

from dataclasses import asdict
from typing import Any

from marshmallow import fields

from coupon_core.domain.models.client_keys import ClientKey, ClientKeyKind
from coupon_core.schemas.base import Document, ResponseSchema, Serializer
from coupon_core.schemas.fields import ChoiceField, UtcDateTime
from coupon_core.schemas.response_fields import build_list_schema

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


class ClientKeySchema(ResponseSchema):
    """A key without its secret."""

    example = CLIENT_KEY

    key_id = fields.String(required=True)
    kind = ChoiceField(*ClientKeyKind, required=True)
    name = fields.String(required=True)
    created_at = UtcDateTime(required=True)
    expires_at = UtcDateTime(required=True, allow_none=True)
    revoked_at = UtcDateTime(required=True, allow_none=True)


class NewClientKeySchema(ClientKeySchema):
    """A new key with its secret; `credential` is both in the form SDKs expect."""

    example = NEW_CLIENT_KEY

    secret = fields.String(required=True)
    credential = fields.String(required=True)


ClientKeyListSchema = build_list_schema("ClientKeyList", client_keys=ClientKeySchema)
serialize_client_key: Serializer = ClientKeySchema().dump


def serialize_new_client_key(key: ClientKey, secret: str) -> Document:
    """Return a new key with its secret as JSON."""
    credential = f"{key.key_id}:{secret}"
    members = asdict(key) | {"secret": secret, "credential": credential}
    document: Document = NewClientKeySchema().dump(members)
    return document
