"""What may happen in a life, for hypothesis to draw from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.query_gateway.tenant import HMAC, SERVER, USER, Way

USERS = ["ann", "bob"]
CODES = ["SAVE", "Save", "GIFT", "gift"]
PER_CODE, GLOBAL, UNLIMITED = "per_user", "global", "unlimited"

# What may speak against a coupon at the same time as something else.
REVOKED, USED, TIGHT = "revoked", "used", "limits"
OUTLIVED, DATED, ARCHIVED = "outlived", "out of its dates", "archived"
AGAINST = [REVOKED, USED, TIGHT, OUTLIVED, DATED, ARCHIVED]

piles = st.sets(st.sampled_from(AGAINST), min_size=2, max_size=3)
picks = st.integers(0, 997)  # which of those there are
users = st.sampled_from(USERS)
days = st.none() | st.integers(-2, 3)
limits = st.sampled_from(
    [(PER_CODE, 1), (PER_CODE, 2), (GLOBAL, 1), (GLOBAL, 2), (UNLIMITED, 0)]
)
kinds = st.sampled_from([PER_CODE, PER_CODE, GLOBAL, GLOBAL, UNLIMITED])
ways = st.sampled_from(
    [Way("A", USER), Way("B", USER), Way("A", SERVER), Way("B", SERVER), Way("A", HMAC)]
)
ANY = Way("A", SERVER)
wide_ways = st.sampled_from([Way("A", SERVER), Way("B", SERVER), Way("A", HMAC)])
SPELT: list[Callable[[str], str]] = [
    str,
    str.upper,
    str.lower,
    str.swapcase,
    lambda code: f" {code}\t".replace("\t", " "),
]
spelling = st.sampled_from(SPELT)
statuses = st.sampled_from(["active", "paused", "archived"])


@dataclass(frozen=True)
class Wish:
    """What somebody wants to offer; dates are in days from now."""

    code: str
    exact: bool
    open_: bool
    starts: int | None
    ends: int | None
    limit: tuple[str, int]


wishes = st.builds(
    Wish,
    code=st.sampled_from(["", "", *CODES]),
    exact=st.booleans(),
    open_=st.booleans(),
    starts=st.sampled_from([None, None, -1, 1]),
    ends=st.sampled_from([None, None, 1, 2, -1]),
    limit=limits,
)


@dataclass(frozen=True)
class OddWish:
    """With limits by user and awards, which Phoenix has no words for."""

    code: str
    limit: tuple[str, int]
    per_user: int
    awarded: bool


odd_wishes = st.builds(
    OddWish,
    code=st.sampled_from(["", *CODES]),
    limit=limits,
    per_user=st.integers(0, 2),
    awarded=st.booleans(),
)


def limit_members(limit: tuple[str, int]) -> dict[str, Any]:
    kind, uses = limit
    return {"limit_type": kind, **({"max_uses": uses} if uses else {})}


def limits_of(limit: tuple[str, int]) -> dict[str, int]:
    kind, uses = limit
    per_code, total = (uses, 0) if kind == PER_CODE else (0, uses)
    return {"per_code": per_code, "total": total}
