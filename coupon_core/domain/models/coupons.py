"""Reward items, definitions, coupons and redemptions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from coupon_core.domain.enums import (
    CodeAlphabet,
    CodeFormat,
    DefinitionStatus,
    Dialect,
    Trigger,
    UsagePeriod,
)
from coupon_core.domain.metadata import Metadata
from coupon_core.domain.models.reservations import NO_RESERVED_USES, ReservedUses
from coupon_core.domain.refusals import Reason


@dataclass(frozen=True, slots=True)
class RewardItem:
    """What a user receives; `payload` is opaque to this system."""

    tenant_id: str
    item_id: str
    name: str
    description: str
    reward_type: str
    payload: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    metadata: Metadata = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Definition:
    """A template of coupons: their codes, reward, dates, limits and trigger."""

    tenant_id: str
    definition_id: str
    name: str
    description: str
    status: DefinitionStatus
    reward_item_id: str
    code_format: CodeFormat
    code_alphabet: CodeAlphabet
    code_prefix: str
    code_length: int  # of the random part, without the prefix
    code_pattern: str  # "" if prefix and length define the codes
    code_check: bool  # the last character is a check character
    custom_code: str
    case_sensitive: bool
    claimable: bool  # any user of the tenant may redeem the custom code
    starts_at: datetime | None
    expires_at: datetime | None
    per_code_limit: int  # redemptions of one coupon
    per_user_limit: int  # redemptions of all coupons by one user
    total_limit: int  # all redemptions; if awarded_only, all awards
    awarded_only: bool  # only its user redeems a coupon; none is claimed
    used_count: int  # counted only while there is a total limit
    trigger_kind: Trigger | None
    trigger_enabled: bool
    trigger_source: str  # streak_id, achievement_id or leaderboard_id
    trigger_threshold: int  # milestone_threshold or rank_threshold
    created_at: datetime
    updated_at: datetime
    metadata: Metadata = field(default_factory=dict)
    campaign_id: str = ""  # "" if it belongs to no campaign
    time_zone: str = ""  # "" follows the campaign
    user_period_limit: int = 0  # redemptions of all coupons by one user in a period
    user_period: UsagePeriod | None = None
    suspended_at: datetime | None = None  # None unless suspended
    refill_count: int = 0  # codes that are generated when fewer are left; 0: none
    refill_below: int = 0  # than this many unassigned ones
    has_reservations: bool = False  # a use of it was reserved at some time
    hot: bool = False  # its uses are counted in slots, even under a low limit
    # Read with the definition, never stored. Beside a coupon, `used_count` of a
    # definition with slots is 0 until all of them are full.
    has_usage_slots: bool = False
    is_campaign_ended: bool = False
    campaign_suspended_at: datetime | None = None
    campaign_time_zone: str | None = None  # None if it belongs to no campaign

    @property
    def effective_status(self) -> DefinitionStatus:
        """The status that redeeming and generating see: archived with its campaign."""
        return DefinitionStatus.ARCHIVED if self.is_campaign_ended else self.status

    @property
    def is_suspended(self) -> bool:
        """True while it or its campaign is suspended."""
        return bool(self.suspended_at or self.campaign_suspended_at)


CAMPAIGN_STATE = frozenset(
    {"is_campaign_ended", "campaign_suspended_at", "campaign_time_zone"}
)
"""The members of a definition that are read from its campaign."""
COUNTER_STATE = frozenset({"used_count", "has_usage_slots"})
"""The members of a definition that are its counter; a change of others keeps them."""


@dataclass(frozen=True, slots=True)
class Coupon:
    """A code that is assigned to one user, or unassigned."""

    tenant_id: str
    coupon_id: str
    definition_id: str
    user_id: str
    code: str
    generated_at: datetime
    expires_at: datetime | None  # None follows the definition
    redeemed_at: datetime | None  # the latest redemption
    redemption_count: int  # without refunded ones
    revoked_at: datetime | None
    returned_at: datetime | None = None  # returned for its points
    refund_count: int = 0
    copy_number: int = 1  # a user may hold a code several times
    batch_id: str | None = None  # None unless generated or imported by workers
    reserved_count: int = 0  # held by reservations, also by ended ones


@dataclass(frozen=True, slots=True)
class IssuedCoupon:
    """A coupon with its definition and reward item."""

    coupon: Coupon
    definition: Definition
    reward_item: RewardItem
    batch_suspended_at: datetime | None = None
    creator_key: str = ""  # of the creator who hands out its shared code, or ""

    @property
    def is_suspended(self) -> bool:
        """True while its definition, campaign or batch is suspended."""
        return bool(self.definition.is_suspended or self.batch_suspended_at)

    @property
    def expires_at(self) -> datetime | None:
        """The coupon's own expiry, or that of its definition."""
        return self.coupon.expires_at or self.definition.expires_at


@dataclass(frozen=True, slots=True)
class SharedCode:
    """A code that a creator hands out and that any number of coupons can have."""

    code: str
    creator_key: str  # "" if no creator hands it out
    revoked_at: datetime | None
    definition: Definition
    reward_item: RewardItem


@dataclass(frozen=True, slots=True)
class UserUsage:
    """A user's uses of all codes of a definition, as far as limits count them.

    `period_count` is of the current period. Both include uses that are reserved now.
    """

    total_count: int = 0
    period_count: int = 0
    reserved: ReservedUses = NO_RESERVED_USES


NO_USAGE = UserUsage()


@dataclass(frozen=True, slots=True)
class Decision:
    """The result of a rule: allowed, or the first reason to refuse."""

    reason: Reason | None = None

    @property
    def is_allowed(self) -> bool:
        """True if there is no reason to refuse."""
        return self.reason is None


@dataclass(frozen=True, slots=True)
class Validation:
    """The result of validating a code, with what the code refers to."""

    decision: Decision
    issued: IssuedCoupon | None = None
    definition: Definition | None = None


@dataclass(frozen=True, slots=True)
class Redemption:
    """One use of a coupon; `use_number` counts from 1 and includes refunded uses."""

    tenant_id: str
    coupon_id: str
    use_number: int
    redemption_id: int
    definition_id: str
    user_id: str
    dialect: Dialect
    redeemed_at: datetime
    reference: str | None = None
    metadata: Metadata | None = None
    period_key: str = ""  # the period that it counted in; "" if there was no limit

    @property
    def has_note(self) -> bool:
        """True if the caller has given a reference or metadata."""
        return self.reference is not None or bool(self.metadata)


@dataclass(frozen=True, slots=True)
class RedemptionRecord:
    """A redemption as administrators see it."""

    redemption_id: int
    coupon_id: str
    definition_id: str
    code: str
    user_id: str
    dialect: Dialect
    reference: str | None
    metadata: Metadata
    redeemed_at: datetime
    reversed_at: datetime | None  # when the use was given back, also by a refund
    reversal_reason: str | None
    use_number: int


@dataclass(frozen=True, slots=True)
class RedemptionResult:
    """A redemption, the coupon after it, and the coupon's canonical JSON document.

    The event and the response both contain the document, which is therefore built once.
    """

    issued: IssuedCoupon
    redemption: Redemption
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """A slice of a list: up to `limit` rows after the first `offset`."""

    limit: int = 100
    offset: int = 0
