"""Fixtures: PlayCamp data of the test's tenant, and SDKs with both kinds of keys."""

from __future__ import annotations

import pytest
from flask import Flask

from coupon_core.domain.models.client_keys import ClientKeyKind
from tests.factories.campaigns import CampaignFactory
from tests.factories.tenant import TenantFactory
from tests.query_gateway.playcamp.sdk_client import SdkClient


@pytest.fixture
def campaign_factory(tenant: TenantFactory) -> CampaignFactory:
    return CampaignFactory(tenant)


@pytest.fixture
def sdk(app: Flask, campaign_factory: CampaignFactory) -> SdkClient:
    """Return the SDK of a game server."""
    return SdkClient(app.test_client(), campaign_factory.create_client_key())


@pytest.fixture
def client_sdk(app: Flask, campaign_factory: CampaignFactory) -> SdkClient:
    """Return the SDK of a game client."""
    key = campaign_factory.create_client_key(ClientKeyKind.PLAYCAMP_CLIENT)
    return SdkClient(app.test_client(), key, "client")
