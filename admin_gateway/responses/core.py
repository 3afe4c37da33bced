"""Response schemas and examples for reward items, definitions, coupons and keys."""

from dataclasses import asdict
from typing import Any

from marshmallow import fields, pre_dump

from coupon_core.domain.models import CouponStatus, Definition, DefinitionStatus, Scope
from coupon_core.domain.serialization import serialize_definition_config
from coupon_core.schemas import phoenix_documents
from coupon_core.schemas.base import Document, ResponseSchema, Serializer
from coupon_core.schemas.fields import ChoiceField, UtcDateTime
from coupon_core.schemas.metadata import MetadataField
from coupon_core.schemas.phoenix_documents import (
    EXAMPLE_COUPON,
    CouponSchema,
    CouponsSchema,
)
from coupon_core.schemas.response_fields import (
    NullableString,
    SortedList,
    build_list_schema,
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
    "metadata": {"season": "winter"},
    **TIMESTAMPS,
}


class AdminRewardItemSchema(phoenix_documents.RewardItemSchema):
    """A reward item with the members that only admins see."""

    class Meta(ResponseSchema.Meta):
        """Show the IDs first."""

        fields = ("item_id", "tenant_id", *NEW_REWARD_ITEM, "metadata", *TIMESTAMPS)

    example = REWARD_ITEM

    tenant_id = fields.String(required=True)
    metadata = MetadataField(required=True)
    created_at = UtcDateTime(required=True)
    updated_at = UtcDateTime(required=True)


RewardItemListSchema = build_list_schema(
    "RewardItemList", reward_items=AdminRewardItemSchema
)
serialize_reward_item_for_admin: Serializer = AdminRewardItemSchema().dump

SUSPENDED_AT = {"suspended_at": "2025-01-16T10:00:00Z"}
LIMITS = {"per_code": 1, "per_user": None, "total": None, "per_user_period": None}
DEFINITION = {
    **phoenix_documents.EXAMPLE_DEFINITION,
    "config": {**phoenix_documents.EXAMPLE_DEFINITION["config"], "limits": LIMITS},
    "metadata": {"season": "winter"},
    "campaign_id": None,
    "suspended_at": None,
    **TIMESTAMPS,
}
PAUSED_DEFINITION = {**DEFINITION, "status": "paused"}
ARCHIVED_DEFINITION = {**DEFINITION, "status": "archived"}
SUSPENDED_DEFINITION = {**DEFINITION, **SUSPENDED_AT}
NEW_DEFINITION = {name: DEFINITION[name] for name in ("name", "description", "config")}
DEFINITION_CHANGES: dict[str, Any] = {
    "description": "Now for a week",
    "config": {"expires_at": "2025-01-22T10:00:00Z", "code_prefix": None},
}


class DefinitionSchema(ResponseSchema):
    """A definition with the members that only admins see."""

    example = DEFINITION

    id = fields.UUID(required=True, attribute="definition_id")
    tenant_id = fields.String(required=True)
    name = fields.String(required=True)
    description = fields.String(required=True)
    campaign_id = NullableString()
    config = fields.Dict(
        required=True,
        metadata={
            "description": "As sent, with defaults; unset members are absent.",
            "title": "StoredDefinitionConfig",  # clients name the type after it
        },
    )
    status = ChoiceField(
        *DefinitionStatus,
        required=True,
        attribute="effective_status",
        metadata={"description": "Archived, too, while its campaign has ended."},
    )
    metadata = MetadataField(required=True)
    suspended_at = UtcDateTime(required=True, allow_none=True)
    created_at = UtcDateTime(required=True)
    updated_at = UtcDateTime(required=True)

    @pre_dump
    def add_config(self, definition: Definition, **_: Any) -> Document:
        """Add the configuration in the form of the requests."""
        config = serialize_definition_config(definition)
        return asdict(definition) | {
            "config": config,
            "effective_status": definition.effective_status,
        }


DefinitionListSchema = build_list_schema("DefinitionList", definitions=DefinitionSchema)
serialize_definition_for_admin: Serializer = DefinitionSchema().dump

DEFINITION_STATS = {
    "definition_id": DEFINITION["id"],
    "coupons": {"active": 60, "redeemed": 35, "expired": 4, "revoked": 1},
    "total": 100,
    "redemptions": 35,
}


class DefinitionStatsSchema(ResponseSchema):
    """The coupons of a definition, counted by status."""

    example = DEFINITION_STATS

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

    example = GENERATED_COUPONS

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
OWN_API_KEY = {"tenant_id": "acme", **API_KEY}
NEW_API_KEY = {**API_KEY, "api_key": "pk_EXAMPLE-shown-only-once"}


class ApiKeySchema(ResponseSchema):
    """An API key without the key itself."""

    example = API_KEY

    key_id = fields.UUID(required=True)
    name = fields.String(required=True)
    scopes = SortedList(ChoiceField(*Scope), required=True)
    created_at = UtcDateTime(required=True)
    expires_at = UtcDateTime(required=True, allow_none=True)
    revoked_at = UtcDateTime(required=True, allow_none=True)


class OwnApiKeySchema(ApiKeySchema):
    """The API key of the caller, and the tenant that it belongs to."""

    example = OWN_API_KEY

    tenant_id = fields.String(required=True)


class NewApiKeySchema(ApiKeySchema):
    """A new API key with the key itself, which is shown once."""

    example = NEW_API_KEY

    api_key = fields.String(required=True)


ApiKeyListSchema = build_list_schema("ApiKeyList", api_keys=ApiKeySchema)
serialize_api_key: Serializer = ApiKeySchema().dump

SECRET = {
    "secret_id": "990e8400-e29b-41d4-a716-446655440004",
    "created_at": "2025-01-15T10:00:00Z",
}
NEW_SECRET = {**SECRET, "tenant_secret": "ts_EXAMPLE-shown-only-once"}


class TenantSecretSchema(ResponseSchema):
    """A tenant's secret without the secret itself."""

    example = SECRET

    secret_id = fields.UUID(required=True)
    created_at = UtcDateTime(required=True)


class NewTenantSecretSchema(TenantSecretSchema):
    """A new tenant secret with the secret itself, which is shown once."""

    example = NEW_SECRET

    tenant_secret = fields.String(required=True, attribute="secret")


TenantSecretListSchema = build_list_schema(
    "TenantSecretList", secrets=TenantSecretSchema
)
