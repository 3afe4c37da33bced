"""Responses for campaigns, creators and their codes."""

from dataclasses import asdict
from typing import Any, ClassVar

from marshmallow import fields, pre_dump

from admin_gateway.responses.core import SUSPENDED_AT, TIMESTAMPS
from admin_gateway.responses.packages import (
    PACKAGE,
    localized_text_field,
    timestamp_field,
)
from coupon_core.domain.models.campaigns import CampaignStatus
from coupon_core.domain.models.creators import (
    CodeStatus,
    CreatorStatus,
    CreatorWithCodes,
)
from coupon_core.schemas.base import ResponseSchema, Serializer
from coupon_core.schemas.fields import ChoiceField
from coupon_core.schemas.metadata import MetadataField
from coupon_core.schemas.response_fields import build_list_schema

Document = dict[str, Any]

NEW_CAMPAIGN: Document = {
    "campaign_id": "campaign_001",
    "names": {"en": "Launch", "ko": "런칭"},
    "description": {"en": "For the first month"},
    "status": "IN_PROGRESS",
    "starts_at": "2025-01-15T10:00:00Z",
    "ends_at": "2026-01-15T10:00:00Z",
    "metadata": {"season": "winter"},
    "time_zone": "Europe/Berlin",
}
CAMPAIGN: Document = {
    "tenant_id": "your-tenant-id",
    **NEW_CAMPAIGN,
    "name": "Launch",
    "suspended_at": None,
    **TIMESTAMPS,
}
SUSPENDED_CAMPAIGN = {**CAMPAIGN, **SUSPENDED_AT}
CAMPAIGN_CHANGES = {"status": "CANCELLED"}
NEW_CREATOR: Document = {"creator_key": "ABC12", "name": "Jun", "genre": "rpg"}
CREATOR = {"creator_id": 42, **NEW_CREATOR, "status": "ACTIVE", **TIMESTAMPS}
ASSIGN_CODES_REQUEST = {"package_id": PACKAGE["package_id"], "count": 2}
ASSIGNED_CODES = {"codes": ["CREATOR-ABC12-001", "CREATOR-ABC12-002"], "total": 2}
IMPORT_CREATORS_REQUEST: Document = {
    "campaign_id": "campaign_001",
    "creators": [{"creator_key": "XYZ34", "name": "Mina", "count": 2}],
}
CREATOR_WITH_CODES = {
    **CREATOR,
    "creator_key": "XYZ34",
    "name": "Mina",
    "genre": None,
    "codes": ["CREATOR-XYZ34-001", "CREATOR-XYZ34-002"],
}
CREATOR_CODE: Document = {
    "code": "CREATOR-ABC12-001",
    "creator_key": "ABC12",
    "campaign_id": "campaign_001",
    "package_id": PACKAGE["package_id"],
    "package_no": 1,
    "status": "ACTIVE",
    "revoked_at": None,
}
REVOKE_CODES_REQUEST = {"codes": ["CREATOR-ABC12-001"]}
REVOKED_CODE_COUNT = {"revoked": 1}
USAGE_COUNTS = {"codes": 2, "redemptions": 35, "users": 30}
CAMPAIGN_STATS: Document = {
    **USAGE_COUNTS,
    "rows": [
        {
            "campaign_id": "campaign_001",
            "definition_id": PACKAGE["definition_id"],
            "package_id": PACKAGE["package_id"],
            "package_no": 1,
            "creator_key": "ABC12",
            **USAGE_COUNTS,
        }
    ],
}


class CampaignSchema(ResponseSchema):
    """A campaign."""

    example = CAMPAIGN

    tenant_id = fields.String(required=True)
    campaign_id = fields.String(required=True)
    name = fields.String(required=True)
    names = localized_text_field()
    description = localized_text_field()
    status = ChoiceField(*CampaignStatus, required=True)
    starts_at = timestamp_field(allow_none=True)
    ends_at = timestamp_field(allow_none=True)
    metadata = MetadataField(required=True)
    suspended_at = timestamp_field(allow_none=True)
    time_zone = fields.String(required=True)
    created_at = timestamp_field()
    updated_at = timestamp_field()


class CreatorSchema(ResponseSchema):
    """A creator."""

    example = CREATOR

    creator_id = fields.Integer(required=True)
    creator_key = fields.String(required=True)
    name = fields.String(required=True)
    genre = fields.String(required=True, allow_none=True)
    status = ChoiceField(*CreatorStatus, required=True)
    created_at = timestamp_field()
    updated_at = timestamp_field()


class CreatorWithCodesSchema(CreatorSchema):
    """A creator with the codes that it received."""

    codes = fields.List(fields.String(), required=True)

    @pre_dump
    def combine(self, created: CreatorWithCodes, **_: Any) -> Document:
        """Add the codes to the members of the creator."""
        return {**asdict(created.creator), "codes": created.codes}


class CreatedCreatorsSchema(ResponseSchema):
    """The created creators in the order of the request."""

    example: ClassVar[Any] = {"creators": [CREATOR_WITH_CODES], "total": 1}

    creators = fields.List(fields.Nested(CreatorWithCodesSchema), required=True)
    total = fields.Integer(required=True)


class AssignedCodesSchema(ResponseSchema):
    """The codes that were assigned to a creator, and their number."""

    example = ASSIGNED_CODES

    codes = fields.List(fields.String(), required=True)
    total = fields.Integer(required=True)


class CreatorCodeSchema(ResponseSchema):
    """A code that is assigned to a creator."""

    example = CREATOR_CODE

    code = fields.String(required=True)
    creator_key = fields.String(required=True)
    campaign_id = fields.String(required=True)
    package_id = fields.Integer(required=True)
    package_no = fields.Integer(required=True)
    status = ChoiceField(*CodeStatus, required=True)
    revoked_at = timestamp_field(allow_none=True)


class RevokedCodeCountSchema(ResponseSchema):
    """The number of codes that are now revoked."""

    example = REVOKED_CODE_COUNT

    revoked = fields.Integer(required=True)


class UsageCountsSchema(ResponseSchema):
    """The number of codes, of their redemptions, and of distinct users."""

    codes = fields.Integer(required=True, attribute="code_count")
    redemptions = fields.Integer(required=True, attribute="redemption_count")
    users = fields.Integer(required=True, attribute="user_count")


class CodeStatsSchema(UsageCountsSchema):
    """The counts of one package's codes that one creator holds, or of a definition."""

    campaign_id = fields.String(required=True)
    definition_id = fields.UUID(required=True)
    package_id = fields.Integer(required=True, allow_none=True)
    package_no = fields.Integer(required=True, allow_none=True)
    creator_key = fields.String(required=True, allow_none=True)


class CampaignStatsSchema(UsageCountsSchema):
    """Totals, and rows by package and creator, or definition, that count users once."""

    example = CAMPAIGN_STATS

    rows = fields.List(fields.Nested(CodeStatsSchema), required=True)


CampaignListSchema = build_list_schema("CampaignList", campaigns=CampaignSchema)
CreatorListSchema = build_list_schema("CreatorList", creators=CreatorSchema)
CreatorCodeListSchema = build_list_schema("CreatorCodeList", codes=CreatorCodeSchema)
serialize_campaign: Serializer = CampaignSchema().dump
serialize_creator: Serializer = CreatorSchema().dump
serialize_created_creators: Serializer = CreatedCreatorsSchema().dump
serialize_creator_code: Serializer = CreatorCodeSchema().dump
serialize_campaign_stats: Serializer = CampaignStatsSchema().dump
