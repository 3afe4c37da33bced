"""Real gateways for the SDK, with the workers that generate batches."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

import pytest

from coupon_core.persistence import database
from coupon_core.settings.loader import Settings
from coupons_sdk import ApiKey, Coupons, CouponsAdmin, Hmac
from tests.chaos.kill_points import generate, run_relay
from tests.factories.tenant import TenantFactory, create_tenant
from tests.support.concurrency import running_in_thread, started_core
from tests.support.databases import Databases
from tests.support.servers import RedisServer
from tests.support.servers.gunicorn import Gateway, gateway_server
from tests.support.settings import build_settings


@dataclass(frozen=True)
class RunningSystem:
    """Both gateways, and a tenant."""

    settings: Settings
    tenant: TenantFactory
    admin_gateway: Gateway
    query_gateway: Gateway

    @property
    def environment(self) -> dict[str, str]:
        """Return what programs need to call the gateways."""
        return {
            "ADMIN_URL": self.admin_gateway.url,
            "QUERY_URL": self.query_gateway.url,
            "TENANT_ID": self.tenant.tenant_id,
            "TENANT_SECRET": self.tenant.secret,
            "API_KEY": self.tenant.api_key,
        }

    def open_coupons(self, **options: object) -> Coupons:
        """Return a client of the query gateway that signs its requests."""
        credential = Hmac(self.tenant.tenant_id, self.tenant.secret)
        return Coupons(self.query_gateway.url, credential, **options)

    def open_admin(self, **options: object) -> CouponsAdmin:
        """Return a client of the admin gateway."""
        credential = ApiKey(self.tenant.api_key)
        return CouponsAdmin(
            self.admin_gateway.url,
            credential,
            tenant_id=self.tenant.tenant_id,
            **options,
        )


@pytest.fixture(scope="module")
def system(
    migrated_template: Databases,
    redis: RedisServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[RunningSystem]:
    """Yield a system of one module's tests."""
    redis.flush()
    with ExitStack() as stack:
        url = stack.enter_context(migrated_template.temporary_database())
        home = tmp_path_factory.mktemp("core")
        given = build_settings(url, home, redis.url)
        settings = stack.enter_context(started_core(given))
        servers = [
            gateway_server(app, settings, tmp_path_factory.mktemp(app))
            for app in ("admin_gateway", "query_gateway")
        ]
        with ThreadPoolExecutor() as pool:  # both start at the same time
            admin, query = pool.map(stack.enter_context, servers)
        for work in run_relay, generate:
            stack.enter_context(running_in_thread(partial(work, settings)))
        tenant = create_tenant(now=None)
        database.release_connection()
        yield RunningSystem(settings, tenant, admin, query)
    redis.flush()
