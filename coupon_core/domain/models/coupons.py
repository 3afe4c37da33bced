"""Rewards, definitions, coupons and their uses."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coupon_core.domain.enums import (
    CodeAlphabet,
    CodeFormat,
    CouponStatus,
    DefinitionStatus,
    Dialect,
    Trigger,
)
from coupon_core.domain.refusals import Reason


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
    code_pattern: str  # "" when prefix and length say it all
    code_check: bool  # the last character is told by the others
    custom_code: str
    case_sensitive: bool
    claimable: bool  # any user of the tenant may redeem the custom code
    starts_at: datetime | None
    expires_at: datetime | None
    per_code_limit: int  # uses of one code by one user
    per_user_limit: int  # uses of all the codes by one user
    total_limit: int  # uses of all coupons together; awards, if awarded only
    awarded_only: bool  # redeemed only by whom it was given to; never claimed
    used_count: int  # what the total limit counts; kept only while there is one
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
    redemption_count: int  # uses that were not refunded
    revoked_at: datetime | None
    returned_at: datetime | None = None  # bought, and given back for its points
    refund_count: int = 0
    copy_number: int = 1  # a user may hold the same code several times


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
class SharedCode:
    """A code that any number of coupons may bear, and whose creator hands it out."""

    code: str
    creator_key: str  # "" when no creator does
    revoked_at: datetime | None
    definition: Definition
    reward_item: RewardItem


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer of a rule: allowed, or the first reason against."""

    reason: Reason | None = None

    @property
    def is_allowed(self) -> bool:
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
    """One use of a coupon; `use_number` counts all its uses from 1, refunded or not."""

    tenant_id: str
    coupon_id: str
    use_number: int
    redemption_id: int
    definition_id: str
    user_id: str
    dialect: Dialect
    redeemed_at: datetime


@dataclass(frozen=True, slots=True)
class RedemptionResult:
    """A coupon as it is after a use, and that use."""

    issued: IssuedCoupon
    redemption: Redemption


@dataclass(frozen=True, slots=True)
class CouponUsage:
    """How the coupons of a definition were used, for changes of its limits."""

    coupon_count: int
    award_count: int  # in users' hands, and not returned
    use_count: int
    max_coupon_use_count: int  # uses of the one that was used most
    max_user_use_count: int


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
