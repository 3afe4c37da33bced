"""The only clock of the system."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the current time in UTC, truncated to milliseconds."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
