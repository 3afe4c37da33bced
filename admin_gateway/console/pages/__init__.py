"""The pages of a tenant, in the order of the navigation."""

from admin_gateway.console.pages import api_keys, audit, code, home, player

PAGES = (
    home.page,
    code.page,
    player.page,
    api_keys.page,
    audit.page,
)
"""Every page; a new one is registered by its line here (docs/console.md)."""
