"""The pages of a tenant, in the order of the navigation."""

from admin_gateway.console.pages import (
    api_keys,
    audit,
    campaigns,
    definition_tabs,
    definitions,
    home,
)

PAGES = (
    home.page,
    campaigns.page,
    definitions.page,
    definition_tabs.page,
    api_keys.page,
    audit.page,
)
"""Every page; a new one is registered by its line here (docs/console.md)."""
