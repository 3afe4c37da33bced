"""Parse rate limits and format their headers; the amounts are in the settings."""

import json
import math
import re
from dataclasses import dataclass, replace

IN_MEMORY_URL = "memory://"  # instead of a Redis URL: each process counts alone
UNIT_SECONDS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
_match_rate_limit = re.compile(
    r"([1-9]\d{0,8})\s*(?:per|/)\s*([1-9]\d{0,4})?\s*(second|minute|hour|day)s?",
    re.ASCII | re.IGNORECASE,
).fullmatch


def format_key(*parts: str | None) -> str:
    """Return the key of what is counted; different parts never have the same key.

    JSON keeps None apart from the text "None", and the borders between the parts.
    """
    return json.dumps(parts)


class InvalidRateLimit(ValueError):
    """The text is not a rate limit."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """An amount of events per window; the window begins with the first event."""

    name: str
    amount: int
    seconds: int


class RateLimitExceeded(Exception):
    """A rate limit was exceeded; retry after `retry_after` seconds.

    `text` names what exceeded the limit.
    """

    def __init__(
        self,
        rate_limit: RateLimit,
        retry_after: float,
        text: str = "Too many requests",
    ) -> None:
        super().__init__(rate_limit.name)
        self.rate_limit = rate_limit
        self.text = text
        self.retry_after = max(1, math.ceil(retry_after))


def parse_rate_limit(name: str, text: str) -> RateLimit | None:
    """Parse a rate limit such as `100 per 10 minutes` or `5/second`.

    An empty text returns None: no limit.

    Raises:
        InvalidRateLimit: The text is not a rate limit.
    """
    if not text.strip():
        return None
    match = _match_rate_limit(text.strip())
    if match is None:
        raise InvalidRateLimit(
            "expected a limit such as `100 per 10 minutes`, or an empty text"
        )
    amount, multiplier, unit = match.groups()
    return RateLimit(
        name, int(amount), int(multiplier or 1) * UNIT_SECONDS[unit.lower()]
    )


def rate_limit_headers(error: RateLimitExceeded) -> dict[str, str]:
    """Return the headers of a 429 (draft-ietf-httpapi-ratelimit-headers-10)."""
    rate_limit = error.rate_limit
    quota, window = rate_limit.amount, rate_limit.seconds
    return {
        "Retry-After": str(error.retry_after),
        "RateLimit-Policy": f'"{rate_limit.name}";q={quota};w={window}',
        "RateLimit": f'"{rate_limit.name}";r=0;t={error.retry_after}',
    }


@dataclass(frozen=True, slots=True)
class GuessLimits:
    """The limits of this process, and the Redis in which they are counted."""

    url: str = IN_MEMORY_URL
    per_user: RateLimit | None = None
    per_tenant: RateLimit | None = None

    @property
    def per_key(self) -> RateLimit | None:
        """Return the limit of a credential that names no user: as for a tenant."""
        return self.per_tenant and replace(self.per_tenant, name="guesses-per-key")
