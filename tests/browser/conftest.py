"""Fixtures: a gateway as in production, and a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from admin_gateway.console import build
from coupon_core.settings.loader import Settings
from tests.support.browser import require_chromium, running_chromium
from tests.support.concurrency import started_core
from tests.support.databases import SqliteDatabases, migrate_database
from tests.support.servers.gunicorn import gateway_server
from tests.support.settings import build_settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="module")
def chromium(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """Yield a running browser."""
    found = require_chromium()
    with running_chromium(found) as browser:
        yield browser


@pytest.fixture(scope="module")
def gateway_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Yield the settings of the gateway; this process uses its database as well."""
    files = SqliteDatabases(tmp_path_factory.mktemp("browser"), migrate_database)
    with files.temporary_database() as url:
        settings = build_settings(url, tmp_path_factory.mktemp("core"))
        with started_core(settings):
            yield settings


@pytest.fixture(scope="module")
def gateway_url(
    gateway_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Yield the URL of an admin gateway with its own process."""
    build.compile_translations()
    home: Path = tmp_path_factory.mktemp("gateway")
    with gateway_server("admin_gateway", gateway_settings, home) as gateway:
        yield gateway.url
