"""Schemas and examples of PlayCamp campaigns, creators and packages."""

from typing import Any

from marshmallow import fields

from coupon_core.domain.models.campaigns import CampaignStatus
from coupon_core.domain.models.creators import CodeStatus, CreatorStatus
from coupon_core.schemas.base import LenientSchema
from coupon_core.schemas.fields import ChoiceField
from query_gateway.playcamp.schemas.coupons import (
    EXAMPLE_NAMES,
    EXAMPLE_PAGINATION,
    RewardLineSchema,
    build_list_envelope,
    build_localized_field,
    build_nullable_field,
    build_object_envelope,
    build_page_envelope,
)

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
EXAMPLE_CAMPAIGN_PAGE = {"data": [EXAMPLE_CAMPAIGN], "pagination": EXAMPLE_PAGINATION}
EXAMPLE_CREATOR_LIST = {"data": [EXAMPLE_CREATOR]}
EXAMPLE_PACKAGE_LIST = {"data": [EXAMPLE_PACKAGE]}
EXAMPLE_CREATOR_CODE_LIST = {"data": [EXAMPLE_CREATOR_CODE]}
EXAMPLE_CAMPAIGN_NOT_FOUND = {
    "error": "Campaign not found",
    "message": "Campaign not found",
    "code": "NOT_FOUND",
    "request_id": "f81d4fae",
}


class PlayCampCampaignSchema(LenientSchema):
    """A campaign."""

    campaignId = fields.String(required=True)
    projectId = fields.String(required=True)
    campaignName = build_localized_field(required=True)
    description = build_localized_field(required=True)
    startDate = build_nullable_field(fields.DateTime)
    endDate = build_nullable_field(fields.DateTime)
    status = ChoiceField(*CampaignStatus, required=True)


class PlayCampCreatorSchema(LenientSchema):
    """A creator."""

    creatorId = fields.Integer(required=True)
    creatorName = fields.String(required=True)
    genre = build_nullable_field(fields.String)
    creatorKey = fields.String(required=True)
    status = ChoiceField(*CreatorStatus, required=True)


class PlayCampPackageSchema(LenientSchema):
    """A package; a limit of 0 means unlimited."""

    packageId = fields.Integer(required=True)
    packageNo = fields.Integer(required=True)
    itemName = build_localized_field(required=True)
    itemDescription = build_localized_field(required=True)
    itemId = fields.String(required=True)
    itemQuantity = fields.Integer(required=True)
    reward = fields.List(fields.Nested(RewardLineSchema), required=True)
    perCodeUsageLimit = fields.Integer(required=True)
    crossCreatorLimit = fields.Integer(required=True)
    maxTotalUsage = fields.Integer(required=True)


class PlayCampCodeSchema(LenientSchema):
    """A code that is assigned to a creator."""

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
