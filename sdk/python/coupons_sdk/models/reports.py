"""Reports."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from coupons_sdk.documents import Document


@dataclass(frozen=True, kw_only=True)
class ReportSubject(Document):
    """What a report was filtered by."""

    kind: str
    id: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Bucket(Document):
    """The counts of an interval."""

    redeemed: int
    reversed: int
    refused: int
    validated: int
    start: datetime


@dataclass(frozen=True, kw_only=True)
class Counts(Document):
    """Counts of a whole report."""

    redeemed: int
    reversed: int
    refused: int
    validated: int


@dataclass(frozen=True, kw_only=True)
class RedemptionReport(Document):
    """Redemptions over time."""

    time_zone: str
    from_: datetime
    to: datetime
    counted_until: datetime | None
    subjects: tuple[ReportSubject, ...]
    interval: str
    series: tuple[Bucket, ...]
    totals: Counts


@dataclass(frozen=True, kw_only=True)
class FunnelCounts(Document):
    """Counts from generation to redemption."""

    generated: int
    assigned: int
    validated: int
    redeemed: int


@dataclass(frozen=True, kw_only=True)
class FunnelReport(Document):
    """From generation to redemption."""

    time_zone: str
    from_: datetime
    to: datetime
    counted_until: datetime | None
    subjects: tuple[ReportSubject, ...]
    totals: FunnelCounts


@dataclass(frozen=True, kw_only=True)
class RefusalRow(Document):
    """Refusals for one reason."""

    action: str
    reason: str
    refused: int


@dataclass(frozen=True, kw_only=True)
class RefusalTotal(Document):
    """All refusals."""

    refused: int


@dataclass(frozen=True, kw_only=True)
class RefusalReport(Document):
    """Refusals by reason."""

    time_zone: str
    from_: datetime
    to: datetime
    counted_until: datetime | None
    subjects: tuple[ReportSubject, ...]
    resolution: str
    refusals: tuple[RefusalRow, ...]
    totals: RefusalTotal


@dataclass(frozen=True, kw_only=True)
class TopRow(Document):
    """One entry of a ranking."""

    id: str
    name: str | None
    code_count: int
    redeemed: int
    reversed: int


@dataclass(frozen=True, kw_only=True)
class TopReport(Document):
    """A ranking by redemptions."""

    time_zone: str
    from_: datetime
    to: datetime
    counted_until: datetime | None
    subjects: tuple[ReportSubject, ...]
    by: str
    rows: tuple[TopRow, ...]


@dataclass(frozen=True, kw_only=True)
class ComparedCampaign(Document):
    """One of the compared campaigns."""

    campaign_id: str
    name: str
    series: tuple[Bucket, ...]
    totals: Counts


@dataclass(frozen=True, kw_only=True)
class CampaignComparison(Document):
    """Campaigns side by side."""

    time_zone: str
    from_: datetime
    to: datetime
    counted_until: datetime | None
    subjects: tuple[ReportSubject, ...]
    interval: str
    campaigns: tuple[ComparedCampaign, ...]
