"""The campaigns of the demo tenant: what is defined, who holds it, who used it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TENANT = "demo"
PLAYER = "alice"  # whose token and unused code are shown
WELCOME = "Welcome Bonus"
STREAK = {"streak_id": "daily-login", "threshold": 7}  # what earns a coupon
PLAYERS = (
    *("alice", "bruno", "chen", "dalia", "emeka", "freya"),
    *("goran", "hana", "ines", "jonas", "kavya", "luis"),
)


@dataclass(frozen=True, slots=True)
class Campaign:
    """A definition with its reward item, as HTTP takes both, and its coupons."""

    name: str
    description: str
    reward: Mapping[str, Any]
    config: Mapping[str, Any]
    days_old: int
    holders: tuple[str, ...]
    uses: Mapping[str, int] = field(default_factory=dict)  # how often, by user
    revoked: tuple[str, ...] = ()


CAMPAIGNS = (
    Campaign(
        WELCOME,
        "A hundred points for everybody who signs up",
        {
            "name": "100 Bonus Points",
            "description": "Added to the points balance",
            "reward_type": "points",
            "payload": {"amount": 100},
        },
        {
            "code_prefix": "WELCOME",
            "code_length": 8,
            "usage_limit": {"limit_type": "per_user", "max_uses": 1},
        },
        days_old=30,
        holders=PLAYERS,
        uses={"bruno": 1, "chen": 1, "emeka": 1, "hana": 1, "kavya": 1},
        revoked=("goran",),
    ),
    Campaign(
        "New Year 2027",
        "One code for all, for the first thousand",
        {
            "name": "250 Gems",
            "description": "A handful of gems for the new year",
            "reward_type": "currency",
            "payload": {"currency_id": "gems", "amount": 250},
        },
        {
            "code_format": "custom",
            "custom_code": "NEWYEAR2027",
            "claimable": True,
            "usage_limit": {"limit_type": "global", "max_uses": 1_000},
        },
        days_old=14,
        holders=PLAYERS[:10],
        uses={"bruno": 1, "dalia": 1, "freya": 1, "jonas": 1},
    ),
    Campaign(
        "VIP Loot Crate",
        "Three crates for those who play most",
        {
            "name": "VIP Loot Crate",
            "description": "Five random items, at least one of them rare",
            "reward_type": "item",
            "payload": {"item_id": "vip_crate", "quantity": 1},
        },
        {
            "code_prefix": "VIP-",
            "code_length": 6,
            "usage_limit": {"limit_type": "per_user", "max_uses": 3},
        },
        days_old=21,
        holders=("alice", "chen", "dalia", "hana", "ines", "luis", "", "", ""),
        uses={"chen": 3, "dalia": 1, "ines": 2},
    ),
    Campaign(
        "7-Day Login Streak",
        "For logging in on seven days in a row",
        {
            "name": "Golden Flame",
            "description": "A badge beside the player's name",
            "reward_type": "badge",
            "payload": {"badge_id": "streak_7", "tier": "gold"},
        },
        {
            "code_prefix": "STREAK",
            "usage_limit": {"limit_type": "per_user", "max_uses": 1},
            "auto_generate": {
                "enabled": True,
                "trigger": "streak_milestone",
                "trigger_config": {
                    "streak_id": STREAK["streak_id"],
                    "milestone_threshold": STREAK["threshold"],
                },
            },
        },
        days_old=10,
        holders=("alice", "bruno", "emeka", "freya", "hana", "jonas", "kavya", "luis"),
        uses={"bruno": 1, "hana": 1, "luis": 1},
    ),
)
