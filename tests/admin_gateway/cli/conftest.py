"""Fixtures that run couponctl on a fresh database of each kind, or without tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.cli_runner import CouponctlRunner
from tests.support.ports import find_free_ports
from tests.support.servers import RedisServer
from tests.support.settings import MASTER_KEY


@pytest.fixture
def create_cli(tmp_path: Path) -> Callable[[str], CouponctlRunner]:
    """Return a function that creates a runner for a database, with free ports."""
    admin, query, bus = find_free_ports(3)

    def make(database_url: str) -> CouponctlRunner:
        env = {
            "COUPON_DATABASE_URL": database_url,
            "COUPON_DATA_DIR": str(tmp_path / "var"),
            "XDG_CONFIG_HOME": str(tmp_path / "config"),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "COUPON_MASTER_KEYS": MASTER_KEY,
            "ADMIN_PORT": str(admin),
            "QUERY_PORT": str(query),
            "BUS_PORT": str(bus),
        }
        (tmp_path / "var").mkdir(exist_ok=True)
        return CouponctlRunner(env)

    return make


@pytest.fixture
def cli(
    create_cli: Callable[[str], CouponctlRunner], database_url: str
) -> CouponctlRunner:
    """Return a runner, on SQLite and again on PostgreSQL."""
    return create_cli(database_url)


@pytest.fixture
def unmigrated_cli(
    create_cli: Callable[[str], CouponctlRunner], empty_database_url: str
) -> CouponctlRunner:
    """Return a runner whose database has no tables yet, on each database."""
    if empty_database_url.startswith("sqlite:///"):
        Path(empty_database_url.removeprefix("sqlite:///")).touch()
    return create_cli(empty_database_url)


@pytest.fixture
def cli_without_tables(
    create_cli: Callable[[str], CouponctlRunner], tmp_path: Path
) -> CouponctlRunner:
    """Return a runner on SQLite without tables, for tests that need no database."""
    return create_cli(f"sqlite:///{tmp_path / 'quick.db'}")


@pytest.fixture
def acme_cli(cli: CouponctlRunner) -> CouponctlRunner:
    """Return a runner with the tenant acme."""
    cli.create_tenant()
    return cli


@pytest.fixture
def cli_with_broker(cli: CouponctlRunner, redis: RedisServer) -> CouponctlRunner:
    """Return a runner whose bus is running and empty."""
    redis.flush()
    return CouponctlRunner({**cli.env, "COUPON_BROKER_URL": redis.url})
