"""Tests that each test gets a database of its own without others' rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.support.databases import (
    PostgresDatabases,
    SqliteDatabases,
    checkpoint_write_ahead_log,
)
from tests.support.servers import Postgres


def run(url: str, *statements: str) -> list[tuple]:
    """Run statements in one transaction; return the rows of the last one."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        connection = sqlite3.connect(parts.path.removeprefix("/"))
    else:
        connection = psycopg.connect(url)
    with closing(connection), connection:
        for statement in statements:
            cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


@pytest.mark.parametrize("attempt", [1, 2])
def test_a_fresh_database_has_nothing_of_the_last_one(
    empty_database_url: str, attempt: int
) -> None:
    run(empty_database_url, "CREATE TABLE mine (id int)")


def test_a_fresh_database_can_be_written(database_url: str) -> None:
    run(database_url, "CREATE TABLE mine (id int)", "INSERT INTO mine VALUES (7)")
    assert run(database_url, "SELECT id FROM mine") == [(7,)]


def make_a_table(url: str) -> None:
    """Create a table, as a migration does, and the list of migrations."""
    run(url, "CREATE TABLE made (id int)")
    run(url, "CREATE TABLE schema_migration (name text)")


def check_template_is_made_once(databases: SqliteDatabases | PostgresDatabases) -> None:
    """Check that several databases share one migration."""
    calls: list[str] = []
    databases.migrate = lambda url: (calls.append(url), make_a_table(url))
    for _ in range(3):
        with databases.temporary_database() as url:
            run(url, "INSERT INTO made VALUES (1)")
            assert run(url, "SELECT count(*) FROM made") == [(1,)]
    assert len(calls) == 1


def test_sqlite_template_is_migrated_once(tmp_path: Path) -> None:
    check_template_is_made_once(SqliteDatabases(tmp_path, make_a_table))


def test_postgres_template_is_migrated_once(postgres: Postgres, worker_id: str) -> None:
    prefix = f"once_{worker_id}"
    check_template_is_made_once(PostgresDatabases(postgres, prefix, make_a_table))
    postgres.execute(f"DROP DATABASE {prefix}_template")


@pytest.fixture
def emptied(postgres: Postgres, worker_id: str) -> Iterator[PostgresDatabases]:
    """Yield databases that are emptied between tests."""
    databases = PostgresDatabases(postgres, f"emptied_{worker_id}", make_a_table)
    yield databases
    for name in [*databases._reusable, databases.get_template()]:
        databases.drop(name)


def test_a_postgres_database_is_emptied_for_the_next_test(
    emptied: PostgresDatabases,
) -> None:
    with emptied.temporary_database() as first:
        run(first, "INSERT INTO made VALUES (1)")
    with emptied.temporary_database() as second, emptied.temporary_database() as third:
        assert run(second, "SELECT * FROM made") == []
        assert (first == second, first == third) == (True, False)


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE mine (id int)",
        "ALTER TABLE made ADD CHECK (id > 0) NOT VALID",
        "ALTER TABLE made ALTER id TYPE bigint",
        "INSERT INTO made SELECT generate_series(1, 50000)",
        "INSERT INTO schema_migration VALUES ('9999_future')",
    ],
)
def test_a_postgres_database_that_was_changed_is_not_given_again(
    emptied: PostgresDatabases, change: str
) -> None:
    with emptied.temporary_database() as first:
        run(first, change)
    with emptied.temporary_database() as second:
        assert run(second, "SELECT * FROM made") == []
        assert first != second


def test_a_copied_sqlite_file_has_what_was_in_its_write_ahead_log(
    tmp_path: Path,
) -> None:
    path = tmp_path / "wal.db"
    run(f"sqlite:///{path}", "PRAGMA journal_mode=WAL")
    make_a_table(f"sqlite:///{path}")
    checkpoint_write_ahead_log(path)
    copied = tmp_path / "copy.db"
    copied.write_bytes(path.read_bytes())
    assert run(f"sqlite:///{copied}", "SELECT * FROM made") == []
