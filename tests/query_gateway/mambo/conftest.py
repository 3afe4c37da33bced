"""A site with an SDK that has signed in, of each test's own tenant."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.query_gateway.mambo.site import Site, new_site
from tests.query_gateway.tenant import Tenant


@pytest.fixture
def site(app: Flask, tenant: Tenant) -> Site:
    return new_site(app, tenant)


@pytest.fixture
def john(site: Site) -> Site:
    """A site that knows John, a member with 100 gold."""
    site.user()
    site.credit(100)
    return site
