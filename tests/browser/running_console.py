"""A console in a process of its own, with what its pages need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from admin_gateway.console import build
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.operators import Role
from coupon_core.settings.loader import Settings
from tests.support.concurrency import started_core
from tests.support.console_client import PASSWORD, invite
from tests.support.databases import SqliteDatabases, migrate_database
from tests.support.servers.gunicorn import gateway_server
from tests.support.settings import build_settings

if TYPE_CHECKING:
    from playwright.sync_api import Page


@dataclass(frozen=True)
class RunningConsole:
    """Its address; this process uses the same database."""

    url: str
    settings: Settings
    now: datetime = field(default_factory=utc_now)

    def sign_in(
        self, page: Page, tenant_id: str, email: str = "owner@example.com"
    ) -> str:
        """Sign in as a new owner of a tenant; return the URL of its home page."""
        page.goto(self.url + invite(tenant_id, Role.OWNER, email))
        page.fill("#password", PASSWORD)
        page.fill("#repeated_password", PASSWORD)
        page.click("main button")
        home = f"{self.url}/console/t/{tenant_id}"
        page.wait_for_url(home)
        return home


@contextmanager
def running_console(directory: Path) -> Iterator[RunningConsole]:
    """Run a gateway on a new database while the block runs."""
    build.compile_translations()
    files = SqliteDatabases(directory, migrate_database)
    home = directory / "gateway"
    home.mkdir()
    with files.temporary_database() as url:
        settings = build_settings(url, directory / "core")
        with (
            started_core(settings),
            gateway_server("admin_gateway", settings, home) as gateway,
        ):
            yield RunningConsole(gateway.url, settings)
