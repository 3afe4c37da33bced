"""Fixtures: a console as in production, a real browser, and somebody at it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser.running_console import (
    RunningConsole,
    running_console,
    running_workers,
)
from tests.browser.visitor import Visitor
from tests.factories.tenant import create_tenant
from tests.support.browser import Watcher, require_chromium, running_chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Yield a running browser."""
    with running_chromium(require_chromium()) as browser:
        yield browser


@pytest.fixture(scope="session")
def console(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningConsole]:
    """Yield a running console; without a browser nothing is started."""
    with running_console(tmp_path_factory.mktemp("console")) as running:
        yield running


@pytest.fixture(scope="session")
def workers(console: RunningConsole) -> Iterator[None]:
    """Run the workers that generate codes."""
    with running_workers(console):
        yield


@pytest.fixture(scope="session", params=[True, False], ids=["scripts", "no scripts"])
def signed_in(
    request: pytest.FixtureRequest, chromium: Browser, console: RunningConsole
) -> Iterator[Visitor]:
    """Yield the owner of a tenant at a browser, with scripts or without."""
    has_scripts = request.param
    tenant = create_tenant(now=None)
    context = chromium.new_context(java_script_enabled=has_scripts)
    context.set_default_timeout(60_000)
    page, watcher = context.new_page(), Watcher(console.url)
    watcher.watch(page)
    home = console.sign_in(page, tenant.tenant_id, f"owner@{tenant.tenant_id}.example")
    yield Visitor(page, home, tenant, watcher, has_scripts)
    context.close()


@pytest.fixture
def visitor(signed_in: Visitor) -> Iterator[Visitor]:
    """Yield the owner; fail if a page complained or asked another host."""
    signed_in.start()
    signed_in.watcher.problems.clear()
    yield signed_in
    assert signed_in.watcher.problems == []
    assert signed_in.watcher.foreign_urls == []
