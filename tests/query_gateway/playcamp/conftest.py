"""A studio of the test's own tenant, and SDKs with both kinds of keys."""

from __future__ import annotations

import pytest
from flask import Flask

from coupon_core.domain.models.client_keys import ClientKeyKind
from tests.query_gateway.playcamp.studio import Sdk, Studio
from tests.query_gateway.tenant import Tenant


@pytest.fixture
def studio(tenant: Tenant) -> Studio:
    return Studio(tenant)


@pytest.fixture
def sdk(app: Flask, studio: Studio) -> Sdk:
    """The SDK of a game's server."""
    return Sdk(app.test_client(), studio.key())


@pytest.fixture
def client_sdk(app: Flask, studio: Studio) -> Sdk:
    """The SDK of a game's client."""
    key = studio.key(ClientKeyKind.PLAYCAMP_CLIENT)
    return Sdk(app.test_client(), key, "client")
