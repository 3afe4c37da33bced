"""Rewards, definitions, coupons and their uses."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coupon_core.model.reasons import Reason
from coupon_core.model.words import (
    CodeAlphabet,
    CodeFormat,
    CouponStatus,
    DefinitionStatus,
    Dialect,
    Trigger,
)


@dataclass(frozen=True, slots=True)
class RewardItem:
    """What a user receives; `payload` is opaque to us."""

    tenant_id: str
    item_id: str
    name: str
    description: str
    reward_type: str
    payload: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Definition:
    """The template of coupons: their codes, reward, dates, limits and trigger."""

    tenant_id: str
    definition_id: str
    name: str
    description: str
    status: DefinitionStatus
    reward_item_id: str
    code_format: CodeFormat
    code_alphabet: CodeAlphabet
    code_prefix: str
    code_length: int  # of the random part; the prefix is not counted
    custom_code: str
    case_sensitive: bool
    claimable: bool  # any user of the tenant may redeem the custom code
    starts_at: datetime | None
    expires_at: datetime | None
    per_code_limit: int  # uses of one code by one user
    total_limit: int  # uses of all coupons together
    used_count: int  # kept only while there is a total limit
    trigger_kind: Trigger | None
    trigger_enabled: bool
    trigger_source: str  # streak_id, achievement_id or leaderboard_id
    trigger_threshold: int  # milestone_threshold or rank_threshold
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Coupon:
    """One code in one user's hands, or nobody's."""

    tenant_id: str
    coupon_id: str
    definition_id: str
    user_id: str
    code: str
    generated_at: datetime
    expires_at: datetime | None  # its own expiry; None follows the definition
    redeemed_at: datetime | None  # the latest use
    redemption_count: int
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class IssuedCoupon:
    """A coupon with all that deciding about it and showing it takes."""

    coupon: Coupon
    definition: Definition
    reward_item: RewardItem

    @property
    def expires_at(self) -> datetime | None:
        """The coupon's own expiry, else its definition's."""
        return self.coupon.expires_at or self.definition.expires_at


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer of a rule: allowed, or the first reason against."""

    reason: Reason | None = None

    @property
    def allowed(self) -> bool:
        """True when nothing speaks against the action."""
        return self.reason is None


@dataclass(frozen=True, slots=True)
class Validation:
    """What a code is worth now: the coupon, or only its definition, or why not."""

    decision: Decision
    issued: IssuedCoupon | None = None
    definition: Definition | None = None


@dataclass(frozen=True, slots=True)
class Redemption:
    """One use of a coupon; `use_number` counts a coupon's uses from 1."""

    tenant_id: str
    coupon_id: str
    use_number: int
    redemption_id: int
    definition_id: str
    user_id: str
    dialect: Dialect
    redeemed_at: datetime


@dataclass(frozen=True, slots=True)
class DefinitionStats:
    """How a definition's coupons stand, and how often they were redeemed."""

    coupon_counts: Mapping[CouponStatus, int]
    redemption_count: int


@dataclass(frozen=True, slots=True)
class Page:
    """A slice of a list: at most `limit` rows after the first `offset`."""

    limit: int = 100
    offset: int = 0
