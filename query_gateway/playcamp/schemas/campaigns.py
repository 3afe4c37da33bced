"""How PlayCamp's campaigns, creators and packages are documented, with examples."""

from typing import Any

from marshmallow import fields

from coupon_core.domain.models.campaigns import CampaignStatus
from coupon_core.domain.models.creators import CodeStatus, CreatorStatus
from coupon_core.schemas.base import Tolerant
from coupon_core.schemas.fields import Choice
from query_gateway.playcamp.schemas.coupons import (
    NAME,
    PAGINATION,
    RewardLine,
    in_all,
    in_one,
    in_pages,
    maybe,
    texts,
)

CAMPAIGN: dict[str, Any] = {
    "campaignId": "campaign_001",
    "projectId": "your-tenant-id",
    "campaignName": {"ko": "Launch", "en": "Launch"},
    "description": {"en": "For the first month"},
    "startDate": "2024-01-01T00:00:00.000Z",
    "endDate": None,
    "status": "IN_PROGRESS",
}
CREATOR: dict[str, Any] = {
    "creatorId": 42,
    "creatorName": "Jun",
    "genre": "rpg",
    "creatorKey": "ABC12",
    "status": "ACTIVE",
}
PACKAGE: dict[str, Any] = {
    "packageId": 1,
    "packageNo": 1,
    "itemName": NAME,
    "itemDescription": {},
    "itemId": "gem",
    "itemQuantity": 100,
    "reward": [{"itemId": "gem", "itemQuantity": 100}],
    "perCodeUsageLimit": 1,
    "crossCreatorLimit": 2,
    "maxTotalUsage": 50,
}
CREATOR_CODE = {"code": "CREATOR-ABC12-001", "packageNo": 1, "status": "ACTIVE"}
CAMPAIGNS = {"data": [CAMPAIGN], "pagination": PAGINATION}
CREATORS, PACKAGES = {"data": [CREATOR]}, {"data": [PACKAGE]}
CREATOR_CODES = {"data": [CREATOR_CODE]}
NO_CAMPAIGN = {
    "error": "Campaign not found",
    "message": "Campaign not found",
    "code": "NOT_FOUND",
    "request_id": "f81d4fae",
}


class PlayCampCampaign(Tolerant):
    """A campaign."""

    campaignId = fields.String(required=True)
    projectId = fields.String(required=True)
    campaignName = texts(required=True)
    description = texts(required=True)
    startDate = maybe(fields.DateTime)
    endDate = maybe(fields.DateTime)
    status = Choice(*CampaignStatus, required=True)


class PlayCampCreator(Tolerant):
    """A creator."""

    creatorId = fields.Integer(required=True)
    creatorName = fields.String(required=True)
    genre = maybe(fields.String)
    creatorKey = fields.String(required=True)
    status = Choice(*CreatorStatus, required=True)


class PlayCampPackage(Tolerant):
    """A package; a limit of 0 is none."""

    packageId = fields.Integer(required=True)
    packageNo = fields.Integer(required=True)
    itemName = texts(required=True)
    itemDescription = texts(required=True)
    itemId = fields.String(required=True)
    itemQuantity = fields.Integer(required=True)
    reward = fields.List(fields.Nested(RewardLine), required=True)
    perCodeUsageLimit = fields.Integer(required=True)
    crossCreatorLimit = fields.Integer(required=True)
    maxTotalUsage = fields.Integer(required=True)


class PlayCampCode(Tolerant):
    """A code in a creator's hands."""

    code = fields.String(required=True)
    packageNo = fields.Integer(required=True)
    status = Choice(*CodeStatus, required=True)


OneCampaign = in_one("OneCampaign", PlayCampCampaign)
OneCreator = in_one("OneCreator", PlayCampCreator)
Campaigns = in_pages("PlayCampCampaigns", PlayCampCampaign)
Creators = in_all("PlayCampCreators", PlayCampCreator)
Packages = in_all("PlayCampPackages", PlayCampPackage)
CreatorCodes = in_all("PlayCampCodes", PlayCampCode)
