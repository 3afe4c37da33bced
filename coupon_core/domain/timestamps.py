"""Format timestamps as RFC 3339 in UTC, with seconds or milliseconds."""

from datetime import datetime
from typing import overload

# Slices of isoformat() are five times faster than strftime, and one redemption writes
# six timestamps.
_SECONDS_LENGTH = len("2026-12-31T23:59:59")
_MILLISECONDS_LENGTH = len("2026-12-31T23:59:59.999")


@overload
def format_timestamp(moment: datetime) -> str: ...
@overload
def format_timestamp(moment: datetime | None) -> str | None: ...
def format_timestamp(moment: datetime | None) -> str | None:
    """Return a UTC timestamp as `2026-12-31T23:59:59Z`, or None for None."""
    return moment.isoformat()[:_SECONDS_LENGTH] + "Z" if moment else None


@overload
def format_timestamp_milliseconds(moment: datetime) -> str: ...
@overload
def format_timestamp_milliseconds(moment: datetime | None) -> str | None: ...
def format_timestamp_milliseconds(moment: datetime | None) -> str | None:
    """Return a UTC timestamp as `2026-12-31T23:59:59.999Z`, or None for None."""
    if moment is None:
        return None
    return moment.isoformat(timespec="milliseconds")[:_MILLISECONDS_LENGTH] + "Z"
