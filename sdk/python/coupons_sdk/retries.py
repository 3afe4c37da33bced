"""When a request is tried again, and after which pause."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

RETRIED_STATUSES = frozenset({429, 502, 503, 504})
CODE_IN_PROGRESS = "REQUEST_UNDER_WAY"
FIRST_PAUSE_SECONDS = 0.5
MAX_PAUSE_SECONDS = 8.0
# A longer Retry-After is left to the caller, who must not be blocked for minutes.
MAX_RETRY_AFTER_SECONDS = 30.0


def can_retry(status: int, code: str, retry_after: float | None) -> bool:
    """Return True if another try may have another answer soon."""
    if retry_after is not None and retry_after > MAX_RETRY_AFTER_SECONDS:
        return False
    return status in RETRIED_STATUSES or (status == 409 and code == CODE_IN_PROGRESS)


def choose_pause(failures: int, retry_after: float | None) -> float:
    """Return the seconds before the next try: full jitter, and never too early."""
    longest = min(MAX_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (failures - 1))
    # The jitter keeps callers that got the same Retry-After from returning together.
    return (retry_after or 0.0) + random.uniform(0, longest)  # noqa: S311


def parse_retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of Retry-After, which is a number or a date (RFC 9110)."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    return _subtract(parse_date(text), parse_date(headers.get("date", "")))


def _subtract(end: datetime | None, start: datetime | None) -> float | None:
    if end is None:
        return None
    return max(0.0, (end - (start or datetime.now(UTC))).total_seconds())


def parse_date(text: str) -> datetime | None:
    """Return the time of a Date header; None if there is none."""
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
