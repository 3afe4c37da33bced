"""Campaigns that creators promote, and their statistics (PlayCamp)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from coupon_core.domain.entered_times import DEFAULT_TIME_ZONE
from coupon_core.domain.metadata import Metadata

LocalizedText = Mapping[str, str]
"""A text in several languages, by locale: `{"ko": …, "en": …}`."""


def select_default_text(texts: LocalizedText) -> str:
    """Return the English text, or the first one if there is none."""
    return texts.get("en") or next(iter(texts.values()), "")


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
    """A campaign: its definitions, and its packages with creators.

    Its dates apply to its packages that have no dates of their own. Definitions take
    them over when they are created.
    """

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
    time_zone: str = DEFAULT_TIME_ZONE

    @property
    def name(self) -> str:
        """The name in English, or in the first language."""
        return select_default_text(self.names)

    @property
    def has_ended(self) -> bool:
        """True while it is completed or cancelled."""
        return self.status in ENDED_STATUSES

    def get_definition_state(self) -> dict[str, Any]:
        """Return the members of its definitions that are read from it."""
        return {
            "is_campaign_ended": self.has_ended,
            "campaign_suspended_at": self.suspended_at,
            "campaign_time_zone": self.time_zone,
        }


@dataclass(frozen=True, slots=True)
class CodeStats:
    """Usage of a package's codes that one creator hands out, or of a definition."""

    definition_id: str
    package_id: int | None
    package_no: int | None
    campaign_id: str
    creator_key: str | None
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
