"""The pages of a tenant, in the order of the navigation."""

from admin_gateway.console.pages import (
    api_keys,
    audit,
    batch_changes,
    batches,
    code_jobs,
    exports,
    generate,
    home,
    imports,
    qr_sheets,
)

PAGES = (
    home.page,
    generate.page,
    imports.page,
    exports.page,
    batches.page,
    batch_changes.page,
    qr_sheets.page,
    code_jobs.page,
    api_keys.page,
    audit.page,
)
"""Every page; a new one is registered by its line here (docs/console.md)."""
