"""Responses for campaigns, creators and their codes."""

from typing import Any

from marshmallow import fields

from admin_gateway.responses.core import TIMESTAMPS
from admin_gateway.responses.packages import (
    PACKAGE,
    localized_text_field,
    timestamp_field,
)
from coupon_core.domain.models import campaigns as campaign_models
from coupon_core.domain.models.creators import (
    CodeStatus,
    Creator,
    CreatorCode,
    CreatorStatus,
)
from coupon_core.domain.timestamps import format_timestamp
from coupon_core.schemas.base import LenientSchema
from coupon_core.schemas.fields import ChoiceField

Document = dict[str, Any]

NEW_CAMPAIGN: Document = {
    "campaign_id": "campaign_001",
    "names": {"en": "Launch", "ko": "런칭"},
    "description": {"en": "For the first month"},
    "status": "IN_PROGRESS",
    "starts_at": "2025-01-15T10:00:00Z",
    "ends_at": "2026-01-15T10:00:00Z",
}
CAMPAIGN = {"tenant_id": "your-tenant-id", **NEW_CAMPAIGN, **TIMESTAMPS}
CAMPAIGN_CHANGES = {"status": "CANCELLED"}
CAMPAIGNS = {"campaigns": [CAMPAIGN], "total": 1}
NEW_CREATOR: Document = {"creator_key": "ABC12", "name": "Jun", "genre": "rpg"}
CREATOR = {"creator_id": 42, **NEW_CREATOR, "status": "ACTIVE", **TIMESTAMPS}
CREATORS = {"creators": [CREATOR], "total": 1}
ASSIGN_CODES_REQUEST = {"package_id": PACKAGE["package_id"], "count": 2}
ASSIGNED_CODES = {"codes": ["CREATOR-ABC12-001", "CREATOR-ABC12-002"], "total": 2}
CREATOR_CODE: Document = {
    "code": "CREATOR-ABC12-001",
    "creator_key": "ABC12",
    "campaign_id": "campaign_001",
    "package_id": PACKAGE["package_id"],
    "package_no": 1,
    "status": "ACTIVE",
    "revoked_at": None,
}
CREATOR_CODES = {"codes": [CREATOR_CODE], "total": 1}
REVOKE_CODES_REQUEST = {"codes": ["CREATOR-ABC12-001"]}
REVOKED_CODE_COUNT = {"revoked": 1}
USAGE_COUNTS = {"codes": 2, "redemptions": 35, "users": 30}
CAMPAIGN_STATS: Document = {
    **USAGE_COUNTS,
    "rows": [
        {
            "campaign_id": "campaign_001",
            "package_id": PACKAGE["package_id"],
            "package_no": 1,
            "creator_key": "ABC12",
            **USAGE_COUNTS,
        }
    ],
}


class CampaignSchema(LenientSchema):
    """A campaign."""

    tenant_id = fields.String(required=True)
    campaign_id = fields.String(required=True)
    names = localized_text_field()
    description = localized_text_field()
    status = ChoiceField(*campaign_models.CampaignStatus, required=True)
    starts_at = timestamp_field(allow_none=True)
    ends_at = timestamp_field(allow_none=True)
    created_at = timestamp_field()
    updated_at = timestamp_field()


class CampaignListSchema(LenientSchema):
    """A page of campaigns, and the number of all matches."""

    campaigns = fields.List(fields.Nested(CampaignSchema), required=True)
    total = fields.Integer(required=True)


class CreatorSchema(LenientSchema):
    """A creator."""

    creator_id = fields.Integer(required=True)
    creator_key = fields.String(required=True)
    name = fields.String(required=True)
    genre = fields.String(required=True, allow_none=True)
    status = ChoiceField(*CreatorStatus, required=True)
    created_at = timestamp_field()
    updated_at = timestamp_field()


