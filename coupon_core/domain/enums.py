"""The enumerations of the domain, and its two special values."""

from enum import StrEnum

UNASSIGNED = ""
"""The user ID of an unassigned coupon (NULLs never conflict in unique keys)."""


NO_LIMIT = 0


class DefinitionStatus(StrEnum):
    """Lifecycle of a definition (Phoenix overview, "Definition Status")."""

    ACTIVE = "active"
    PAUSED = "paused"
    ARCHIVED = "archived"


class CouponStatus(StrEnum):
    """Status of a coupon at a point in time (Phoenix overview, "Coupon Status")."""

    ACTIVE = "active"
    REDEEMED = "redeemed"
    EXPIRED = "expired"
    REVOKED = "revoked"


class CodeFormat(StrEnum):
    """How a definition obtains its codes (Phoenix overview, "Code Generation").

    `random`: generated, one per coupon. `custom`: one code that all coupons share.
    `shared`: many codes that creators hand out, each for any number of users
    (PlayCamp). `listed`: provided in advance, and each user receives the next one
    (Mambo).
    """

    RANDOM = "random"
    CUSTOM = "custom"
    SHARED = "shared"
    LISTED = "listed"


class CodeAlphabet(StrEnum):
    """The character set of random codes."""

    UNAMBIGUOUS = "unambiguous"
    FULL = "full"


class Trigger(StrEnum):
    """Milestones that earn coupons (Phoenix overview, "Auto-Generation")."""

    STREAK_MILESTONE = "streak_milestone"
    ACHIEVEMENT_COMPLETED = "achievement_completed"
    LEADERBOARD_RANK = "leaderboard_rank"


MILESTONE_TYPES = {
    "streak.milestone_reached": Trigger.STREAK_MILESTONE,
    "achievement.completed": Trigger.ACHIEVEMENT_COMPLETED,
    "leaderboard.rank_reached": Trigger.LEADERBOARD_RANK,
}
"""The triggers by event type; both envelopes use it (docs/api-contracts.md 0.17)."""


class UsagePeriod(StrEnum):
    """The period in which a limit per user and period counts; weeks are ISO weeks."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Scope(StrEnum):
    """A permission of an API key."""

    READ = "read"
    DEFINITIONS = "definitions"
    COUPONS = "coupons"
    KEYS = "keys"
    EVENTS = "events"
    EXPORT = "export"  # all codes at once
    SUPPORT = "support"  # act on one coupon; contained in `coupons`
    OPERATORS = "operators"
    PRIVACY = "privacy"


class Dialect(StrEnum):
    """The public API through which a redemption was requested."""

    PHOENIX = "phoenix"
    PLAYCAMP = "playcamp"
    MAMBO = "mambo"
