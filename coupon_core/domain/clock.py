"""The only clock of the system."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The present moment in UTC, in milliseconds: the only clock of the system."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