class CreatorListSchema(LenientSchema):
    """A page of creators, and the number of all matches."""

    creators = fields.List(fields.Nested(CreatorSchema), required=True)
    total = fields.Integer(required=True)


class AssignedCodesSchema(LenientSchema):
    """The codes that were assigned to a creator, and their number."""

    codes = fields.List(fields.String(), required=True)
    total = fields.Integer(required=True)


class CreatorCodeSchema(LenientSchema):
    """A code that is assigned to a creator."""

    code = fields.String(required=True)
    creator_key = fields.String(required=True)
    campaign_id = fields.String(required=True)
    package_id = fields.Integer(required=True)
    package_no = fields.Integer(required=True)
    status = ChoiceField(*CodeStatus, required=True)
    revoked_at = timestamp_field(allow_none=True)


class CreatorCodeListSchema(LenientSchema):
    """A page of a creator's codes, and the number of all."""

    codes = fields.List(fields.Nested(CreatorCodeSchema), required=True)
    total = fields.Integer(required=True)


class RevokedCodeCountSchema(LenientSchema):
    """The number of codes that are now revoked."""

    revoked = fields.Integer(required=True)


class UsageCountsSchema(LenientSchema):
    """The number of codes, of their redemptions, and of distinct users."""

    codes = fields.Integer(required=True)
    redemptions = fields.Integer(required=True)
    users = fields.Integer(required=True)


class CodeStatsSchema(UsageCountsSchema):
    """The counts of one package's codes that one creator holds."""

    campaign_id = fields.String(required=True)
    package_id = fields.Integer(required=True)
    package_no = fields.Integer(required=True)
    creator_key = fields.String(required=True)


class CampaignStatsSchema(UsageCountsSchema):
    """Totals, and rows by package and creator; each counts a user once."""

    rows = fields.List(fields.Nested(CodeStatsSchema), required=True)


def serialize_campaign(campaign: campaign_models.Campaign) -> Document:
    """Return a campaign as JSON."""
    return {
        "tenant_id": campaign.tenant_id,
        "campaign_id": campaign.campaign_id,
        "names": dict(campaign.names),
        "description": dict(campaign.description),
        "status": campaign.status.value,
        "starts_at": format_timestamp(campaign.starts_at),
        "ends_at": format_timestamp(campaign.ends_at),
        "created_at": format_timestamp(campaign.created_at),
        "updated_at": format_timestamp(campaign.updated_at),
    }


def serialize_creator(creator: Creator) -> Document:
    """Return a creator as JSON."""
    return {
        "creator_id": creator.creator_id,
        "creator_key": creator.creator_key,
        "name": creator.name,
        "genre": creator.genre,
        "status": creator.status.value,
        "created_at": format_timestamp(creator.created_at),
        "updated_at": format_timestamp(creator.updated_at),
    }


def serialize_creator_code(code: CreatorCode) -> Document:
    """Return a creator's code as JSON."""
    return {
        "code": code.code,
        "creator_key": code.creator_key,
        "campaign_id": code.campaign_id,
        "package_id": code.package_id,
        "package_no": code.package_no,
        "status": code.status.value,
        "revoked_at": format_timestamp(code.revoked_at),
    }


def serialize_campaign_stats(stats: campaign_models.CampaignStats) -> Document:
    """Return the usage statistics of codes as JSON."""
    return {
        **_serialize_usage_counts(stats),
        "rows": [_serialize_code_stats(row) for row in stats.rows],
    }


def _serialize_code_stats(row: campaign_models.CodeStats) -> Document:
    return {
        "campaign_id": row.campaign_id,
        "package_id": row.package_id,
        "package_no": row.package_no,
        "creator_key": row.creator_key,
        **_serialize_usage_counts(row),
    }


def _serialize_usage_counts(
    stats: campaign_models.CampaignStats | campaign_models.CodeStats,
) -> Document:
    return {
        "codes": stats.code_count,
        "redemptions": stats.redemption_count,
        "users": stats.user_count,
    }
