"""Reports: the period and the filters of one, and what it counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from coupon_core.domain.models import Dialect
from coupon_core.domain.models.attempts import AttemptAction
from coupon_core.domain.report_counts import Counts, sum_counts


class ReportInterval(StrEnum):
    """The length of a bucket of a report, on the clocks of its time zone."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class TopBy(StrEnum):
    """What the most used of is reported."""

    DEFINITION = "definition"
    CAMPAIGN = "campaign"
    CREATOR = "creator"
    CODE = "code"
    USER = "user"


@dataclass(frozen=True, slots=True)
class ReportPeriod:
    """The time from `start` until before `end`, both at a quarter of an hour."""

    start: datetime
    end: datetime
    time_zone: str


@dataclass(frozen=True, slots=True)
class ReportFilter:
    """What a report counts; None does not filter."""

    definition_id: str | None = None
    campaign_id: str | None = None
    creator_key: str | None = None
    dialect: Dialect | None = None


@dataclass(frozen=True, slots=True)
class ReportSubject:
    """A definition, a campaign or a creator that a report is about."""

    kind: TopBy
    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What all reports have in common.

    `counted_until` is None while uses of an earlier release are being counted.
    """

    period: ReportPeriod
    subjects: Sequence[ReportSubject]
    counted_until: datetime | None


@dataclass(frozen=True, slots=True)
class Bucket:
    """The counts of a bucket, and its start."""

    start: datetime
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesReport(Report):
    """Counts over time, and their sums."""

    interval: ReportInterval
    buckets: Sequence[Bucket]

    @property
    def subject(self) -> ReportSubject:
        """The first thing that the report is about."""
        return self.subjects[0]

    @property
    def totals(self) -> Counts:
        """The sum of all buckets."""
        return sum_counts(bucket.counts for bucket in self.buckets)


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignComparison(Report):
    """A report over time for each of several campaigns."""

    interval: ReportInterval
    campaigns: Sequence[SeriesReport]


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelReport(Report):
    """How many coupons or calls reached each step."""

    totals: Counts


@dataclass(frozen=True, slots=True)
class RefusalRow:
    """How often an action was refused for a reason."""

    action: str
    reason: str
    refused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalReport(Report):
    """Refusals by action and reason, most frequent first.

    `has_days` says that its start is read from whole days in UTC.
    """

    rows: Sequence[RefusalRow]
    has_days: bool

    @property
    def totals(self) -> Counts:
        """The sum of all rows without validations, as in the other reports."""
        refused = (
            row.refused for row in self.rows if row.action != AttemptAction.VALIDATE
        )
        return Counts(refused=sum(refused))


@dataclass(frozen=True, slots=True)
class TopRow:
    """A member of a ranking; `code_count` is how many codes it counts together."""

    id: str
    name: str | None
    redeemed: int
    reversed: int
    code_count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TopReport(Report):
    """What was used most, most used first."""

    by: TopBy
    rows: Sequence[TopRow]


@dataclass(frozen=True, slots=True)
class UseSummary:
    """What a definition, or all definitions of a campaign, were used for.

    `daily_uses` end today; `last_used_on` is a day, both in UTC. `code_count` counts
    codes that many players share once; without `has_all_codes` it is a minimum, because
    older codes were not counted or their counts have been deleted.
    """

    daily_uses: Sequence[int]
    last_used_on: datetime | None
    code_count: int
    definition_count: int
    has_all_codes: bool = True

    @property
    def use_count(self) -> int:
        """The uses of all `daily_uses`."""
        return sum(self.daily_uses)
