"""Schemas and examples of PlayCamp campaigns, creators and packages."""

from dataclasses import asdict
from typing import Any

from marshmallow import fields, pre_dump

from coupon_core.domain.models.campaigns import CampaignStatus
from coupon_core.domain.models.creators import CodeStatus, CreatorStatus
from coupon_core.domain.models.packages import PackageWithDefinition
from coupon_core.schemas.base import Document
from coupon_core.schemas.fields import ChoiceField
from coupon_core.schemas.response_fields import MillisecondsDateTime
from query_gateway.playcamp.schemas.base import (
    PlayCampSchema,
    build_list_envelope,
    build_localized_field,
    build_nullable_field,
    build_object_envelope,
    build_page_envelope,
)
from query_gateway.playcamp.schemas.coupons import EXAMPLE_NAMES, RewardLineSchema

EXAMPLE_CAMPAIGN: dict[str, Any] = {
    "campaignId": "campaign_001",
    "projectId": "your-tenant-id",
    "campaignName": {"ko": "Launch", "en": "Launch"},
    "description": {"en": "For the first month"},
    "startDate": "2024-01-01T00:00:00.000Z",
    "endDate": None,
    "status": "IN_PROGRESS",
}
EXAMPLE_CREATOR: dict[str, Any] = {
    "creatorId": 42,
    "creatorName": "Jun",
    "genre": "rpg",
    "creatorKey": "ABC12",
    "status": "ACTIVE",
}
EXAMPLE_PACKAGE: dict[str, Any] = {
    "packageId": 1,
    "packageNo": 1,
    "itemName": EXAMPLE_NAMES,
    "itemDescription": {},
    "itemId": "gem",
    "itemQuantity": 100,
    "reward": [{"itemId": "gem", "itemQuantity": 100}],
    "perCodeUsageLimit": 1,
    "crossCreatorLimit": 2,
    "maxTotalUsage": 50,
}
EXAMPLE_CREATOR_CODE = {"code": "CREATOR-ABC12-001", "packageNo": 1, "status": "ACTIVE"}
EXAMPLE_CAMPAIGN_NOT_FOUND = {
    "error": "Campaign not found",
    "message": "Campaign not found",
    "code": "NOT_FOUND",
    "request_id": "f81d4fae",
}


class PlayCampCampaignSchema(PlayCampSchema):
    """A campaign; `projectId` is the tenant ID."""

    example = EXAMPLE_CAMPAIGN

    campaignId = fields.String(required=True)
    projectId = fields.String(required=True, attribute="tenant_id")
    campaignName = build_localized_field(required=True, attribute="names")
    description = build_localized_field(required=True)
    startDate = build_nullable_field(MillisecondsDateTime, attribute="starts_at")
    endDate = build_nullable_field(MillisecondsDateTime, attribute="ends_at")
    status = ChoiceField(*CampaignStatus, required=True)


class PlayCampCreatorSchema(PlayCampSchema):
    """A creator."""

    example = EXAMPLE_CREATOR

    creatorId = fields.Integer(required=True)
    creatorName = fields.String(required=True, attribute="name")
    genre = build_nullable_field(fields.String)
    creatorKey = fields.String(required=True)
    status = ChoiceField(*CreatorStatus, required=True)


class PlayCampPackageSchema(PlayCampSchema):
    """A package; a limit of 0 means unlimited."""

    example = EXAMPLE_PACKAGE

    packageId = fields.Integer(required=True)
    packageNo = fields.Integer(required=True)
    itemName = build_localized_field(required=True)
    itemDescription = build_localized_field(required=True)
    itemId = fields.String(required=True)
    itemQuantity = fields.Integer(required=True)
    reward = fields.List(
        fields.Nested(RewardLineSchema), required=True, attribute="rewards"
    )
    perCodeUsageLimit = fields.Integer(required=True, attribute="per_code_limit")
    crossCreatorLimit = fields.Integer(required=True, attribute="per_user_limit")
    maxTotalUsage = fields.Integer(required=True, attribute="total_limit")

    @pre_dump
    def combine(self, found: PackageWithDefinition, **_: Any) -> Document:
        """Add the limits of the definition, and the first item, to the package."""
        first = found.package.rewards[0]
        return {
            **asdict(found.definition),
            **asdict(found.package),
            "item_id": first["itemId"],
            "item_quantity": first["itemQuantity"],
        }


class PlayCampCodeSchema(PlayCampSchema):
    """A code that is assigned to a creator."""

    example = EXAMPLE_CREATOR_CODE

    code = fields.String(required=True)
    packageNo = fields.Integer(required=True)
    status = ChoiceField(*CodeStatus, required=True)


CampaignResponseSchema = build_object_envelope(
    "CampaignResponse", PlayCampCampaignSchema
)
CreatorResponseSchema = build_object_envelope("CreatorResponse", PlayCampCreatorSchema)
CampaignPageSchema = build_page_envelope("CampaignPage", PlayCampCampaignSchema)
CreatorListSchema = build_list_envelope("CreatorList", PlayCampCreatorSchema)
PackageListSchema = build_list_envelope("PackageList", PlayCampPackageSchema)
CreatorCodeListSchema = build_list_envelope("CreatorCodeList", PlayCampCodeSchema)
