"""Fresh databases for tests, each a copy of a template that was migrated once."""

from __future__ import annotations

import itertools
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from coupon_core.store import database
from tests.servers import Postgres

KINDS = ("sqlite", "postgresql")

Migrate = Callable[[str], None]


def upgrade(url: str) -> None:
    """Bring the database at `url` to the newest schema and let go of it.

    It must leave no connection open: PostgreSQL copies only what nobody uses.
    """
    database.open_database(url)
    database.upgrade()
    database.close_database()


@dataclass
class SqliteDatabases:
    """SQLite files below one directory."""

    directory: Path
    migrate: Migrate
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _template: Path | None = None

    @contextmanager
    def fresh(self, *, migrated: bool = True) -> Iterator[str]:
        """The URL of a new file: migrated and without rows, or wholly empty."""
        place = self.directory / f"{next(self._numbers)}"
        place.mkdir(parents=True)
        if migrated:
            shutil.copy(self.template(), place / "coupons.db")
        try:
            yield f"sqlite:///{place / 'coupons.db'}"
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def template(self) -> Path:
        """The file that is copied, made at the first call."""
        if self._template is None:
            path = self.directory / "template.db"
            path.parent.mkdir(parents=True, exist_ok=True)
            self.migrate(f"sqlite:///{path}")
            empty_write_ahead_log(path)
            self._template = path
        return self._template


def empty_write_ahead_log(path: Path) -> None:
    """Move all that was written into the file itself, so that a copy has it."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


@dataclass
class PostgresDatabases:
    """Databases of one server; `prefix` keeps those of xdist's workers apart."""

    server: Postgres
    prefix: str
    migrate: Migrate
    _numbers: Iterator[int] = field(default_factory=itertools.count)
    _template: str | None = None

    @contextmanager
    def fresh(self, *, migrated: bool = True) -> Iterator[str]:
        """The URL of a new database: migrated and without rows, or wholly empty."""
        name = f"{self.prefix}_{next(self._numbers)}"
        self.create(name, self.template() if migrated else "template0")
        try:
            yield self.server.url(name)
        finally:
            self.server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def template(self) -> str:
        """The name of the database that is copied, made at the first call."""
        if self._template is None:
            name = f"{self.prefix}_template"
            # pytest makes this anew when it has to change between parameters.
            self.server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            self.create(name, "template0")
            self.migrate(self.server.url(name))
            self._template = name
        return self._template

    def create(self, name: str, template: str) -> None:
        # Copying files takes a third of the time of the default, WAL_LOG, on a
        # server that need not wait for the disk. Before 15 it is the only way.
        major = int(self.server.version.split(".")[0])
        strategy = "STRATEGY FILE_COPY" if major >= 15 else ""
        self.server.execute(f"CREATE DATABASE {name} TEMPLATE {template} {strategy}")


Databases = SqliteDatabases | PostgresDatabases
