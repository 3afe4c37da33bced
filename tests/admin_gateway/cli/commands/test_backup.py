"""`couponctl backup`: what was restored is whole, and worthless backups are refused."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from coupon_core.domain.models import IssuedCoupon, utc_now
from coupon_core.persistence import database
from coupon_core.persistence.repositories import sealed_values
from coupon_core.persistence.repositories.sealed_values import SEALED_FIELDS
from coupon_core.security.encryption import generate_master_key
from coupon_core.services import backups, master_keys
from tests.factories.tenant import create_tenant
from tests.support.cli_runner import COUPONCTL_PATH, CouponctlRunner
from tests.support.concurrency import (
    run_concurrently,
    running_in_threads,
    started_core,
)
from tests.support.invariants import assert_invariants, fetch_rows
from tests.support.make_run import started_command
from tests.support.notifications import received_notifications
from tests.support.ports import find_free_port
from tests.support.servers.process import wait_until
from tests.support.settings import MASTER_KEY, build_settings

on_sqlite = pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)


@dataclass
class Machine:
    """An empty directory for everything that a machine stores."""

    home: Path

    @property
    def database(self) -> Path:
        """Return where its database is."""
        return self.home / "coupons.db"

    def runner(self, master_keys: str = "") -> CouponctlRunner:
        """Return a runner of couponctl on this machine."""
        env = {"COUPON_DATA_DIR": str(self.home), "COUPON_MASTER_KEYS": master_keys}
        return CouponctlRunner(env)


@pytest.fixture
def other_machine(tmp_path: Path) -> Machine:
    """Return a machine without any data."""
    return Machine(tmp_path / "other-machine")


@pytest.fixture
def backup(cli: CouponctlRunner, tmp_path: Path) -> Path:
    """Return a backup of a database with one tenant."""
    cli.create_tenant()
    directory = tmp_path / "backups" / "monday"
    cli.json("backup", "create", str(directory))
    return directory


@on_sqlite
def test_a_backup_is_all_that_an_empty_machine_needs(
    acme_cli: CouponctlRunner, tmp_path: Path, other_machine: Machine
) -> None:
    definition = acme_cli.create_definition()
    (coupon,) = acme_cli.generate_coupons(definition, "ann")
    directory = tmp_path / "monday"
    created = acme_cli.json("backup", "create", str(directory))
    assert created["has_key"]
    modes = {path.name: path.stat().st_mode & 0o777 for path in directory.iterdir()}
    assert modes == dict.fromkeys(["coupons.db", "master.key", "backup.json"], 0o600)
    runner = other_machine.runner()
    restored = runner.json("backup", "restore", str(directory))
    assert restored["sha256"] == created["sha256"]
    assert other_machine.database.stat().st_mode & 0o777 == 0o600
    redeem = "redeem", "--tenant", "acme", "--user", "ann", coupon["code"]
    assert runner.run(*redeem).exit_code == 0
    assert runner.json("db", "status")["up_to_date"]


@on_sqlite
def test_backups_show_one_moment_while_others_write(
    database_url: str, tmp_path: Path
) -> None:
    names = ["first", "second", "third"]
    with started_core(build_settings(database_url, tmp_path)):
        tenant = create_tenant()
        definition = tenant.define(per_code_limit=100_000)
        coupons = tenant.generate(definition, ["ann", "bob"])

        def use(coupon: IssuedCoupon, stop: Event) -> None:
            while not stop.is_set():
                tenant.redeem(coupon.coupon.code, coupon.coupon.user_id)

        with running_in_threads([partial(use, each) for each in coupons], 60):
            for name in names:
                count = count_redemptions()
                wait_until(lambda old=count: count_redemptions() > old, 60, "a redeem")
                backups.create_backup(tmp_path / name, utc_now(), (MASTER_KEY,))
        database.release_connection()
    counts = [count_uses(tmp_path / name / "coupons.db") for name in names]
    assert counts == sorted(set(counts))


def count_uses(path: Path) -> int:
    """Return the number of redemptions in a file whose invariants hold."""
    with started_core(build_settings(f"sqlite:///{path}")):
        assert_invariants()
        return count_redemptions()


def count_redemptions() -> int:
    return len(fetch_rows("SELECT 1 FROM redemption"))


def truncate_database(backup: Path, _: Machine) -> None:
    content = (backup / "coupons.db").read_bytes()
    (backup / "coupons.db").write_bytes(content[:-4096])


def make_newer(backup: Path, _: Machine) -> None:
    """Turn it into a backup of a release that has removed something."""
    with closing(sqlite3.connect(backup / "coupons.db")) as connection, connection:
        connection.execute(
            "INSERT INTO schema_migration (name, applied) VALUES "
            "('9002_contract_after_9001_text', '2030-01-01 00:00:00')"
        )
    manifest = json.loads((backup / "backup.json").read_text())
    content = (backup / "coupons.db").read_bytes()
    manifest["sha256"] = hashlib.sha256(content).hexdigest()
    (backup / "backup.json").write_text(json.dumps(manifest))


def leave_log(_: Path, machine: Machine) -> None:
    """Leave the write-ahead log of a database that was deleted."""
    machine.home.mkdir()
    Path(f"{machine.database}-wal").touch()


def link_database(_: Path, machine: Machine) -> None:
    """Link the database to a disk that is not mounted."""
    machine.home.mkdir()
    machine.database.symlink_to("/nowhere/coupons.db")


REFUSALS: dict[str, tuple[Callable[[Path, Machine], object], str, str]] = {
    "unfinished": (
        lambda backup, _: (backup / "backup.json").unlink(),
        "",
        "is no complete backup",
    ),
    "damaged": (truncate_database, "", "its SHA-256 differs"),
    "without-key": (
        lambda backup, _: (backup / "master.key").unlink(),
        "",
        "The backup has no master key, so set COUPON_MASTER_KEYS",
    ),
    "description-of-another-kind": (
        lambda backup, _: (backup / "backup.json").write_text("[1]"),
        "",
        "is no complete backup",
    ),
    "damaged-key": (
        lambda backup, _: (backup / "master.key").write_text("short"),
        "",
        "master.key is damaged: expected master keys",
    ),
    "key-that-is-no-text": (
        lambda backup, _: (backup / "master.key").write_bytes(b"\xff\x00"),
        "",
        "master.key is damaged: expected master keys",
    ),
    "other-key": (
        lambda backup, _: None,
        generate_master_key(),
        "The backup is encrypted with another master key",
    ),
    "newer": (make_newer, "", "is of a newer release (9002_contract_after"),
    "not-empty": (leave_log, "", "coupons.db-wal exists. Stop all processes and move"),
    "link-to-nowhere": (link_database, "", "coupons.db exists. Stop all processes and"),
}


@on_sqlite
@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_be_restored_is_refused_and_leaves_nothing(
    backup: Path, other_machine: Machine, case: str
) -> None:
    spoil, master_keys, expected = REFUSALS[case]
    spoil(backup, other_machine)
    before = list_files(other_machine.home)
    runner = other_machine.runner(master_keys)
    assert expected in runner.expect_refusal("backup", "restore", str(backup))
    assert list_files(other_machine.home) == before


def list_files(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.glob("*"))


@on_sqlite
@pytest.mark.slow
def test_no_backup_is_restored_beside_a_gateway_that_uses_the_old_database(
    backup: Path, other_machine: Machine
) -> None:
    runner, restore = other_machine.runner(), ("backup", "restore", str(backup))
    assert runner.run("db", "upgrade").exit_code == 0
    env = {**runner.env, "QUERY_PORT": str(find_free_port())}
    with received_notifications() as notifications:
        env |= notifications.environment
        with started_command(env, COUPONCTL_PATH, "serve", "query") as gateway:
            assert notifications.receive() == "READY=1"
            (worker,) = gateway.list_processes()
            # With it, everything that the gateway could be recognized by is moved.
            other_machine.home.rename(other_machine.home.with_name("broken"))
            expected = f"before: gateway (process {worker.pid}). What they write would"
            assert expected in runner.expect_refusal(*restore)
            assert not other_machine.database.exists()
            gateway.process.terminate()
            gateway.expect_exit([worker])
    assert runner.run(*restore).exit_code == 0


@on_sqlite
def test_a_backup_without_its_key_is_restored_with_the_configured_one(
    acme_cli: CouponctlRunner, tmp_path: Path, other_machine: Machine
) -> None:
    directory = tmp_path / "monday"
    created = acme_cli.run("backup", "create", str(directory), "--without-key")
    assert "It is worthless without that key" in created.stderr
    assert list_files(directory) == ["backup.json", "coupons.db"]
    runner = other_machine.runner(MASTER_KEY)
    assert runner.run("backup", "restore", str(directory)).exit_code == 0
    assert list_files(other_machine.home) == ["coupons.db"]
    assert runner.json("tenant", "list")["total"] == 1


@on_sqlite
def test_a_backup_that_would_be_worthless_is_refused(
    acme_cli: CouponctlRunner, tmp_path: Path
) -> None:
    directory = tmp_path / "monday"
    create = "backup", "create", str(directory)
    other = {**acme_cli.env, "COUPON_MASTER_KEYS": generate_master_key()}
    message = CouponctlRunner(other).expect_refusal(*create)
    assert message.startswith("The secrets in the database are encrypted with another")
    path = Path(acme_cli.env["COUPON_DATABASE_URL"].removeprefix("sqlite:///"))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'coupon'"
        ).fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\x00" * 100)
    before = list_files(tmp_path)
    assert acme_cli.expect_refusal(*create).startswith("The database is damaged: ")
    assert list_files(tmp_path) == before


@on_sqlite
@pytest.mark.parametrize("step", [1, 2])
def test_what_is_interrupted_leaves_nothing_and_can_be_repeated(
    acme_cli: CouponctlRunner,
    tmp_path: Path,
    other_machine: Machine,
    step: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    directory = tmp_path / "backups" / "monday"
    for runner, command, left in (
        (acme_cli, "create", directory.parent),
        (other_machine.runner(), "restore", other_machine.home),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", interrupt_call(step, os.fsync))
            assert runner.run("backup", command, str(directory)).exit_code == 130
        assert list_files(left) in ([], ["master.key"])
        assert runner.run("backup", command, str(directory)).exit_code == 0
    assert acme_cli.expect_refusal("backup", "create", str(directory)).endswith(
        "choose a directory that does not."
    )


def interrupt_call(number: int, function: Callable[[int], None]) -> Callable[..., None]:
    """Return a function whose call of this number is interrupted."""
    calls = count(1)

    def call_or_stop(descriptor: int) -> None:
        if next(calls) == number:
            raise KeyboardInterrupt
        function(descriptor)

    return call_or_stop


@on_sqlite
def test_of_concurrent_backups_to_one_directory_one_is_created(
    database_url: str, tmp_path: Path
) -> None:
    directory = tmp_path / "backups" / "monday"

    def create() -> dict[str, Any] | None:
        try:
            return backups.create_backup(directory, utc_now(), (MASTER_KEY,))
        except (backups.BackupRefused, OSError):
            return None

    with started_core(build_settings(database_url, tmp_path)):
        create_tenant()
        (created,) = filter(None, run_concurrently([create] * 4))
    content = (directory / "coupons.db").read_bytes()
    assert hashlib.sha256(content).hexdigest() == created["sha256"]
    assert list_files(directory.parent) == ["monday"]


@on_sqlite
def test_a_directory_that_cannot_be_written_to_is_named(
    acme_cli: CouponctlRunner, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    message = acme_cli.expect_refusal("backup", "create", str(tmp_path / "file/monday"))
    assert "cannot be used: File exists. Choose another directory" in message


@pytest.mark.parametrize("migrated_template", ["postgresql"], indirect=True)
@pytest.mark.parametrize("command", ["create", "restore"])
def test_on_postgresql_the_page_with_the_procedure_is_named(
    cli: CouponctlRunner, command: str
) -> None:
    message = cli.expect_refusal("backup", command, "/nowhere")
    assert "docs/operations/backup.md describes base backups" in message


def test_all_encrypted_columns_are_found_by_their_names() -> None:
    names = {str(field.model._meta.table_name) for field in SEALED_FIELDS}
    assert names >= {"tenant_secret", "api_key", "client_key", "webhook", "tenant_key"}
    assert len(SEALED_FIELDS) >= 7


def test_a_new_master_key_replaces_the_old_one_everywhere(
    acme_cli: CouponctlRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealed_values, "PAGE_SIZE", 1)
    monkeypatch.setattr(master_keys, "VALUES_PER_TRANSACTION", 3)
    acme_cli.create_tenant("beta")
    webhook = "--url", "https://hooks.example/1", "--event", "coupon.redeemed"
    acme_cli.json("webhook", "create", "--tenant", "acme", *webhook)
    client_key = "client-key", "create", "--tenant", "acme", "--name", "Server"
    acme_cli.json(*client_key, "--kind", "playcamp_server")
    old_key, new_key = MASTER_KEY, generate_master_key()

    def run_with(*keys: str) -> CouponctlRunner:
        return CouponctlRunner({**acme_cli.env, "COUPON_MASTER_KEYS": ",".join(keys)})

    def find_secrets(runner: CouponctlRunner, status: int = 0) -> dict[str, str]:
        checks = runner.json("doctor", status=status)["checks"]
        return next(row for row in checks if row["check"] == "secrets")

    both = run_with(new_key, old_key)
    assert "6 of them with an older one" in find_secrets(both)["found"]
    assert find_secrets(run_with(new_key), status=1)["level"] == "fail"
    # With the stored answers of the two requests above.
    assert both.json("db", "reencrypt") == {"reencrypted": 8}
    assert both.json("db", "reencrypt") == {"reencrypted": 0}
    assert find_secrets(run_with(new_key))["level"] == "ok"
    message = run_with(old_key).expect_refusal("db", "reencrypt")
    assert message.startswith("The secrets in the database are encrypted with another")
