"""Parse timestamps: RFC 3339 with an offset, converted to UTC.

See `docs/api-contracts.md` 0.16.
"""

import re
from datetime import UTC, datetime

from coupon_core.schemas.time_problems import TIME_EXPECTED, explain_invalid_time

__all__ = ["TIME_EXPECTED", "parse_utc", "to_utc"]

_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
    r"(?:\.[0-9]{1,9})?(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_MIN_MOMENT = datetime(1970, 1, 1, tzinfo=UTC)


def parse_utc(text: str) -> datetime:
    """Return a timestamp in UTC, truncated to the milliseconds that are stored.

    Raises:
        ValueError: The text is not RFC 3339 or outside the years 1970 to 9999; the
            message says which problem it has.
    """
    if not _RFC3339.fullmatch(text):
        raise ValueError(explain_invalid_time(text))
    try:
        moment = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(explain_invalid_time(text)) from None
    if moment < _MIN_MOMENT:
        raise ValueError(explain_invalid_time(text))
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def to_utc(moment: datetime) -> datetime:
    """Return the same moment in UTC; a moment without a zone is UTC already."""
    return moment if moment.tzinfo in (None, UTC) else moment.astimezone(UTC)
