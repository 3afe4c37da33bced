"""Response schemas and examples for reward items, definitions, coupons and keys."""

from typing import Any

from marshmallow import fields

from coupon_core.domain.models import CouponStatus, DefinitionStatus, Scope
from coupon_core.schemas import phoenix_documents
from coupon_core.schemas.base import LenientSchema
from coupon_core.schemas.fields import ChoiceField
from coupon_core.schemas.phoenix_documents import (
    EXAMPLE_COUPON,
    CouponSchema,
    CouponsSchema,
)

__all__ = ["EXAMPLE_COUPON", "CouponSchema", "CouponsSchema"]

TIMESTAMPS = {
    "created_at": "2025-01-15T10:00:00Z",
    "updated_at": "2025-01-15T10:00:00Z",
}
NEW_REWARD_ITEM = {
    name: value
    for name, value in phoenix_documents.EXAMPLE_REWARD_ITEM.items()
    if name != "item_id"
}
REWARD_ITEM = {
    **phoenix_documents.EXAMPLE_REWARD_ITEM,
    "tenant_id": "your-tenant-id",
    **TIMESTAMPS,
}
REWARD_ITEMS = {"reward_items": [REWARD_ITEM], "total": 1}


class AdminRewardItemSchema(phoenix_documents.RewardItemSchema):
    """A reward item with the members that only admins see."""

    tenant_id = fields.String(required=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


class RewardItemListSchema(LenientSchema):
    """A page of reward items, and the number of all matches."""

    reward_items = fields.List(fields.Nested(AdminRewardItemSchema), required=True)
    total = fields.Integer(required=True)


DEFINITION = {**phoenix_documents.EXAMPLE_DEFINITION, **TIMESTAMPS}
PAUSED_DEFINITION = {**DEFINITION, "status": "paused"}
ARCHIVED_DEFINITION = {**DEFINITION, "status": "archived"}
DEFINITIONS = {"definitions": [DEFINITION], "total": 1}
NEW_DEFINITION = {name: DEFINITION[name] for name in ("name", "description", "config")}
DEFINITION_CHANGES: dict[str, Any] = {
    "description": "Now for a week",
    "config": {"expires_at": "2025-01-22T10:00:00Z", "code_prefix": None},
}


class DefinitionSchema(LenientSchema):
    """A definition with the members that only admins see."""

    id = fields.UUID(required=True)
    tenant_id = fields.String(required=True)
    name = fields.String(required=True)
    description = fields.String(required=True)
    config = fields.Dict(
        required=True,
        metadata={
            "description": "As sent, with defaults; unset members are absent.",
            "title": "StoredDefinitionConfig",  # clients name the type after it
        },
    )
    status = ChoiceField(*DefinitionStatus, required=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


class DefinitionListSchema(LenientSchema):
    """A page of definitions, and the number of all matches."""

    definitions = fields.List(fields.Nested(DefinitionSchema), required=True)
    total = fields.Integer(required=True)


DEFINITION_STATS = {
    "definition_id": DEFINITION["id"],
    "coupons": {"active": 60, "redeemed": 35, "expired": 4, "revoked": 1},
    "total": 100,
    "redemptions": 35,
}


class DefinitionStatsSchema(LenientSchema):
    """The coupons of a definition, counted by status."""

    definition_id = fields.UUID(required=True)
    coupons = fields.Dict(
        keys=ChoiceField(*CouponStatus), values=fields.Integer(), required=True
    )
    total = fields.Integer(required=True)
    redemptions = fields.Integer(required=True)


REVOKED_COUPON = {**EXAMPLE_COUPON, "status": "revoked"}
COUPONS = {"coupons": [EXAMPLE_COUPON], "total": 1}
GENERATED_COUPONS = {**COUPONS, "generated": 1}


class GeneratedCouponsSchema(CouponsSchema):
    """The requested coupons; `generated` counts the new ones."""

    generated = fields.Integer(required=True)


API_KEY: dict[str, Any] = {
    "key_id": "880e8400-e29b-41d4-a716-446655440003",
    "name": "CI",
    "scopes": ["read"],
    "created_at": "2025-01-15T10:00:00Z",
    "expires_at": None,
    "revoked_at": None,
}
REVOKED_API_KEY = {**API_KEY, "revoked_at": "2025-01-16T10:00:00Z"}
NEW_API_KEY = {**API_KEY, "api_key": "pk_EXAMPLE-shown-only-once"}
API_KEYS = {"api_keys": [API_KEY], "total": 1}


class ApiKeySchema(LenientSchema):
    """An API key without the key itself."""

    key_id = fields.UUID(required=True)
    name = fields.String(required=True)
    scopes = fields.List(ChoiceField(*Scope), required=True)
    created_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True, allow_none=True)
    revoked_at = fields.DateTime(required=True, allow_none=True)


class NewApiKeySchema(ApiKeySchema):
    """A new API key with the key itself, which is shown once."""

    api_key = fields.String(required=True)


class ApiKeyListSchema(LenientSchema):
    """A page of API keys, and the number of all."""

    api_keys = fields.List(fields.Nested(ApiKeySchema), required=True)
    total = fields.Integer(required=True)


SECRET = {
    "secret_id": "990e8400-e29b-41d4-a716-446655440004",
    "created_at": "2025-01-15T10:00:00Z",
}
SECRETS = {"secrets": [SECRET], "total": 1}
NEW_SECRET = {**SECRET, "tenant_secret": "ts_EXAMPLE-shown-only-once"}


class TenantSecretSchema(LenientSchema):
    """A tenant's secret without the secret itself."""

    secret_id = fields.UUID(required=True)
    created_at = fields.DateTime(required=True)


class NewTenantSecretSchema(TenantSecretSchema):
    """A new tenant secret with the secret itself, which is shown once."""

    tenant_secret = fields.String(required=True)


class TenantSecretListSchema(LenientSchema):
    """The active secrets, and their number."""

    secrets = fields.List(fields.Nested(TenantSecretSchema), required=True)
    total = fields.Integer(required=True)
