"""How much is allowed in which time, and how that is told (pure)."""

import math
import re
from dataclasses import dataclass

IN_MEMORY_URL = "memory://"  # instead of a Redis's URL: each process counts by itself
UNIT_SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
_match_rate_limit = re.compile(
    r"([1-9]\d{0,8})\s*(?:per|/)\s*([1-9]\d{0,4})?\s*(second|minute|hour|day)s?",
    re.ASCII | re.IGNORECASE,
).fullmatch


class InvalidRateLimit(ValueError):
    """The text names no amount and no time."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """So much of something in so many seconds, counted from the first of it."""

    name: str
    amount: int
    seconds: int


class RateLimitExceeded(Exception):
    """There was too much of something; in `retry_after` there may be more."""

    def __init__(self, rate_limit: RateLimit, retry_after: float) -> None:
        super().__init__(rate_limit.name)
        self.rate_limit = rate_limit
        self.retry_after = max(1, math.ceil(retry_after))


def parse_rate_limit(name: str, text: str) -> RateLimit | None:
    """The budget in a text such as `100 per 10 minutes` or `5/second`; None if empty.

    BadBudget for what is none.
    """
    if not text.strip():
        return None
    match = _match_rate_limit(text.strip())
    if match is None:
        raise InvalidRateLimit("expected such as `100 per 10 minutes`, or nothing")
    amount, multiplier, unit = match.groups()
    return RateLimit(
        name, int(amount), int(multiplier or 1) * UNIT_SECONDS[unit.lower()]
    )


def rate_limit_headers(error: RateLimitExceeded) -> dict[str, str]:
    """The header fields of a 429 (draft-ietf-httpapi-ratelimit-headers-10)."""
    rate_limit = error.rate_limit
    quota, window = rate_limit.amount, rate_limit.seconds
    return {
        "Retry-After": str(error.retry_after),
        "RateLimit-Policy": f'"{rate_limit.name}";q={quota};w={window}',
        "RateLimit": f'"{rate_limit.name}";r=0;t={error.retry_after}',
    }


@dataclass(frozen=True, slots=True)
class GuessLimits:
    """What this process allows, and the Redis that it counts in with others."""

    url: str = IN_MEMORY_URL
    per_user: RateLimit | None = None
    per_tenant: RateLimit | None = None
