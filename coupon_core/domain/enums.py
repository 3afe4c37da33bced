"""The closed vocabularies of the domain, and its two special values."""

from enum import StrEnum

UNASSIGNED = ""
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
    """How a definition's codes come to be (Phoenix overview, "Code Generation").

    Random codes are drawn; a custom code is one that all coupons bear. Shared codes
    are many that creators hand out, each for any number of users (PlayCamp). Listed
    codes are given beforehand, and each user gets the next one (Mambo).
    """

    RANDOM = "random"
    CUSTOM = "custom"
    SHARED = "shared"
    LISTED = "listed"


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
