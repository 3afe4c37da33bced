"""How PlayCamp's answers stand in the OpenAPI document: shapes and examples."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from coupon_core.model.campaigns import CampaignStatus
from coupon_core.model.creators import CodeStatus, CreatorStatus
from coupon_core.web.blueprints import Error
from coupon_core.web.fields import Choice
from coupon_core.web.schemas import Tolerant

# The examples of the document S3, with what other pages of the vendor add.
VALIDATE = {"couponCode": "CREATOR-ABC12-001", "userId": "user_12345"}
REDEEM = {**VALIDATE, "callbackId": "order-77"}
NAME = {"ko": "Welcome Package", "en": "Welcome Package"}
GRANTED: dict[str, Any] = {
    "reward": [{"itemId": "gem", "itemQuantity": 100}],
    "packageName": NAME,
    "itemName": NAME,
    "creatorKey": "ABC12",
    "campaignId": "campaign_001",
}
VALID = {"valid": True, "couponCode": "CREATOR-ABC12-001", **GRANTED}
INVALID = {
    "valid": False,
    "couponCode": "INVALID-CODE",
    "errorCode": "COUPON_NOT_FOUND",
    "errorMessage": "Coupon not found",
}
VALIDATIONS: Mapping[str, Any] = {
    "valid": {"value": {"data": VALID}},
    "invalid": {"value": {"data": INVALID}},
}
REDEEMED: dict[str, Any] = {
    "success": True,
    "usageId": 5678,
    "couponCode": "CREATOR-ABC12-001",
    "userId": "user_12345",
    "packageId": 1,
    "quantity": 100,
    **GRANTED,
    "redeemedAt": "2024-01-15T10:30:00.000Z",
}
NOT_FOUND = {
    "error": "Coupon not found",
    "message": "Coupon not found",
    "code": "COUPON_NOT_FOUND",
    "errorCode": "COUPON_NOT_FOUND",
    "errorMessage": "Coupon not found",
    "request_id": "f81d4fae",
}
EXPIRED = {
    "error": "Coupon has expired",
    "message": "Coupon has expired",
    "code": "COUPON_EXPIRED",
    "errorCode": "COUPON_EXPIRED",
    "errorMessage": "Coupon has expired",
    "request_id": "f81d4fae",
}
NO_CAMPAIGN = {
    "error": "Campaign not found",
    "message": "Campaign not found",
    "code": "NOT_FOUND",
    "request_id": "f81d4fae",
}
CODE_USE = {
    "id": 5678,
    "userId": "user_12345",
    "couponCode": "CREATOR-ABC12-001",
    "packageId": 1,
    "campaignId": "campaign_001",
    "creatorKey": "ABC12",
    "usedAt": "2024-01-15T10:30:00.000Z",
    "rewardDelivered": True,
    "rewardDeliveredAt": "2024-01-15T10:30:00.000Z",
}
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
PAGINATION = {"page": 1, "limit": 20, "total": 1, "totalPages": 1}
CODE_USES = {"data": [CODE_USE], "pagination": PAGINATION}
CAMPAIGNS = {"data": [CAMPAIGN], "pagination": PAGINATION}
CREATORS, PACKAGES = {"data": [CREATOR]}, {"data": [PACKAGE]}
CREATOR_CODES = {"data": [CREATOR_CODE]}


def _texts(**options: Any) -> fields.Dict:
    about = {"description": "The text in each language, by locale."}
    return fields.Dict(values=fields.String(), metadata=about, **options)


def maybe(field: type[fields.Field[Any]]) -> fields.Field[Any]:
    """A member that is always there, and null when there is nothing to tell."""
    return field(required=True, allow_none=True)


class RewardLine(Tolerant):
    """One thing that is granted, and how much of it."""

    itemId = fields.String(required=True)
    itemQuantity = fields.Integer(required=True)
    itemName = _texts()
    itemImageUrl = fields.String()


class CodeValidation(Tolerant):
    """Whether a code can be redeemed, and what for; or why not."""

    valid = fields.Boolean(required=True)
    couponCode = fields.String(required=True)
    reward = fields.List(fields.Nested(RewardLine))
    packageName = _texts()
    itemName = _texts()
    creatorKey = fields.String(allow_none=True)
    campaignId = fields.String(allow_none=True)
    errorCode = fields.String()
    errorMessage = fields.String()


class CodeRedeemed(Tolerant):
    """A use of a code."""

    success = fields.Boolean(required=True)
    usageId = fields.Integer(required=True)
    couponCode = fields.String(required=True)
    userId = fields.String(required=True)
    packageId = maybe(fields.Integer)
    quantity = fields.Integer(required=True)
    reward = fields.List(fields.Nested(RewardLine), required=True)
    packageName = _texts(required=True)
    itemName = _texts(required=True)
    creatorKey = maybe(fields.String)
    campaignId = maybe(fields.String)
    redeemedAt = fields.DateTime(required=True)


class CouponError(Error):
    """Why a code was not redeemed; other errors have neither of the two."""

    errorCode = fields.String()
    errorMessage = fields.String()


class CodeUse(Tolerant):
    """One use in a user's history."""

    id = fields.Integer(required=True)
    userId = fields.String(required=True)
    couponCode = fields.String(required=True)
    packageId = maybe(fields.Integer)
    campaignId = maybe(fields.String)
    creatorKey = maybe(fields.String)
    usedAt = fields.DateTime(required=True)
    rewardDelivered = fields.Boolean(required=True)
    rewardDeliveredAt = maybe(fields.DateTime)


class PlayCampCampaign(Tolerant):
    """A campaign."""

    campaignId = fields.String(required=True)
    projectId = fields.String(required=True)
    campaignName = _texts(required=True)
    description = _texts(required=True)
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
    itemName = _texts(required=True)
    itemDescription = _texts(required=True)
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


class Pagination(Tolerant):
    """Where in a list a page is."""

    page = fields.Integer(required=True)
    limit = fields.Integer(required=True)
    total = fields.Integer(required=True)
    totalPages = fields.Integer(required=True)


def in_one(name: str, schema: type[Tolerant]) -> type[Tolerant]:
    """The envelope of one object."""
    return Tolerant.from_dict({"data": fields.Nested(schema, required=True)}, name=name)


def in_all(name: str, schema: type[Tolerant], **more: Any) -> type[Tolerant]:
    """The envelope of a list."""
    rows = fields.List(fields.Nested(schema), required=True)
    return Tolerant.from_dict({"data": rows, **more}, name=name)


def in_pages(name: str, schema: type[Tolerant]) -> type[Tolerant]:
    """The envelope of a page of a list."""
    return in_all(name, schema, pagination=fields.Nested(Pagination, required=True))


OneValidation = in_one("OneValidation", CodeValidation)
OneRedeemed = in_one("OneRedeemed", CodeRedeemed)
OneCampaign = in_one("OneCampaign", PlayCampCampaign)
OneCreator = in_one("OneCreator", PlayCampCreator)
CodeUses = in_pages("CodeUses", CodeUse)
Campaigns = in_pages("PlayCampCampaigns", PlayCampCampaign)
Creators = in_all("PlayCampCreators", PlayCampCreator)
Packages = in_all("PlayCampPackages", PlayCampPackage)
CreatorCodes = in_all("PlayCampCodes", PlayCampCode)
