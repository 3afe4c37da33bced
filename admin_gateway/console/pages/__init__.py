"""The pages of a tenant, in the order of the navigation."""

from admin_gateway.console.pages import (
    api_keys,
    audit,
    creator_import,
    creators,
    dead_letters,
    home,
    leaderboard,
    operators,
    packages,
    points,
    rewards,
    webhooks,
)

PAGES = (
    home.page,
    rewards.page,
    points.page,
    creators.page,
    creator_import.page,
    packages.page,
    leaderboard.page,
    webhooks.page,
    dead_letters.page,
    operators.page,
    api_keys.page,
    audit.page,
)
"""Every page; a new one is registered by its line here (docs/console.md)."""
