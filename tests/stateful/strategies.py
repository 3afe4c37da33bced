"""Hypothesis strategies for the rules of the state machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.query_gateway.caller import (
    HMAC_SIGNATURE,
    SERVER_TOKEN,
    USER_TOKEN,
    CallStyle,
)

USERS = ["ann", "bob"]
CODES = ["SAVE", "Save", "GIFT", "gift"]
PER_CODE, GLOBAL, UNLIMITED = "per_user", "global", "unlimited"

# Violations that a coupon can have at the same time as others.
REVOKED, USED, LIMITED = "revoked", "used", "limits"
COUPON_EXPIRED, OUTSIDE_DATES, ARCHIVED = "outlived", "out of its dates", "archived"
VIOLATIONS = [REVOKED, USED, LIMITED, COUPON_EXPIRED, OUTSIDE_DATES, ARCHIVED]

violation_sets = st.sets(st.sampled_from(VIOLATIONS), min_size=2, max_size=3)
indexes = st.integers(0, 997)  # which of the existing items
users = st.sampled_from(USERS)
days = st.none() | st.integers(-2, 3)
limits = st.sampled_from(
    [(PER_CODE, 1), (PER_CODE, 2), (GLOBAL, 1), (GLOBAL, 2), (UNLIMITED, 0)]
)
limit_kinds = st.sampled_from([PER_CODE, PER_CODE, GLOBAL, GLOBAL, UNLIMITED])
call_styles = st.sampled_from(
    [
        CallStyle("A", USER_TOKEN),
        CallStyle("B", USER_TOKEN),
        CallStyle("A", SERVER_TOKEN),
        CallStyle("B", SERVER_TOKEN),
        CallStyle("A", HMAC_SIGNATURE),
    ]
)
DEFAULT_CALL_STYLE = CallStyle("A", SERVER_TOKEN)
tenant_wide_styles = st.sampled_from(
    [
        CallStyle("A", SERVER_TOKEN),
        CallStyle("B", SERVER_TOKEN),
        CallStyle("A", HMAC_SIGNATURE),
    ]
)
SPELLINGS: list[Callable[[str], str]] = [
    str,
    str.upper,
    str.lower,
    str.swapcase,
    lambda code: f" {code}\t".replace("\t", " "),
]
spellings = st.sampled_from(SPELLINGS)
periods = st.sampled_from(["day", "week", "month"])
statuses = st.sampled_from(["active", "paused", "archived"])


@dataclass(frozen=True)
class OfferRequest:
    """A definition to create; dates are days from now."""

    code: str
    case_sensitive: bool
    claimable: bool
    starts: int | None
    ends: int | None
    limit: tuple[str, int]


offer_requests = st.builds(
    OfferRequest,
    code=st.sampled_from(["", "", *CODES]),
    case_sensitive=st.booleans(),
    claimable=st.booleans(),
    starts=st.sampled_from([None, None, -1, 1]),
    ends=st.sampled_from([None, None, 1, 2, -1]),
    limit=limits,
)


@dataclass(frozen=True)
class DialectOfferRequest:
    """A definition with a limit per user and awards, which Phoenix does not offer."""

    code: str
    limit: tuple[str, int]
    per_user: int
    awarded_only: bool


dialect_offer_requests = st.builds(
    DialectOfferRequest,
    code=st.sampled_from(["", *CODES]),
    limit=limits,
    per_user=st.integers(0, 2),
    awarded_only=st.booleans(),
)


def to_limit_members(limit: tuple[str, int]) -> dict[str, Any]:
    """Return a limit as the API spells it."""
    kind, uses = limit
    return {"limit_type": kind, **({"max_uses": uses} if uses else {})}


def to_limits(limit: tuple[str, int]) -> dict[str, int]:
    """Return a limit as the model spells it."""
    kind, uses = limit
    per_code, total = (uses, 0) if kind == PER_CODE else (0, uses)
    return {"per_code": per_code, "total": total}
