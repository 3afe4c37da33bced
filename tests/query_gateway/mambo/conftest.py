"""Fixtures: a Mambo site of the test's own tenant with an authenticated client."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.factories.tenant import TenantFactory
from tests.query_gateway.mambo.site import SiteClient, create_site_client


@pytest.fixture
def site(app: Flask, tenant: TenantFactory) -> SiteClient:
    return create_site_client(app, tenant)


@pytest.fixture
def site_with_member(site: SiteClient) -> SiteClient:
    """Return a site with the member John, who has 100 gold points."""
    site.create_user()
    site.credit_points(100)
    return site
