"""Responses for packages: schemas, serializer, examples."""

from dataclasses import asdict
from typing import Any

from marshmallow import fields, pre_dump

from admin_gateway.responses.core import TIMESTAMPS
from coupon_core.domain.models.packages import PackageWithDefinition
from coupon_core.schemas.base import Document, ResponseSchema, Serializer
from coupon_core.schemas.fields import UtcDateTime
from coupon_core.schemas.response_fields import build_list_schema

NEW_PACKAGE: Document = {
    "item_name": {"en": "Welcome Package", "ko": "웰컴 패키지"},
    "item_description": {"en": "A hundred gems"},
    "rewards": [{"itemId": "gem", "itemQuantity": 100}],
    "per_code_usage_limit": 1,
    "cross_creator_limit": 2,
    "max_total_usage": 5000,
}
PACKAGE: Document = {
    "package_id": 245171710987746,
    "package_no": 1,
    "campaign_id": "campaign_001",
    "definition_id": "660e8400-e29b-41d4-a716-446655440001",
    "reward_item_id": "550e8400-e29b-41d4-a716-446655440000",
    **NEW_PACKAGE,
    "is_active": True,
    "status": "active",
    "starts_at": None,
    "ends_at": None,
    **TIMESTAMPS,
}


def localized_text_field() -> fields.Dict:
    """Return a field for a text in several languages, by locale."""
    return fields.Dict(values=fields.String(), required=True)


def timestamp_field(**options: Any) -> UtcDateTime:
    """Return a field for a time in UTC."""
    return UtcDateTime(required=True, **options)


class PackageSchema(ResponseSchema):
    """A package; `status` is the status of its definition."""

    example = PACKAGE

    package_id = fields.Integer(required=True)
    package_no = fields.Integer(required=True)
    campaign_id = fields.String(required=True)
    definition_id = fields.UUID(required=True)
    reward_item_id = fields.UUID(required=True)
    item_name = localized_text_field()
    item_description = localized_text_field()
    rewards = fields.List(fields.Dict(), required=True)
    per_code_usage_limit = fields.Integer(required=True)
    cross_creator_limit = fields.Integer(required=True)
    max_total_usage = fields.Integer(required=True)
    is_active = fields.Boolean(required=True)
    status = fields.String(required=True)
    starts_at = timestamp_field(allow_none=True)
    ends_at = timestamp_field(allow_none=True)
    created_at = timestamp_field()
    updated_at = timestamp_field()

    @pre_dump
    def combine(self, found: PackageWithDefinition, **_: Any) -> Document:
        """Add the limits and the status of the definition to the package."""
        definition = found.definition
        return asdict(found.package) | {
            "reward_item_id": definition.reward_item_id,
            "per_code_usage_limit": definition.per_code_limit,
            "cross_creator_limit": definition.per_user_limit,
            "max_total_usage": definition.total_limit,
            "status": definition.effective_status,
        }


PackageListSchema = build_list_schema("PackageList", packages=PackageSchema)
serialize_package: Serializer = PackageSchema().dump
