"""Fixtures: a gateway in this process for each module, and a tenant for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask

import query_gateway
from coupon_core.persistence import database
from coupon_core.settings.loader import Settings
from tests.factories.tenant import TenantFactory, create_tenant
from tests.query_gateway.caller import (
    CALL_STYLES,
    VALIDATOR_EXTENSION,
    Caller,
    CallStyle,
)
from tests.support.admin_client import ResponseValidator
from tests.support.databases import Databases
from tests.support.servers import Postgres
from tests.support.servers.pgbouncer import PgBouncer, pgbouncer_server
from tests.support.settings import build_settings


@pytest.fixture(scope="module")
def settings(
    request: pytest.FixtureRequest, migrated_template: Databases
) -> Iterator[Settings]:
    with migrated_template.temporary_database() as url:
        if request.config.getoption("pgbouncer") and url.startswith("postgresql"):
            bouncer = request.getfixturevalue("pgbouncer")
            url = bouncer.url(url.rpartition("/")[2])
            yield replace(build_settings(url), prepared_statements="0")
        else:
            yield build_settings(url)


@pytest.fixture(scope="session")
def pgbouncer(postgres: Postgres) -> Iterator[PgBouncer]:
    """Yield a PgBouncer in front of this run's PostgreSQL."""
    with pgbouncer_server(postgres) as server:
        yield server


def create_checked_app(settings: Settings) -> Flask:
    """Return a query gateway whose responses are compared with its document."""
    app = query_gateway.create_app(settings)
    app.extensions[VALIDATOR_EXTENSION] = ResponseValidator(app)
    return app


@pytest.fixture(scope="module")
def app(settings: Settings) -> Iterator[Flask]:
    """Yield the query gateway, once on SQLite and once on PostgreSQL."""
    yield create_checked_app(settings)
    database.close_database()


@pytest.fixture
def tenant(app: Flask) -> Iterator[TenantFactory]:
    yield create_tenant(now=None)
    database.release_connection()


@pytest.fixture
def other_tenant(app: Flask) -> TenantFactory:
    return create_tenant("other", now=None)


@pytest.fixture
def caller(app: Flask, tenant: TenantFactory) -> Caller:
    """Return a caller with a user token and the tenant in the path."""
    return Caller(app.test_client(), tenant)


@pytest.fixture
def server_caller(app: Flask, tenant: TenantFactory) -> Caller:
    """Return a caller with a tenant-wide token; each request names the user."""
    return Caller(app.test_client(), tenant, CallStyle("A", "server-token"))


@pytest.fixture(params=CALL_STYLES, ids=str)
def any_caller(
    request: pytest.FixtureRequest, app: Flask, tenant: TenantFactory
) -> Caller:
    """Return a caller for each combination of path style and credential."""
    return Caller(app.test_client(), tenant, request.param)


@pytest.fixture
def create_caller(app: Flask, tenant: TenantFactory) -> Callable[..., Caller]:
    return lambda user_id, way=CALL_STYLES[0]: Caller(
        app.test_client(), tenant, way, user_id
    )
