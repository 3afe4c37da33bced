"""Fresh databases for tests, each a copy of a template that is migrated once."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from coupon_core.persistence import database, schema
from tests.support.servers import Postgres

DATABASE_KINDS = ("sqlite", "postgresql")
# For what is decided before any statement, or by statements that other tests send.
on_sqlite = pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)

Migration = Callable[[str], None]


def migrate_database(url: str) -> None:
    """Migrate the database at `url` to the newest schema and close it.

    No connection may remain open: PostgreSQL copies only databases that nobody uses.
    """
    database.open_database(url)
    schema.upgrade()
    database.close_database()


@dataclass
class SqliteDatabases:
    """SQLite files below one directory."""

    directory: Path
    migrate: Migration
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _template: Path | None = None

    @contextmanager
    def temporary_database(self, *, migrated: bool = True) -> Iterator[str]:
        """Yield the URL of a new file: migrated and without rows, or empty."""
        directory = self.directory / f"{next(self._numbers)}"
        directory.mkdir(parents=True)
        if migrated:
            shutil.copy(self.get_template(), directory / "coupons.db")
        try:
            yield f"sqlite:///{directory / 'coupons.db'}"
        finally:
            shutil.rmtree(directory, ignore_errors=True)

    def get_template(self) -> Path:
        """Return the file that is copied; the first call creates it."""
        if self._template is None:
            path = self.directory / "template.db"
            path.parent.mkdir(parents=True, exist_ok=True)
            self.migrate(f"sqlite:///{path}")
            checkpoint_write_ahead_log(path)
            self._template = path
        return self._template


def checkpoint_write_ahead_log(path: Path) -> None:
    """Move the write-ahead log into the file itself, so that a copy contains it."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


# Everything of a schema except rows, and the applied migrations. If a test changes it,
# its database is dropped.
SCHEMA_FINGERPRINT_SQL = """
    SELECT md5(string_agg(part, ';' ORDER BY part)) FROM (
        SELECT concat_ws(' ', attrelid, attname, atttypid, attnotnull)
        FROM pg_attribute WHERE attrelid >= 16384
        UNION ALL SELECT concat_ws(' ', conrelid, conname, convalidated)
        FROM pg_constraint WHERE oid >= 16384
        UNION ALL SELECT concat_ws(' ', tgrelid, tgname) FROM pg_trigger
        UNION ALL SELECT proname FROM pg_proc WHERE oid >= 16384
        UNION ALL SELECT concat_ws(' ', setdatabase, setconfig) FROM pg_db_role_setting
        UNION ALL SELECT name FROM schema_migration
    ) AS all_parts (part)
"""
# A table without writes has no pages; a large one is not worth emptying.
WRITTEN_TABLES_SQL = """
    SELECT relname, pg_relation_size(oid) FROM pg_class
    WHERE relkind = 'r' AND oid >= 16384 AND relname <> 'schema_migration'
    AND pg_relation_size(oid) > 0
"""
TERMINATE_SESSIONS_SQL = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
MAX_RESET_TABLE_BYTES = 1_000_000


@dataclass
class PostgresDatabases:
    """Databases of one server; `prefix` separates those of xdist's workers.

    A migrated database is emptied and reused for the next test, because creating and
    dropping one takes many times as long as deleting some rows.
    """

    server: Postgres
    prefix: str
    migrate: Migration
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _template: str | None = None
    _schema: str = ""
    _reusable: list[str] = field(default_factory=list)

    @contextmanager
    def temporary_database(self, *, migrated: bool = True) -> Iterator[str]:
        """Yield the URL of a new database: migrated and without rows, or empty."""
        name = (
            self._reusable.pop()
            if migrated and self._reusable
            else self.create_unused(migrated)
        )
        try:
            yield self.server.url(name)
        finally:
            if migrated and self.try_reset(name):
                self._reusable.append(name)
            else:
                self.drop(name)

    def create_unused(self, migrated: bool) -> str:
        """Create a database and return its name."""
        name = f"{self.prefix}_{next(self._numbers)}"
        self.create(name, self.get_template() if migrated else "template0")
        return name

    def try_reset(self, name: str) -> bool:
        """Reset a database to its initial state; return False if not worthwhile."""
        try:
            with psycopg.connect(self.server.url(name), autocommit=True) as connection:
                return self._reset_rows(connection)
        except psycopg.OperationalError:  # for example: it refuses connections
            return False

    def _reset_rows(self, connection: psycopg.Connection) -> bool:
        connection.execute(TERMINATE_SESSIONS_SQL)
        written = connection.execute(WRITTEN_TABLES_SQL).fetchall()
        if any(size > MAX_RESET_TABLE_BYTES for _, size in written):
            return False
        if connection.execute(SCHEMA_FINGERPRINT_SQL).fetchone() != (self._schema,):
            return False
        # Without the triggers of foreign keys, so that the order does not matter.
        deletes = [f"DELETE FROM {table}" for table, _ in written]
        connection.execute(
            "; ".join(["SET session_replication_role = replica", *deletes])
        )
        return True

    def drop(self, name: str) -> None:
        """Drop a database, even if it is in use."""
        self.server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def get_template(self) -> str:
        """Return the name of the template; the first call creates it."""
        if self._template is None:
            name = f"{self.prefix}_template"
            self.create(name, "template0")
            self.migrate(self.server.url(name))
            with psycopg.connect(self.server.url(name)) as connection:
                self._schema = connection.execute(SCHEMA_FINGERPRINT_SQL).fetchone()[0]
            self._template = name
        return self._template

    def create(self, name: str, template: str) -> None:
        """Create a database as a copy of a template."""
        # Copying files takes a third of the time of the default, WAL_LOG, on a
        # server with fsync off. Before PostgreSQL 15 it is the only strategy.
        major = int(self.server.version.split(".")[0])
        strategy = "STRATEGY FILE_COPY" if major >= 15 else ""
        self.server.execute(f"CREATE DATABASE {name} TEMPLATE {template} {strategy}")


Databases = SqliteDatabases | PostgresDatabases
