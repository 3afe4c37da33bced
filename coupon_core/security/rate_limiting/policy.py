"""How much is allowed in which time, and how that is told (pure)."""

import math
import re
from dataclasses import dataclass

ALONE = "memory://"  # instead of a Redis's URL: each process counts by itself
UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
_FORM = re.compile(
    r"([1-9]\d{0,8})\s*(?:per|/)\s*([1-9]\d{0,4})?\s*(second|minute|hour|day)s?",
    re.ASCII | re.IGNORECASE,
).fullmatch


class BadBudget(ValueError):
    """The text names no amount and no time."""


@dataclass(frozen=True, slots=True)
class Budget:
    """So much of something in so many seconds, counted from the first of it."""

    name: str
    amount: int
    seconds: int


class OverBudget(Exception):
    """There was too much of something; in `seconds` there may be more."""

    def __init__(self, budget: Budget, seconds: float) -> None:
        super().__init__(budget.name)
        self.budget = budget
        self.seconds = max(1, math.ceil(seconds))


def budget_of(name: str, text: str) -> Budget | None:
    """The budget in a text such as `100 per 10 minutes` or `5/second`; None if empty.

    BadBudget for what is none.
    """
    if not text.strip():
        return None
    found = _FORM(text.strip())
    if found is None:
        raise BadBudget("expected such as `100 per 10 minutes`, or nothing")
    amount, times, unit = found.groups()
    return Budget(name, int(amount), int(times or 1) * UNITS[unit.lower()])


def fields_of(over: OverBudget) -> dict[str, str]:
    """The header fields of a 429 (draft-ietf-httpapi-ratelimit-headers-10)."""
    budget = over.budget
    return {
        "Retry-After": str(over.seconds),
        "RateLimit-Policy": f'"{budget.name}";q={budget.amount};w={budget.seconds}',
        "RateLimit": f'"{budget.name}";r=0;t={over.seconds}',
    }


@dataclass(frozen=True, slots=True)
class Allowed:
    """What this process allows, and the Redis that it counts in with others."""

    url: str = ALONE
    per_user: Budget | None = None
    per_tenant: Budget | None = None
