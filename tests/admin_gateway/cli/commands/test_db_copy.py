"""`couponctl db copy`: from SQLite to PostgreSQL, interrupted and continued."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from coupon_core.domain.models import DeadLetter, utc_now
from coupon_core.persistence import running_processes, schema, sqlite_copy
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories import dead_letters
from coupon_core.persistence.running_processes import RunningProcess
from coupon_core.persistence.tables import ALL_TABLES
from tests.support.cli_runner import CouponctlRunner
from tests.support.concurrency import started_core
from tests.support.invariants import assert_invariants
from tests.support.settings import build_settings

pytestmark = pytest.mark.parametrize("migrated_template", ["postgresql"], indirect=True)

DEAD_LETTER = DeadLetter(
    *("", generate_id(), "coupons.events", "streak", "text/plain", "invalid JSON"),
    body=bytes(range(256)),
    received_at=utc_now(),
)


@pytest.fixture(scope="module")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a SQLite file with the demo tenant, which has rows of most kinds."""
    home = tmp_path_factory.mktemp("demo")
    runner = CouponctlRunner({"COUPON_DATA_DIR": str(home)})
    runner.run("db", "upgrade")
    assert runner.run("demo", "load").exit_code == 0
    webhook = "--url", "https://hooks.example/1", "--event", "coupon.redeemed"
    runner.json("webhook", "create", "--tenant", "demo", *webhook)
    with started_core(build_settings(f"sqlite:///{home / 'coupons.db'}")):
        dead_letters.insert(DEAD_LETTER)
    return home / "coupons.db"


@pytest.fixture
def source(demo_file: Path, tmp_path: Path) -> Path:
    """Return a copy of that file."""
    path = tmp_path / "coupons #1.db"
    with closing(sqlite3.connect(demo_file)) as connection:
        connection.execute("VACUUM INTO ?", (str(path),))
    return path


@pytest.fixture
def target(cli: CouponctlRunner, demo_file: Path) -> CouponctlRunner:
    """Return a runner on an empty PostgreSQL with the master key of the file."""
    key = demo_file.with_name("master.key").read_text()
    return CouponctlRunner({**cli.env, "COUPON_MASTER_KEYS": key})


def count_rows(path: Path) -> dict[str, int]:
    """Return the number of rows of each table of a file."""
    with closing(sqlite3.connect(path)) as connection:
        return {
            name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for name in (table._meta.table_name for table in ALL_TABLES)
        }


def test_every_row_arrives_and_the_counts_are_shown(
    target: CouponctlRunner, source: Path
) -> None:
    expected = count_rows(source)
    copied = target.json("db", "copy", str(source))["tables"]
    assert {row["table"]: row["rows"] for row in copied} == expected
    assert sum(expected.values()) > 100
    with started_core(build_settings(target.env["COUPON_DATABASE_URL"])):
        assert_invariants()
    again = target.json("db", "copy", str(source))["tables"]
    assert {row["copied"] for row in again} == {0}


@pytest.mark.parametrize("failing_write", [1, 9, 25])
def test_an_interrupted_copy_is_continued(
    target: CouponctlRunner,
    source: Path,
    failing_write: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    writes = 0
    write_rows = sqlite_copy._write_rows

    def write_or_stop(statement: str, rows: list[tuple[object, ...]]) -> None:
        nonlocal writes
        writes += 1
        write_rows(statement, rows)
        if writes == failing_write:
            raise KeyboardInterrupt

    monkeypatch.setattr(sqlite_copy, "ROWS_PER_TRANSACTION", 5)
    monkeypatch.setattr(sqlite_copy, "_write_rows", write_or_stop)
    assert target.run("db", "copy", str(source)).exit_code == 130
    tables = target.json("db", "copy", str(source))["tables"]
    assert {row["table"]: row["rows"] for row in tables} == count_rows(source)
    assert any(row["copied"] < row["rows"] for row in tables) == (failing_write > 1)


def change_source(source: Path, _: CouponctlRunner) -> None:
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.execute("UPDATE definition SET name = name || ' 2'")


def change_target(_: Path, target: CouponctlRunner) -> None:
    target.create_tenant()


def announce_in_source(source: Path, _: CouponctlRunner) -> None:
    with started_core(build_settings(f"sqlite:///{source}")):
        migration = schema.get_newest_known_migration()
        process = RunningProcess(generate_id(), "gateway", "web-1", 1, migration)
        running_processes.announce(process, utc_now())


def make_source_older(source: Path, _: CouponctlRunner) -> None:
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.execute(
            "DELETE FROM schema_migration WHERE name = '0032_running_processes'"
        )


def store_nul(source: Path, _: CouponctlRunner) -> None:
    """Store what SQLite accepts and PostgreSQL does not."""
    with closing(sqlite3.connect(source)) as connection, connection:
        connection.execute("UPDATE definition SET description = 'a' || char(0)")


REFUSALS: dict[str, tuple[Callable[[Path, CouponctlRunner], None], str]] = {
    "changed-in-between": (change_source, "The table definition of PostgreSQL has oth"),
    "target-not-empty": (change_target, "The table tenant of PostgreSQL has other row"),
    "in-use": (
        announce_in_source,
        "Processes use one of the databases: gateway on web-1 (process 1, 0",
    ),
    "no-database": (
        lambda source, _: source.write_text("{}" * 500),
        "coupons #1.db is not a database of this program: file is not a database. Exp",
    ),
    "other-database": (
        lambda source, _: source.write_bytes(b""),
        "coupons #1.db is not a database of this program: no such table: schema_migra",
    ),
    "other-values": (store_nul, "PostgreSQL does not accept a value of the table def"),
    "older-source": (make_source_older, "The databases have different tables. Run `c"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_databases_that_do_not_fit_are_refused(
    target: CouponctlRunner, source: Path, case: str
) -> None:
    spoil, expected = REFUSALS[case]
    if case == "changed-in-between":
        target.json("db", "copy", str(source))
    spoil(source, target)
    assert expected in target.expect_refusal("db", "copy", str(source))


def test_a_copy_is_of_no_use_with_another_master_key(
    cli: CouponctlRunner, source: Path
) -> None:
    message = cli.expect_refusal("db", "copy", str(source))
    assert message.startswith("The secrets in the database are encrypted with another")
