"""An admin of a fresh tenant, on a fresh database of each kind."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.admin_client import Admin, admin_gateway, new_admin
from tests.databases import SqliteDatabases, upgrade


@pytest.fixture
def admin(database_url: str) -> Iterator[Admin]:
    """The tenant "acme", all scopes, on SQLite and again on PostgreSQL."""
    with admin_gateway(database_url) as app:
        yield new_admin(app)


@pytest.fixture
def other(admin: Admin) -> Admin:
    """Another tenant at the same gateway."""
    return new_admin(admin.app, "globex")


@pytest.fixture(scope="module")
def quick_admin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Admin]:
    """One tenant for all tests of a module that change nothing, on SQLite only."""
    files = SqliteDatabases(tmp_path_factory.mktemp("admin"), upgrade)
    with files.fresh() as url, admin_gateway(url) as app:
        yield new_admin(app)
