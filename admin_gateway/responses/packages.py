"""Responses for packages: schemas, serializer, examples."""

from typing import Any

from marshmallow import fields

from admin_gateway.responses.core import TIMESTAMPS
from coupon_core.domain.models.packages import PackageWithDefinition
from coupon_core.domain.timestamps import format_timestamp
from coupon_core.schemas.base import LenientSchema

Document = dict[str, Any]

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
PACKAGES = {"packages": [PACKAGE], "total": 1}


def localized_text_field() -> fields.Dict:
    """Return a field for a text in several languages, by locale."""
    return fields.Dict(values=fields.String(), required=True)


def timestamp_field(**options: Any) -> fields.DateTime:
    """Return a field for a time in UTC."""
    return fields.DateTime(required=True, **options)


class PackageSchema(LenientSchema):
    """A package; `status` is the status of its definition."""

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


class PackageListSchema(LenientSchema):
    """A page of packages, and the number of all matches."""

    packages = fields.List(fields.Nested(PackageSchema), required=True)
    total = fields.Integer(required=True)


def serialize_package(package_with_definition: PackageWithDefinition) -> Document:
    """Return a package with its limits as JSON."""
    package = package_with_definition.package
    definition = package_with_definition.definition
    return {
        "package_id": package.package_id,
        "package_no": package.package_no,
        "campaign_id": package.campaign_id,
        "definition_id": package.definition_id,
        "reward_item_id": definition.reward_item_id,
        "item_name": dict(package.item_name),
        "item_description": dict(package.item_description),
        "rewards": [dict(line) for line in package.rewards],
        "per_code_usage_limit": definition.per_code_limit,
        "cross_creator_limit": definition.per_user_limit,
        "max_total_usage": definition.total_limit,
        "is_active": package.is_active,
        "status": definition.status.value,
        "starts_at": format_timestamp(package.starts_at),
        "ends_at": format_timestamp(package.ends_at),
        "created_at": format_timestamp(package.created_at),
        "updated_at": format_timestamp(package.updated_at),
    }
