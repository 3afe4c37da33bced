"""Explanations, searches, attempts, redemptions and signals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coupons_sdk.documents import Document
from coupons_sdk.models.coupons import Coupon
from coupons_sdk.models.inventory import TimelineEntry


@dataclass(frozen=True, kw_only=True)
class ErrorCodes(Document):
    """The error code of one reason in each API."""

    phoenix: str | None = None
    playcamp: str | None = None
    mambo: str | None = None


@dataclass(frozen=True, kw_only=True)
class Rule(Document):
    """A condition for using a code, and whether it holds."""

    rule: str
    passed: bool
    error_code: str | None
    error_codes: ErrorCodes
    values: Mapping[str, Any]
    text: str | None
    remedy: str | None


@dataclass(frozen=True, kw_only=True)
class ExplainedReservation(Document):
    """A reservation of the code, and whether it can be confirmed or released."""

    reservation_id: str
    user_id: str
    state: str
    expires_at: datetime
    rules: tuple[Rule, ...]


@dataclass(frozen=True, kw_only=True)
class Activities(Document):
    """The rules of Mambo's activities."""

    buy: tuple[Rule, ...] | None = None
    redeem: tuple[Rule, ...] | None = None
    refund: tuple[Rule, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Attempt(Document):
    """A failed attempt to use a code."""

    attempt_id: str
    attempted_at: datetime
    user_id: str
    masked_code: str
    definition_id: str | None
    action: str
    reason: str
    dialect: str


@dataclass(frozen=True, kw_only=True)
class SearchHit(Document):
    """A code that a search found, and why."""

    match: str
    code: str
    definition_id: str
    definition_name: str
    coupon_id: str | None
    user_id: str | None
    creator_key: str | None
    redemption_id: int | None


@dataclass(frozen=True, kw_only=True)
class Explanation(Document):
    """Why a code can or cannot be redeemed."""

    code: str
    user_id: str | None
    at: datetime
    redeemable: bool
    error_code: str | None
    state: str
    remedy: str | None
    rules: tuple[Rule, ...]
    coupon: Coupon | None
    reservations: tuple[ExplainedReservation, ...]
    activities: Activities
    timeline: tuple[TimelineEntry, ...]
    attempts: tuple[Attempt, ...]
    near_matches: tuple[SearchHit, ...]


@dataclass(frozen=True, kw_only=True)
class SearchResult(Document):
    """What a search found."""

    hits: tuple[SearchHit, ...]


@dataclass(frozen=True, kw_only=True)
class Redemption(Document):
    """A use of a coupon."""

    redemption_id: int
    coupon_id: str
    definition_id: str
    code: str
    user_id: str
    dialect: str
    reference: str | None
    metadata: Mapping[str, str | float | bool]
    redeemed_at: datetime
    reversed_at: datetime | None
    reversal_reason: str | None


@dataclass(frozen=True, kw_only=True)
class Signal(Document):
    """A pattern of attempts that may be abuse."""

    hour: datetime
    kind: str
    subject: str
    count: int
    first: datetime
    last: datetime


@dataclass(frozen=True, kw_only=True)
class AuditEntry(Document):
    """A change that an administrator made."""

    entry_id: str
    happened_at: datetime
    actor: str
    actor_name: str
    action: str
    object_id: str
    object_name: str | None
    request_id: str
    detail: Mapping[str, Any]
    changes: Mapping[str, Any]
