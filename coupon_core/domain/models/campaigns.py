"""Campaigns that creators promote, and their statistics (PlayCamp)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from coupon_core.domain.metadata import Metadata

LocalizedText = Mapping[str, str]
"""A text in several languages, by locale: `{"ko": …, "en": …}`."""


class CampaignStatus(StrEnum):
    """Lifecycle of a campaign (docs/api-contracts.md 3.3)."""

    PENDING_EXPOSURE = "PENDING_EXPOSURE"
    EXPOSED = "EXPOSED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"


ENDED_STATUSES = frozenset({CampaignStatus.COMPLETED, CampaignStatus.CANCELLED})
"""No code of a campaign in one of these statuses can be redeemed."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign; its dates apply to its packages that have no dates of their own."""

    tenant_id: str
    campaign_id: str
    names: LocalizedText
    description: LocalizedText
    status: CampaignStatus
    starts_at: datetime | None
    ends_at: datetime | None
    created_at: datetime
    updated_at: datetime
    metadata: Metadata = field(default_factory=dict)
    suspended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CodeStats:
    """Usage of the codes of one package that one creator hands out."""

    package_id: int
    package_no: int
    campaign_id: str
    creator_key: str
    code_count: int
    redemption_count: int
    user_count: int


@dataclass(frozen=True, slots=True)
class CampaignStats:
    """Usage of the codes of a campaign or of a creator.

    A user with several codes counts once here, and once in each of the `rows`.
    """

    code_count: int
    redemption_count: int
    user_count: int
    rows: tuple[CodeStats, ...]
