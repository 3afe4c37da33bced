"""Reports: the period and the filters of one, and what it counts."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum

from coupon_core.domain.models import Dialect


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
class ReportCounts:
    """What is counted per quarter of an hour; uses given back stay in `redeemed`."""

    redeemed: int = 0
    reversed: int = 0
    refused: int = 0
    validated: int = 0
    generated: int = 0
    assigned: int = 0

    def __add__(self, other: "ReportCounts") -> "ReportCounts":
        """Return the sum of each count."""
        return ReportCounts(
            *(
                getattr(self, field.name) + getattr(other, field.name)
                for field in fields(self)
            )
        )


@dataclass(frozen=True, slots=True)
class RefusalRow:
    """How often an action was refused for one reason."""

    action: str
    reason: str
    refused: int


@dataclass(frozen=True, slots=True)
class TopRow:
    """An entry of a ranking; `codes` is how many codes it counts together."""

    id: str
    name: str | None
    counts: ReportCounts
    codes: int = 1


@dataclass(frozen=True, slots=True)
class Report:
    """What all reports have: the period, and until when it is complete.

    `counted_until` is None while uses of an earlier release are being counted.
    """

    period: ReportPeriod
    counted_until: datetime | None


@dataclass(frozen=True, slots=True)
class Series:
    """Counts by the start of the bucket, and their sum."""

    buckets: Sequence[tuple[datetime, ReportCounts]]
    totals: ReportCounts
