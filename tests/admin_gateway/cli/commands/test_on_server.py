"""The tests of commands about coupons once more, against a running gateway."""

from __future__ import annotations

import inspect
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from coupon_core.persistence.tables import ALL_TABLES
from tests.admin_gateway.cli.commands import (
    test_batch,
    test_campaign,
    test_code,
    test_coupon,
    test_csv_files,
)
from tests.admin_gateway.cli.commands.test_campaign import campaign_factory
from tests.admin_gateway.cli.commands.test_code import definition
from tests.admin_gateway.cli.commands.test_coupon import code
from tests.support.cli_runner import CouponctlRunner, RemoteRunner
from tests.support.databases import migrate_database
from tests.support.servers.gunicorn import gateway_server
from tests.support.settings import MASTER_KEY, build_settings

ACME = "--tenant", "acme"
GROUPS = test_batch, test_campaign, test_code, test_coupon, test_csv_files
FIXTURES = campaign_factory, code, definition
# Nobody generates a batch on the server, which has no workers.
NEED_WORKERS = {
    test_batch.test_many_coupons_are_made_without_workers_as_well,
    test_code.test_an_extend_that_changes_nothing_says_so,
}

for group in GROUPS:
    for _name, _member in inspect.getmembers(group, inspect.isfunction):
        if _name.startswith("test_") and _member not in NEED_WORKERS:
            assert _name not in globals()
            globals()[_name] = _member


@dataclass(frozen=True)
class Server:
    """A running admin gateway, and the environment of commands beside it."""

    url: str
    path: Path
    env: dict[str, str]

    def empty_database(self) -> None:
        """Delete all rows, so that each test starts with the same database."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            for table in ALL_TABLES:
                connection.execute(f"DELETE FROM {table._meta.table_name}")
            connection.execute("COMMIT")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Yield a gateway on SQLite, which all tests share."""
    home = tmp_path_factory.mktemp("gateway")
    path = home / "coupons.db"
    url = f"sqlite:///{path}"
    migrate_database(url)
    with gateway_server("admin_gateway", build_settings(url, home), home) as gateway:
        env = {
            "COUPON_DATABASE_URL": url,
            "COUPON_DATA_DIR": str(home),
            "COUPON_MASTER_KEYS": MASTER_KEY,
        }
        yield Server(gateway.url, path, env)


@pytest.fixture
def acme_cli(server: Server, tmp_path: Path) -> CouponctlRunner:
    """Return a runner that calls the server with the first API key of acme."""
    env = {**server.env, "XDG_CONFIG_HOME": str(tmp_path / "config")}
    server.empty_database()
    tenant = CouponctlRunner(env).create_tenant()
    remote = {"COUPON_SERVER": server.url, "COUPON_API_KEY": tenant["api_key"]}
    return RemoteRunner({**env, **remote}, tenant["api_key_id"])


def test_a_batch_is_followed_until_it_ends(
    acme_cli: CouponctlRunner, definition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    def cancel(seconds: float) -> None:
        pauses.append(seconds)
        (batch,) = acme_cli.json("batch", "list", *ACME)["batches"]
        acme_cli.json("batch", "cancel", *ACME, batch["batch_id"])

    monkeypatch.setattr("time.sleep", cancel)
    options = "--definition", "welcome", "--count", "2000"
    batch = acme_cli.json("generate", *ACME, *options)
    assert (batch["state"], batch["definition_id"]) == ("cancelled", definition)
    assert len(pauses) == 1


def test_a_dry_run_says_nothing_about_a_change(
    acme_cli: CouponctlRunner, definition: str
) -> None:
    acme_cli.generate_coupons(definition, "ann")
    plain = CouponctlRunner(acme_cli.env)
    revoke = "code", "revoke", *ACME, "--user", "ann"
    assert plain.run(*revoke, "--dry-run").stderr == ""
    assert plain.run(*revoke, "--yes").stderr.startswith("Changing tenant acme on http")
