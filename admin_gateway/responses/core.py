"""How answers stand in the OpenAPI document: their shapes, each with an example."""

from typing import Any

from marshmallow import fields

from coupon_core.domain.models import CouponStatus, DefinitionStatus, Scope
from coupon_core.schemas import phoenix_documents
from coupon_core.schemas.base import Tolerant
from coupon_core.schemas.fields import Choice
from coupon_core.schemas.phoenix_documents import COUPON, Coupon, Coupons

__all__ = ["COUPON", "Coupon", "Coupons"]

TIMES = {"created_at": "2025-01-15T10:00:00Z", "updated_at": "2025-01-15T10:00:00Z"}
NEW_REWARD_ITEM = {
    k: v for k, v in phoenix_documents.REWARD_ITEM.items() if k != "item_id"
}
REWARD_ITEM = {**phoenix_documents.REWARD_ITEM, "tenant_id": "your-tenant-id", **TIMES}
REWARD_ITEMS = {"reward_items": [REWARD_ITEM], "total": 1}


class WholeRewardItem(phoenix_documents.RewardItem):
    """A reward item as admins see it."""

    tenant_id = fields.String(required=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


class RewardItems(Tolerant):
    """Reward items and how many match in all."""

    reward_items = fields.List(fields.Nested(WholeRewardItem), required=True)
    total = fields.Integer(required=True)


DEFINITION = {**phoenix_documents.DEFINITION, **TIMES}
PAUSED = {**DEFINITION, "status": "paused"}
ARCHIVED = {**DEFINITION, "status": "archived"}
DEFINITIONS = {"definitions": [DEFINITION], "total": 1}
NEW_DEFINITION = {k: DEFINITION[k] for k in ("name", "description", "config")}
DEFINITION_CHANGES: dict[str, Any] = {
    "description": "Now for a week",
    "config": {"expires_at": "2025-01-22T10:00:00Z", "code_prefix": None},
}


class Definition(Tolerant):
    """A definition as admins see it."""

    id = fields.UUID(required=True)
    tenant_id = fields.String(required=True)
    name = fields.String(required=True)
    description = fields.String(required=True)
    config = fields.Dict(
        required=True,
        metadata={"description": "As sent, with defaults; what is unset is absent."},
    )
    status = Choice(*DefinitionStatus, required=True)
    created_at = fields.DateTime(required=True)
    updated_at = fields.DateTime(required=True)


class Definitions(Tolerant):
    """Definitions and how many match in all."""

    definitions = fields.List(fields.Nested(Definition), required=True)
    total = fields.Integer(required=True)


STATS = {
    "definition_id": DEFINITION["id"],
    "coupons": {"active": 60, "redeemed": 35, "expired": 4, "revoked": 1},
    "total": 100,
    "redemptions": 35,
}


class Stats(Tolerant):
    """How the coupons of a definition stand."""

    definition_id = fields.UUID(required=True)
    coupons = fields.Dict(
        keys=Choice(*CouponStatus), values=fields.Integer(), required=True
    )
    total = fields.Integer(required=True)
    redemptions = fields.Integer(required=True)


REVOKED = {**COUPON, "status": "revoked"}
COUPONS = {"coupons": [COUPON], "total": 1}
GENERATED = {**COUPONS, "generated": 1}


class Generated(Coupons):
    """The coupons asked for; `generated` counts those that are new."""

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


class ApiKey(Tolerant):
    """An API key without the key itself."""

    key_id = fields.UUID(required=True)
    name = fields.String(required=True)
    scopes = fields.List(Choice(*Scope), required=True)
    created_at = fields.DateTime(required=True)
    expires_at = fields.DateTime(required=True, allow_none=True)
    revoked_at = fields.DateTime(required=True, allow_none=True)


class NewApiKey(ApiKey):
    """An API key with the key itself, this once."""

    api_key = fields.String(required=True)


class ApiKeys(Tolerant):
    """API keys and how many there are in all."""

    api_keys = fields.List(fields.Nested(ApiKey), required=True)
    total = fields.Integer(required=True)


SECRET = {
    "secret_id": "990e8400-e29b-41d4-a716-446655440004",
    "created_at": "2025-01-15T10:00:00Z",
}
SECRETS = {"secrets": [SECRET], "total": 1}
NEW_SECRET = {**SECRET, "tenant_secret": "ts_EXAMPLE-shown-only-once"}


class Secret(Tolerant):
    """A tenant's secret without the secret itself."""

    secret_id = fields.UUID(required=True)
    created_at = fields.DateTime(required=True)


class NewSecret(Secret):
    """A tenant's secret with the secret itself, this once."""

    tenant_secret = fields.String(required=True)


class Secrets(Tolerant):
    """The active secrets and how many there are."""

    secrets = fields.List(fields.Nested(Secret), required=True)
    total = fields.Integer(required=True)
