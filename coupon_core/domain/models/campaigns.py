"""Campaigns: what creators promote, for how long, and what it was good for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

LocalizedText = Mapping[str, str]
"""The same text in several languages, by locale: `{"ko": …, "en": …}`."""


class CampaignStatus(StrEnum):
    """Life of a campaign (CONTRACTS 3.3)."""

    PENDING_EXPOSURE = "PENDING_EXPOSURE"
    EXPOSED = "EXPOSED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"


ENDED_STATUSES = frozenset({CampaignStatus.COMPLETED, CampaignStatus.CANCELLED})
"""While a campaign is one of these, none of its codes can be redeemed."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign; its dates are those of its packages that have none of their own."""

    tenant_id: str
    campaign_id: str
    names: LocalizedText
    description: LocalizedText
    status: CampaignStatus
    starts_at: datetime | None
    ends_at: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class CodeStats:
    """What became of the codes of a package in one creator's hands."""

    package_id: int
    package_no: int
    campaign_id: str
    creator_key: str
    code_count: int
    redemption_count: int
    user_count: int


@dataclass(frozen=True, slots=True)
class CampaignStats:
    """What became of the codes of a campaign or of a creator.

    A user who used several codes counts once here, and once in each of the `rows`.
    """

    code_count: int
    redemption_count: int
    user_count: int
    rows: tuple[CodeStats, ...]
