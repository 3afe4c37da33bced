"""Campaigns, creators and their codes as the admin gateway shows them."""

from typing import Any

from marshmallow import fields

from admin_gateway.responses.packages import (
    PACKAGE,
    TIMES,
    moment,
    texts,
)
from coupon_core.domain.models import campaigns as model
from coupon_core.domain.models.creators import CodeStatus, CreatorStatus
from coupon_core.domain.models.creators import Creator as ModelCreator
from coupon_core.domain.models.creators import CreatorCode as ModelCode
from coupon_core.domain.serialization import time_text
from coupon_core.schemas.base import Tolerant
from coupon_core.schemas.fields import Choice

Document = dict[str, Any]

NEW_CAMPAIGN: Document = {
    "campaign_id": "campaign_001",
    "names": {"en": "Launch", "ko": "런칭"},
    "description": {"en": "For the first month"},
    "status": "IN_PROGRESS",
    "starts_at": "2025-01-15T10:00:00Z",
    "ends_at": "2026-01-15T10:00:00Z",
}
CAMPAIGN = {"tenant_id": "your-tenant-id", **NEW_CAMPAIGN, **TIMES}
CAMPAIGN_CHANGES = {"status": "CANCELLED"}
CAMPAIGNS = {"campaigns": [CAMPAIGN], "total": 1}
NEW_CREATOR: Document = {"creator_key": "ABC12", "name": "Jun", "genre": "rpg"}
CREATOR = {"creator_id": 42, **NEW_CREATOR, "status": "ACTIVE", **TIMES}
CREATORS = {"creators": [CREATOR], "total": 1}
GIVE = {"package_id": PACKAGE["package_id"], "count": 2}
GIVEN = {"codes": ["CREATOR-ABC12-001", "CREATOR-ABC12-002"], "total": 2}
CODE: Document = {
    "code": "CREATOR-ABC12-001",
    "creator_key": "ABC12",
    "campaign_id": "campaign_001",
    "package_id": PACKAGE["package_id"],
    "package_no": 1,
    "status": "ACTIVE",
    "revoked_at": None,
}
CODES = {"codes": [CODE], "total": 1}
REVOKE = {"codes": ["CREATOR-ABC12-001"]}
REVOKED = {"revoked": 1}
COUNTS = {"codes": 2, "redemptions": 35, "users": 30}
STATS: Document = {
    **COUNTS,
    "rows": [
        {
            "campaign_id": "campaign_001",
            "package_id": PACKAGE["package_id"],
            "package_no": 1,
            "creator_key": "ABC12",
            **COUNTS,
        }
    ],
}


class Campaign(Tolerant):
    """A campaign."""

    tenant_id = fields.String(required=True)
    campaign_id = fields.String(required=True)
    names = texts()
    description = texts()
    status = Choice(*model.CampaignStatus, required=True)
    starts_at = moment(allow_none=True)
    ends_at = moment(allow_none=True)
    created_at = moment()
    updated_at = moment()


class Campaigns(Tolerant):
    """Campaigns and how many match in all."""

    campaigns = fields.List(fields.Nested(Campaign), required=True)
    total = fields.Integer(required=True)


class Creator(Tolerant):
    """A creator."""

    creator_id = fields.Integer(required=True)
    creator_key = fields.String(required=True)
    name = fields.String(required=True)
    genre = fields.String(required=True, allow_none=True)
    status = Choice(*CreatorStatus, required=True)
    created_at = moment()
    updated_at = moment()


class Creators(Tolerant):
    """Creators and how many match in all."""

    creators = fields.List(fields.Nested(Creator), required=True)
    total = fields.Integer(required=True)


class Given(Tolerant):
    """The codes that a creator was given, and how many."""

    codes = fields.List(fields.String(), required=True)
    total = fields.Integer(required=True)


class CreatorCode(Tolerant):
    """A code in a creator's hands."""

    code = fields.String(required=True)
    creator_key = fields.String(required=True)
    campaign_id = fields.String(required=True)
    package_id = fields.Integer(required=True)
    package_no = fields.Integer(required=True)
    status = Choice(*CodeStatus, required=True)
    revoked_at = moment(allow_none=True)


class CreatorCodes(Tolerant):
    """A creator's codes and how many there are in all."""

    codes = fields.List(fields.Nested(CreatorCode), required=True)
    total = fields.Integer(required=True)


class RevokedCodes(Tolerant):
    """How many codes are out of use now."""

    revoked = fields.Integer(required=True)


class Counts(Tolerant):
    """Codes, uses of them, and the users who used any."""

    codes = fields.Integer(required=True)
    redemptions = fields.Integer(required=True)
    users = fields.Integer(required=True)


class CodeStats(Counts):
    """The codes of one package in one creator's hands."""

    campaign_id = fields.String(required=True)
    package_id = fields.Integer(required=True)
    package_no = fields.Integer(required=True)
    creator_key = fields.String(required=True)


class CampaignStats(Counts):
    """All together, and by package and creator; a user counts once in each."""

    rows = fields.List(fields.Nested(CodeStats), required=True)


def campaign(of: model.Campaign) -> Document:
    """A campaign."""
    return {
        "tenant_id": of.tenant_id,
        "campaign_id": of.campaign_id,
        "names": dict(of.names),
        "description": dict(of.description),
        "status": of.status.value,
        "starts_at": time_text(of.starts_at),
        "ends_at": time_text(of.ends_at),
        "created_at": time_text(of.created_at),
        "updated_at": time_text(of.updated_at),
    }


def creator(of: ModelCreator) -> Document:
    """A creator."""
    return {
        "creator_id": of.creator_id,
        "creator_key": of.creator_key,
        "name": of.name,
        "genre": of.genre,
        "status": of.status.value,
        "created_at": time_text(of.created_at),
        "updated_at": time_text(of.updated_at),
    }


def code(of: ModelCode) -> Document:
    """A code in a creator's hands."""
    return {
        "code": of.code,
        "creator_key": of.creator_key,
        "campaign_id": of.campaign_id,
        "package_id": of.package_id,
        "package_no": of.package_no,
        "status": of.status.value,
        "revoked_at": time_text(of.revoked_at),
    }


def stats(of: model.Stats) -> Document:
    """What became of codes."""
    return {**_counts(of), "rows": [_row(row) for row in of.rows]}


def _row(row: model.CodeStats) -> Document:
    return {
        "campaign_id": row.campaign_id,
        "package_id": row.package_id,
        "package_no": row.package_no,
        "creator_key": row.creator_key,
        **_counts(row),
    }


def _counts(of: model.Stats | model.CodeStats) -> Document:
    return {
        "codes": of.code_count,
        "redemptions": of.redemption_count,
        "users": of.user_count,
    }
