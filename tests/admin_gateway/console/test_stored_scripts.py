"""Texts that callers have stored are shown as texts, on every page and in every CSV."""

from __future__ import annotations

import pytest

from coupon_core.domain.models.operators import Role
from tests.admin_gateway.console.site import create_site
from tests.support.admin_client import AdminClient
from tests.support.console_client import sign_in_as
from tests.support.console_crawler import Crawler, FoundPage
from tests.support.stored_scripts import store_scripts

HOME = "/console/t/acme"


@pytest.fixture(scope="module")
def found_pages(sqlite_admin: AdminClient) -> list[FoundPage]:
    """Return all pages of a tenant in which every text is a script."""
    create_site(sqlite_admin)
    store_scripts()
    browser = sign_in_as(sqlite_admin, Role.OWNER)
    return list(Crawler(browser, HOME).find_pages())
