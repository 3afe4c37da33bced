"""Fixtures: clients of the admin gateway on a new database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.admin_client import (
    AdminClient,
    create_admin_client,
    started_admin_gateway,
)
from tests.support.databases import SqliteDatabases, migrate_database


@pytest.fixture
def admin(database_url: str) -> Iterator[AdminClient]:
    """Return a client of tenant "acme" with all scopes, on each kind of database."""
    with started_admin_gateway(database_url) as app:
        yield create_admin_client(app)


@pytest.fixture
def other_admin(admin: AdminClient) -> AdminClient:
    """Return a client of another tenant at the same gateway."""
    return create_admin_client(admin.app, "globex")


@pytest.fixture(scope="module")
def sqlite_admin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdminClient]:
    """Return one client per module, on SQLite, for tests that change nothing."""
    files = SqliteDatabases(tmp_path_factory.mktemp("admin"), migrate_database)
    with files.temporary_database() as url, started_admin_gateway(url) as app:
        yield create_admin_client(app)
