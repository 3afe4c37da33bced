"""How a report is read: whole UTC days, and quarter hours where its buckets begin.

A bucket of local days begins at most half a day from a midnight in UTC. It is read as
the days between the nearest midnights, to which the quarters up to its own limits are
added, or from which they are subtracted: for Berlin, two hours of quarters a day.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from coupon_core.domain.report_counts import QUARTER_MINUTES, get_midnight

HALF_DAY = timedelta(hours=12)
MIN_BUCKET = timedelta(hours=20)
"""Buckets are read from days if they are that long on average."""
KEPT_REFUSAL_DAYS = 90
"""After that, the quarters of refusals are deleted, and only their days are known."""


@dataclass(frozen=True, slots=True)
class Edge:
    """Quarter hours between a midnight and the limit of two buckets.

    `weights` are the numbers of these buckets, each with 1 if the quarters are added to
    its days, and -1 if they are subtracted.
    """

    start: datetime
    end: datetime
    weights: Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class ReadingPlan:
    """Buckets that are read from days or from quarters, and their edges.

    The buckets begin at `starts`, and the last ends at `end`. They may be empty.
    """

    reads_days: bool
    starts: Sequence[datetime]
    end: datetime
    edges: Sequence[Edge] = ()

    @property
    def part_minutes(self) -> int:
        """The longest parts of which the buckets consist, counted from their starts.

        Clocks are usually changed by whole hours (in Lord Howe by half of one). Of the
        first bucket, a part may begin before it.
        """
        minutes = {start.minute for start in self.starts[1:]}
        return 60 if len(minutes) <= 1 else QUARTER_MINUTES


def plan_reading(starts: Sequence[datetime], end: datetime) -> ReadingPlan:
    """Return how to read the buckets that begin at `starts`, the last until `end`."""
    if end - starts[0] < max(MIN_BUCKET * len(starts), 2 * HALF_DAY):
        return ReadingPlan(False, starts, end)
    limits = [*starts, end]
    midnights = [get_midnight(limit + HALF_DAY) for limit in limits]
    edges = [
        Edge(
            start=min(limit, midnight),
            end=max(limit, midnight),
            weights=_weigh(number, len(starts), is_before=limit < midnight),
        )
        for number, (limit, midnight) in enumerate(zip(limits, midnights, strict=True))
        if limit != midnight
    ]
    return ReadingPlan(True, midnights[:-1], midnights[-1], edges)


def get_first_refusal_quarter(now: datetime) -> datetime:
    """Return the midnight since which the quarters of refusals are kept."""
    return get_midnight(now - timedelta(days=KEPT_REFUSAL_DAYS))


def plan_reading_refusals(start: datetime, end: datetime, now: datetime) -> ReadingPlan:
    """Return how to read the refusals of a period.

    A day without quarters counts in the period in which it begins.
    """
    first = get_first_refusal_quarter(now)
    start, end = (
        limit
        if limit >= first
        else get_midnight(limit + 2 * HALF_DAY - timedelta.resolution)
        for limit in (start, end)
    )
    return plan_reading([start], end)


def _weigh(number: int, bucket_count: int, is_before: bool) -> list[tuple[int, int]]:
    """Return the weights of the quarters at the beginning of a bucket.

    Before midnight they are missing in the days of that bucket, and in those of the
    bucket before they are one too many; after midnight it is the other way round.
    """
    sign = 1 if is_before else -1
    weights = [(number, sign), (number - 1, -sign)]
    return [
        (bucket, weight) for bucket, weight in weights if 0 <= bucket < bucket_count
    ]
