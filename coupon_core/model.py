"""The values of the domain: frozen, without behaviour beyond what they are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

NOBODY = ""
"""The user id of a coupon that no user holds (NULLs never clash in unique keys)."""

NO_LIMIT = 0


class DefinitionStatus(StrEnum):
    """Life of a definition (Phoenix overview, "Definition Status")."""

    ACTIVE = "active"
    PAUSED = "paused"
    ARCHIVED = "archived"


class CouponStatus(StrEnum):
    """What a coupon is at a moment (Phoenix overview, "Coupon Status")."""

    ACTIVE = "active"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    REVOKED = "revoked"


class CodeFormat(StrEnum):
    """How a definition's codes come to be (Phoenix overview, "Code Generation")."""

    RANDOM = "random"
    CUSTOM = "custom"


class CodeAlphabet(StrEnum):
    """Which characters random codes are made of."""

    UNAMBIGUOUS = "unambiguous"
    FULL = "full"


class Trigger(StrEnum):
    """The milestones that earn coupons (Phoenix overview, "Auto-Generation")."""

    STREAK_MILESTONE = "streak_milestone"
    ACHIEVEMENT_COMPLETED = "achievement_completed"
    LEADERBOARD_RANK = "leaderboard_rank"


MILESTONE_TYPES = {
    "streak.milestone_reached": Trigger.STREAK_MILESTONE,
    "achievement.completed": Trigger.ACHIEVEMENT_COMPLETED,
    "leaderboard.rank_reached": Trigger.LEADERBOARD_RANK,
}
"""What a milestone's event is called in both envelopes (CONTRACTS 0.17)."""


class Scope(StrEnum):
    """What an API key may do."""

    READ = "read"
    DEFINITIONS = "definitions"
    COUPONS = "coupons"
    KEYS = "keys"
    EVENTS = "events"


class Dialect(StrEnum):
    """Which public system's words a redemption came in."""

    PHOENIX = "phoenix"
    PLAYCAMP = "playcamp"
    MAMBO = "mambo"


class Reason(StrEnum):
    """Why an action was refused; each dialect has its own sentence for it."""

    COUPON_NOT_FOUND = "coupon_not_found"
    REVOKED = "revoked"
    ALREADY_REDEEMED = "already_redeemed"
    USED_UP = "used_up"
    ARCHIVED = "archived"
    EXPIRED = "expired"
    NOT_YET_ACTIVE = "not_yet_active"
    POOL_EMPTY = "pool_empty"


class AdminReason(StrEnum):
    """Why an admin's action was refused."""

    DEFINITION_NOT_FOUND = "definition_not_found"
    REWARD_ITEM_NOT_FOUND = "reward_item_not_found"
    COUPON_NOT_FOUND = "coupon_not_found"
    API_KEY_NOT_FOUND = "api_key_not_found"
    SECRET_NOT_FOUND = "secret_not_found"
    TENANT_NOT_FOUND = "tenant_not_found"
    TENANT_EXISTS = "tenant_exists"
    TENANT_ID_RESERVED = "tenant_id_reserved"
    NAME_TAKEN = "name_taken"
    CODE_TAKEN = "code_taken"
    REWARD_ITEM_IN_USE = "reward_item_in_use"
    UNKNOWN_REWARD_ITEM = "unknown_reward_item"
    CUSTOM_CODE_MISSING = "custom_code_missing"
    RANDOM_CODE_WITH_CUSTOM = "random_code_with_custom"
    CODE_TOO_LONG = "code_too_long"
    CODE_SPACE_TOO_SMALL = "code_space_too_small"
    DATES_REVERSED = "dates_reversed"
    TRIGGER_MISSING = "trigger_missing"
    CLAIMABLE_NEEDS_CUSTOM = "claimable_needs_custom"
    CODE_RULES_FROZEN = "code_rules_frozen"
    LIMIT_BELOW_USES = "limit_below_uses"
    NOT_ACTIVE = "not_active"
    CUSTOM_NEEDS_USERS = "custom_needs_users"
    SEVERAL_COUPONS = "several_coupons"
    REDEEMED_COUPON = "redeemed_coupon"
    LAST_SECRET = "last_secret"
    SCOPE_TOO_WIDE = "scope_too_wide"
    DEAD_LETTER_NOT_FOUND = "dead_letter_not_found"
    DEAD_LETTER_UNREADABLE = "dead_letter_unreadable"


class AuthReason(StrEnum):
    """Why a caller was not let in (401) or not let do it (403)."""

    NO_CREDENTIALS = "no_credentials"
    BAD_TOKEN = "bad_token"
    EXPIRED_TOKEN = "expired_token"
    BAD_API_KEY = "bad_api_key"
    MISSING_HEADER = "missing_header"
    BAD_TIMESTAMP = "bad_timestamp"
    BAD_SIGNATURE = "bad_signature"
    WRONG_TENANT = "wrong_tenant"
    WRONG_USER = "wrong_user"
    SCOPE_MISSING = "scope_missing"


AnyReason = Reason | AdminReason | AuthReason


class Refused(Exception):
    """An action was refused and changed nothing.

    `reason` is the rule that said no; `detail`, if set, is a sentence with the
    figures of this very case.
    """

    def __init__(self, reason: AnyReason, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


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
class Event:
    """A change that goes out through the outbox; `event_type` is noun.past_participle.

    `data` is a JSON object as text, ready to be sent.
    """

    tenant_id: str
    event_id: str
    event_type: str
    subject: str
    occurred_at: datetime
    data: str


@dataclass(frozen=True, slots=True)
class Milestone:
    """What a user has reached: a streak's day, an achievement, a leaderboard's rank.

    `value` is the day or the rank. `occurrence` tells one reaching from the next:
    the streak's run, how often the achievement was completed, the leaderboard's
    window; "" when it can be reached once for ever (CONTRACTS 0.17).
    """

    tenant_id: str
    user_id: str
    event_id: str
    trigger_kind: Trigger
    source_id: str
    value: int
    occurrence: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that cannot be processed, kept as it came."""

    tenant_id: str  # "" when the message does not say
    letter_id: str
    queue: str
    routing_key: str
    content_type: str
    reason: str
    body: bytes  # the first 64 KiB
    received_at: datetime


@dataclass(frozen=True, slots=True)
class DefinitionStats:
    """How a definition's coupons stand, and how often they were redeemed."""

    coupon_counts: Mapping[CouponStatus, int]
    redemption_count: int


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An admin's key, without its secret."""

    tenant_id: str
    key_id: str
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class TenantSecret:
    """One of a tenant's signing secrets, in the clear."""

    tenant_id: str
    secret_id: str
    secret: str = field(repr=False)
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling: a tenant's key, a tenant's server, or one of its users.

    `user_id` is None for callers that speak for every user of their tenant.
    """

    tenant_id: str
    user_id: str | None = None
    key_id: str | None = None
    scopes: frozenset[Scope] = frozenset()


@dataclass(frozen=True, slots=True)
class Page:
    """A slice of a list: at most `limit` rows after the first `offset`."""

    limit: int = 100
    offset: int = 0


def utc_now() -> datetime:
    """The present moment in UTC, in milliseconds: the only clock of the system."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
