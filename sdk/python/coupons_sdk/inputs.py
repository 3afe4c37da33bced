"""The types of nested members of requests, for editors and type checkers.

A time is a `datetime`, a `date` or text in ISO 8601. One without an offset is local in
the time zone of the definition or campaign.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal, NotRequired, TypedDict

Time = str | date  # a datetime is a date
Metadata = Mapping[str, str | float | bool]
LocalizedText = Mapping[str, str]  # by language: {"en": "Launch"}
Scope = Literal[
    "read",
    "definitions",
    "coupons",
    "keys",
    "events",
    "export",
    "support",
    "operators",
    "privacy",
]


class UsageLimit(TypedDict):
    """The limit of the Phoenix specification; `Limits` has all limits."""

    limit_type: Literal["per_user", "global", "unlimited"]
    max_uses: NotRequired[int]


class PeriodLimit(TypedDict):
    """How often a user may redeem in a period."""

    max_uses: int
    period: Literal["day", "week", "month"]


class Limits(TypedDict, total=False):
    """The limits of a definition, in any combination; None is no limit."""

    per_code: int | None
    per_user: int | None
    total: int | None
    per_user_period: PeriodLimit | None


class AutoGenerate(TypedDict):
    """The milestone that earns a coupon."""

    enabled: bool
    trigger: NotRequired[
        Literal["streak_milestone", "achievement_completed", "leaderboard_rank"]
    ]
    trigger_config: NotRequired[Mapping[str, Any]]


class Refill(TypedDict):
    """How many codes are generated when fewer than `below` are left."""

    count: int
    below: NotRequired[int]


class OptionalConfig(TypedDict, total=False):
    """Members of `config` that may be left out."""

    code_format: Literal["random", "custom"]
    code_prefix: str | None
    code_length: int
    code_pattern: str | None
    code_check: bool
    code_alphabet: Literal["unambiguous", "full"]
    custom_code: str | None
    case_sensitive: bool
    claimable: bool
    time_zone: str | None
    starts_at: Time | None
    expires_at: Time | None
    usage_limit: UsageLimit
    limits: Limits
    hot: bool
    auto_generate: AutoGenerate | None
    refill: Refill | None


class DefinitionConfig(OptionalConfig):
    """The `config` of a new definition."""

    reward_item_id: str


class DefinitionChanges(OptionalConfig, total=False):
    """The changed members of a `config`."""

    reward_item_id: str


class RewardLine(TypedDict):
    """What a package grants."""

    itemId: str
    itemQuantity: int
    itemName: NotRequired[LocalizedText]
    itemImageUrl: NotRequired[str]


class NewCreator(TypedDict):
    """A creator of a bulk request, with or without codes of a package."""

    creator_key: str
    name: str
    genre: NotRequired[str | None]
    status: NotRequired[Literal["ACTIVE", "INACTIVE"]]
    package_id: NotRequired[int]
    codes: NotRequired[Sequence[str]]
    count: NotRequired[int]
    pattern: NotRequired[str]
