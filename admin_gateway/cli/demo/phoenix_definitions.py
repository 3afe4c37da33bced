"""The demo tenant's definitions with their holders and redemptions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

DEMO_TENANT_ID = "demo"
DEMO_USER_ID = "alice"  # the welcome message shows this user's token and code
WELCOME_DEFINITION_NAME = "Welcome Bonus"
# This milestone earns a coupon of the definition "7-Day Login Streak".
STREAK_DATA = {"streak_id": "daily-login", "threshold": 7}
USER_IDS = (
    *("alice", "bruno", "chen", "dalia", "emeka", "freya"),
    *("goran", "hana", "ines", "jonas", "kavya", "luis"),
)


@dataclass(frozen=True, slots=True)
class DemoDefinition:
    """A definition and its reward item as admin API bodies, and its coupons."""

    name: str
    description: str
    reward: Mapping[str, Any]
    config: Mapping[str, Any]
    age_days: int
    holders: tuple[str, ...]
    redemptions_by_user: Mapping[str, int] = field(default_factory=dict)
    revoked_holders: tuple[str, ...] = ()


DEMO_DEFINITIONS = (
    DemoDefinition(
        WELCOME_DEFINITION_NAME,
        "A hundred points for everybody who signs up",
        reward={
            "name": "100 Bonus Points",
            "description": "Added to the points balance",
            "reward_type": "points",
            "payload": {"amount": 100},
        },
        config={
            "code_prefix": "WELCOME",
            "code_length": 8,
            "usage_limit": {"limit_type": "per_user", "max_uses": 1},
        },
        age_days=30,
        holders=USER_IDS,
        redemptions_by_user={"bruno": 1, "chen": 1, "emeka": 1, "hana": 1, "kavya": 1},
        revoked_holders=("goran",),
    ),
    DemoDefinition(
        "New Year 2027",
        "One code for all, for the first thousand",
        reward={
            "name": "250 Gems",
            "description": "A handful of gems for the new year",
            "reward_type": "currency",
            "payload": {"currency_id": "gems", "amount": 250},
        },
        config={
            "code_format": "custom",
            "custom_code": "NEWYEAR2027",
            "claimable": True,
            "usage_limit": {"limit_type": "global", "max_uses": 1_000},
        },
        age_days=14,
        holders=USER_IDS[:10],
        redemptions_by_user={"bruno": 1, "dalia": 1, "freya": 1, "jonas": 1},
    ),
    DemoDefinition(
        "VIP Loot Crate",
        "Three crates for those who play most",
        reward={
            "name": "VIP Loot Crate",
            "description": "Five random items, at least one of them rare",
            "reward_type": "item",
            "payload": {"item_id": "vip_crate", "quantity": 1},
        },
        config={
            "code_prefix": "VIP-",
            "code_length": 6,
            "usage_limit": {"limit_type": "per_user", "max_uses": 3},
        },
        age_days=21,
        holders=("alice", "chen", "dalia", "hana", "ines", "luis", "", "", ""),
        redemptions_by_user={"chen": 3, "dalia": 1, "ines": 2},
    ),
    DemoDefinition(
        "7-Day Login Streak",
        "For logging in on seven days in a row",
        reward={
            "name": "Golden Flame",
            "description": "A badge beside the player's name",
            "reward_type": "badge",
            "payload": {"badge_id": "streak_7", "tier": "gold"},
        },
        config={
            "code_prefix": "STREAK",
            "usage_limit": {"limit_type": "per_user", "max_uses": 1},
            "auto_generate": {
                "enabled": True,
                "trigger": "streak_milestone",
                "trigger_config": {
                    "streak_id": STREAK_DATA["streak_id"],
                    "milestone_threshold": STREAK_DATA["threshold"],
                },
            },
        },
        age_days=10,
        holders=("alice", "bruno", "emeka", "freya", "hana", "jonas", "kavya", "luis"),
        redemptions_by_user={"bruno": 1, "hana": 1, "luis": 1},
    ),
)
