"""Reward items, definitions, campaigns, packages and creators."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coupons_sdk.documents import Document


@dataclass(frozen=True, kw_only=True)
class AdminRewardItem(Document):
    """A reward item with its metadata and times."""

    item_id: str
    tenant_id: str
    name: str
    description: str
    reward_type: str
    payload: Mapping[str, Any]
    metadata: Mapping[str, str | float | bool]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class Definition(Document):
    """The template of coupons."""

    id: str
    tenant_id: str
    name: str
    description: str
    campaign_id: str | None
    config: Mapping[str, Any]
    status: str
    metadata: Mapping[str, str | float | bool]
    suspended_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class DefinitionStats(Document):
    """Coupons by status, and redemptions of a definition."""

    definition_id: str
    coupons: Mapping[str, int]
    total: int
    redemptions: int


@dataclass(frozen=True, kw_only=True)
class CodeCapacity(Document):
    """How many codes a definition can still generate."""

    definition_id: str
    space: int
    limit: int
    used: int
    reserved: int
    remaining: int
    used_share: float
    one_guess_in: int | None


@dataclass(frozen=True, kw_only=True)
class Campaign(Document):
    """A promotion."""

    tenant_id: str
    campaign_id: str
    name: str
    names: Mapping[str, str]
    description: Mapping[str, str]
    status: str
    starts_at: datetime | None
    ends_at: datetime | None
    metadata: Mapping[str, str | float | bool]
    suspended_at: datetime | None
    time_zone: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class CodeStats(Document):
    """Codes and redemptions of a part of a campaign."""

    codes: int
    redemptions: int
    users: int
    campaign_id: str
    definition_id: str
    package_id: int | None
    package_no: int | None
    creator_key: str | None


@dataclass(frozen=True, kw_only=True)
class CampaignStats(Document):
    """Codes and redemptions of a campaign or creator."""

    codes: int
    redemptions: int
    users: int
    rows: tuple[CodeStats, ...]


@dataclass(frozen=True, kw_only=True)
class Package(Document):
    """What the codes of a campaign's creators grant."""

    package_id: int
    package_no: int
    campaign_id: str
    definition_id: str
    reward_item_id: str
    item_name: Mapping[str, str]
    item_description: Mapping[str, str]
    rewards: tuple[Mapping[str, Any], ...]
    per_code_usage_limit: int
    cross_creator_limit: int
    max_total_usage: int
    is_active: bool
    status: str
    starts_at: datetime | None
    ends_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class Creator(Document):
    """A person who distributes codes."""

    creator_id: int
    creator_key: str
    name: str
    genre: str | None
    status: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class CreatorWithCodes(Document):
    """A creator with the codes that were given along."""

    creator_id: int
    creator_key: str
    name: str
    genre: str | None
    status: str
    created_at: datetime
    updated_at: datetime
    codes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class CreatedCreators(Document):
    """Creators that were created together."""

    creators: tuple[CreatorWithCodes, ...]
    total: int


@dataclass(frozen=True, kw_only=True)
class CreatorCode(Document):
    """A code of a creator."""

    code: str
    creator_key: str
    campaign_id: str
    package_id: int
    package_no: int
    status: str
    revoked_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class AssignedCodes(Document):
    """Codes that were given to a creator."""

    codes: tuple[str, ...]
    total: int


@dataclass(frozen=True, kw_only=True)
class RevokedCodeCount(Document):
    """How many codes of a creator were revoked."""

    revoked: int
