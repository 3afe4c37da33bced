"""A console in processes of its own: gateway, broker and workers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from admin_gateway.console import build
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.operators import Role
from coupon_core.settings.loader import Settings
from tests.chaos.worker_processes import worker_group
from tests.support.concurrency import started_core
from tests.support.console_client import PASSWORD, invite
from tests.support.databases import SqliteDatabases, migrate_database
from tests.support.servers import redis_server
from tests.support.servers.gunicorn import gateway_server
from tests.support.settings import build_settings
from tests.support.webhook_receiver import LOOPBACK_NETWORKS

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
        choose_password(page)
        home = f"{self.url}/console/t/{tenant_id}"
        page.wait_for_url(home)
        return home


def choose_password(page: Page) -> None:
    """Fill in the form of a one-time link."""
    page.fill("#password", PASSWORD)
    page.fill("#repeated_password", PASSWORD)
    page.click("main button")


@contextmanager
def running_console(directory: Path) -> Iterator[RunningConsole]:
    """Run everything on a new database while the block runs."""
    build.compile_translations()
    files = SqliteDatabases(directory, migrate_database)
    home = directory / "gateway"
    home.mkdir()
    with files.temporary_database() as url, redis_server(directory) as redis:
        settings = replace(
            build_settings(url, home, redis.url),
            redis_url=redis.url,
            webhook_networks=LOOPBACK_NETWORKS,
        )
        with (
            started_core(settings),
            gateway_server("admin_gateway", settings, home) as gateway,
        ):
            yield RunningConsole(gateway.url, settings)


@contextmanager
def running_workers(console: RunningConsole) -> Iterator[None]:
    """Run the workers that generate codes while the block runs."""
    with (
        worker_group("relay", 1, console.settings),
        worker_group("generator", 1, console.settings),
    ):
        yield
