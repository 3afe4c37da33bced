"""A shell on a fresh database of each kind, and one without any tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.servers import RedisServer
from tests.settings import MASTER_KEY
from tests.shells import Shell, free_ports


@pytest.fixture
def shell_on(tmp_path: Path) -> Callable[[str], Shell]:
    """Makes a shell for a database; its ports are free."""
    admin, query, bus = free_ports(3)

    def make(database_url: str) -> Shell:
        env = {
            "COUPON_DATABASE_URL": database_url,
            "COUPON_DATA_DIR": str(tmp_path / "var"),
            "COUPON_MASTER_KEYS": MASTER_KEY,
            "ADMIN_PORT": str(admin),
            "QUERY_PORT": str(query),
            "BUS_PORT": str(bus),
        }
        (tmp_path / "var").mkdir(exist_ok=True)
        return Shell(env)

    return make


@pytest.fixture
def shell(shell_on: Callable[[str], Shell], database_url: str) -> Shell:
    """On SQLite and again on PostgreSQL."""
    return shell_on(database_url)


@pytest.fixture
def empty_shell(shell_on: Callable[[str], Shell], empty_database_url: str) -> Shell:
    """Before `couponctl db upgrade`, on each database."""
    return shell_on(empty_database_url)


@pytest.fixture
def quick_shell(shell_on: Callable[[str], Shell], tmp_path: Path) -> Shell:
    """For what does not depend on the database: no tables, SQLite only."""
    return shell_on(f"sqlite:///{tmp_path / 'quick.db'}")


@pytest.fixture
def acme(shell: Shell) -> Shell:
    """A shell with the tenant acme."""
    shell.tenant()
    return shell


@pytest.fixture
def bus_shell(shell: Shell, redis: RedisServer) -> Shell:
    """A shell whose bus is an empty one that runs."""
    redis.flush()
    return Shell({**shell.env, "COUPON_BROKER_URL": redis.url})
