"""What reports count per quarter hour, and the quarter and the day of an instant."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

WHOLE_TENANT = "00000000-0000-0000-0000-000000000000"
"""The definition of the counts of a whole tenant."""
ALL_CREATORS = "*"
"""The creator of the counts of all codes that creators hand out; no key contains it."""
QUARTER_MINUTES = 15


class Counts(NamedTuple):
    """What is counted per quarter of an hour; uses given back stay in `redeemed`.

    A tuple, because reports add up thousands of them.
    """

    redeemed: int = 0
    reversed: int = 0
    refused: int = 0
    validated: int = 0
    generated: int = 0
    assigned: int = 0


COUNTED_FIELDS = Counts._fields
NOTHING = Counts()


@dataclass(frozen=True, slots=True)
class ReportCounts:
    """What happened to the coupons of a definition in a quarter hour (UTC).

    `creator_key` is "" for codes that no creator hands out. `dialect` is the API of the
    use; it is "" for coupons that were generated or assigned, as no API did that.
    """

    definition_id: str
    quarter_at: datetime
    creator_key: str = ""
    dialect: str = ""
    counts: Counts = NOTHING


def sum_counts(counts: Iterable[Counts]) -> Counts:
    """Return the sum of each count."""
    return Counts._make(map(sum, zip(NOTHING, *counts, strict=True)))


def get_quarter_at(number: int) -> datetime:
    """Return the beginning of a quarter hour by its number since 1970."""
    return datetime.fromtimestamp(number * QUARTER_MINUTES * 60, UTC)


def get_quarter(moment: datetime) -> datetime:
    """Return the beginning of the quarter hour of a UTC time."""
    minute = moment.minute - moment.minute % QUARTER_MINUTES
    return moment.replace(minute=minute, second=0, microsecond=0)


def get_midnight(moment: datetime) -> datetime:
    """Return the beginning of the day of a UTC time."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
