"""The pages of a tenant, in the order of the navigation."""

from admin_gateway.console.pages import api_keys, attempts, audit, home, reports, system

PAGES = (
    home.page,
    reports.page,
    attempts.page,
    api_keys.page,
    audit.page,
    system.page,
)
"""Every page; a new one is registered by its line here (docs/console.md)."""
