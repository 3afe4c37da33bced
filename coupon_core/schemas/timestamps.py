"""Parse timestamps, and say what is wrong with a text that is none.

See `docs/api-contracts.md` 0.16 and 0.24.
"""

from datetime import UTC, datetime

from coupon_core.domain.entered_times import EnteredTime, LocalTime, parse_time
from coupon_core.schemas.time_problems import (
    ENTERED_TIME_EXPECTED,
    TIME_EXPECTED,
    explain_invalid_time,
)

__all__ = [
    "ENTERED_TIME_EXPECTED",
    "TIME_EXPECTED",
    "parse_entered",
    "parse_utc",
    "to_utc",
]


def parse_utc(text: str) -> datetime:
    """Return a timestamp in UTC, truncated to the milliseconds that are stored.

    Raises:
        ValueError: The text is not RFC 3339 or outside the years 1970 to 9999; the
            message says which problem it has.
    """
    try:
        moment = parse_time(text)
    except ValueError:
        raise ValueError(explain_invalid_time(text, TIME_EXPECTED)) from None
    if isinstance(moment, LocalTime):
        raise ValueError(explain_invalid_time(text, TIME_EXPECTED))
    return moment


def parse_entered(text: str, is_end: bool) -> EnteredTime:
    """Return a time as people enter it: an instant in UTC, or a local time or date.

    Raises:
        ValueError: The text is not a time or outside the years 1970 to 9999; the
            message says which problem it has.
    """
    try:
        return parse_time(text, is_end)
    except ValueError:
        raise ValueError(explain_invalid_time(text, ENTERED_TIME_EXPECTED)) from None


def to_utc(moment: datetime) -> datetime:
    """Return the same moment in UTC; a moment without a zone is UTC already."""
    return moment if moment.tzinfo in (None, UTC) else moment.astimezone(UTC)
