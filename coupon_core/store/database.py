"""The database of this process: opening it, writing to it in turn, upgrading it."""

import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import uuid_utils
from peewee import (
    Database,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    PostgresqlDatabase,
    __exception_wrapper__,
)
from playhouse.migrations import Runner
from playhouse.pool import (
    MaxConnectionsExceeded,
    PooledPostgresqlDatabase,
    PooledSqliteDatabase,
)
from psycopg.pq import Format

from coupon_core.store.turns import turn
from coupon_core.tables import database

BUSY_SECONDS = 4.0  # below the five seconds in which a caller is promised an answer
CONNECT_SECONDS = 3
SLOW_TO_REFUSE_SECONDS, SPARED_SECONDS = 1.0, 1.0
PING_AFTER_SECONDS = 5.0
MIGRATIONS = Path(__file__).parent.parent / "migrations"
MIGRATION_LOCK = 0x636F75706F6E  # "coupon"

SQLITE_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "full",
    "foreign_keys": 1,
    "cache_size": -32_000,
    "busy_timeout": int(BUSY_SECONDS * 1000),
}
POSTGRESQL_OPTIONS = (
    "-c timezone=UTC "
    f"-c statement_timeout={int(BUSY_SECONDS * 1000)} "
    f"-c idle_in_transaction_session_timeout={int(BUSY_SECONDS * 1000)}"
)


class Busy(Exception):
    """The database could not do it now; asking again later may succeed."""


UNAVAILABLE = (
    OperationalError,
    InterfaceError,
    InternalError,  # a transaction that idled too long, or a standby's
    MaxConnectionsExceeded,
    Busy,
)
"""What an operation raises when the database cannot do it now."""

UNIQUE, FOREIGN_KEY = "unique", "foreign key"
_BROKEN_RULES = {
    "23505": UNIQUE,
    "23503": FOREIGN_KEY,
    "SQLITE_CONSTRAINT_UNIQUE": UNIQUE,
    "SQLITE_CONSTRAINT_FOREIGNKEY": FOREIGN_KEY,
}

# UUIDs are text in Python, as PostgreSQL writes them.
_text_loader = psycopg.adapters.get_loader(
    psycopg.adapters.types["text"].oid, Format.TEXT
)
assert _text_loader is not None  # noqa: S101 - for the type checker
psycopg.adapters.register_loader("uuid", _text_loader)


class PatientPostgresql(PostgresqlDatabase):
    """Gives a server that did not answer a moment without new connections.

    Threads connect one after the other. Were each to wait CONNECT_SECONDS for a
    server that is not there, the last would wait for all of them.
    """

    _asked_again_at = 0.0

    def _connect(self) -> Any:
        began = time.monotonic()
        if began < self._asked_again_at:
            raise OperationalError("the database did not answer a moment ago")
        try:
            return super()._connect()
        except psycopg.OperationalError:
            if time.monotonic() - began > SLOW_TO_REFUSE_SECONDS:
                self._asked_again_at = time.monotonic() + SPARED_SECONDS
            raise


class PostgresqlPool(PooledPostgresqlDatabase, PatientPostgresql):
    """A pool that pings only connections that have been idle for some seconds."""

    def _connect(self) -> Any:
        connection = super()._connect()
        connection.last_used = time.monotonic()
        if not hasattr(connection, "kept_cursor"):
            connection.kept_cursor = connection.cursor()
        return connection

    def run(self, sql: str, parameters: Mapping[str, Any]) -> Any:
        """Execute with the connection's own cursor, for making one costs as much as
        sending the query. Its rows last until the next `run`."""
        with __exception_wrapper__:
            return self.connection().kept_cursor.execute(sql, parameters)

    def _can_reuse(self, connection: Any) -> bool:
        if super()._can_reuse(connection):
            return True
        self.close_idle()  # the server has gone, and with it all other connections
        return False

    def _is_closed(self, connection: Any) -> bool:
        if time.monotonic() - connection.last_used < PING_AFTER_SECONDS:
            return bool(connection.closed)
        return bool(super()._is_closed(connection))


def open_database(url: str, pool_size: int = 16) -> None:
    """Name this process's database; connections are made when first needed.

    `url` is `sqlite:///path` or `postgresql://…`. ValueError for any other.
    """
    global _opened
    close_database()
    database.initialize(_database_of(url, pool_size))
    _opened = url, pool_size


_opened: tuple[str, int] | None = None
_of_parents: list[Database] = []


def _after_fork() -> None:
    """A child process leaves its parent's connections alone, and closes none."""
    if _opened:
        _of_parents.append(database.obj)
        database.initialize(_database_of(*_opened))


os.register_at_fork(after_in_child=_after_fork)


def _database_of(url: str, pool_size: int) -> Database:
    scheme = urlsplit(url).scheme
    if scheme in ("postgresql", "postgres"):
        return _postgresql(url, pool_size)
    if scheme == "sqlite" and len(url) > len("sqlite:///"):
        return _sqlite(Path(url.removeprefix("sqlite:///")), pool_size)
    raise ValueError(
        f"a database URL is sqlite:///path or postgresql://…, not {scheme or 'empty'}"
    )


def _postgresql(url: str, pool_size: int) -> Database:
    return PostgresqlPool(
        "postgresql://" + url.split("://", 1)[1],
        prefer_psycopg3=True,
        max_connections=pool_size,
        timeout=BUSY_SECONDS,
        connect_timeout=CONNECT_SECONDS,
        options=POSTGRESQL_OPTIONS,
        tcp_user_timeout=int(BUSY_SECONDS * 1000),
    )


def _sqlite(path: Path, pool_size: int) -> Database:
    path.parent.mkdir(parents=True, exist_ok=True)
    return PooledSqliteDatabase(
        str(path),
        pragmas=SQLITE_PRAGMAS,
        timeout=BUSY_SECONDS,  # of the pool; for the file there is a pragma
        max_connections=pool_size,
        check_same_thread=False,
    )


def close_database() -> None:
    """Close every connection of this process."""
    if database.obj is not None:
        database.close_all()


def release() -> None:
    """Give this thread's connection back to the pool (at the end of a request)."""
    if database.obj is not None and not database.is_closed():
        database.close()


def is_postgresql() -> bool:
    """Which of the two databases this process has."""
    return isinstance(database.obj, PostgresqlDatabase)


def new_id() -> str:
    """A UUIDv7: unique without asking anybody, and in the order of time."""
    return str(uuid_utils.uuid7())


def first_id_of(moment: datetime) -> str:
    """The least id that `new_id` could have given at that moment."""
    digits = f"{int(moment.timestamp() * 1000):012x}"
    return f"{digits[:8]}-{digits[8:]}-7000-8000-000000000000"


@contextmanager
def transaction() -> Iterator[None]:
    """One short transaction that writes; any exception rolls it back.

    On SQLite the writers of all processes queue for it and it is IMMEDIATE: a
    deferred one fails at once when another writes. OperationalError when the turn
    does not come within BUSY_SECONDS.
    """
    if is_postgresql():
        with database.atomic():
            yield
    else:
        # First the connection: those who wait for the turn may have them all.
        database.connection()
        with turn(Path(database.database), BUSY_SECONDS) as deadline:
            # What the queue took is not waited for again: others may not queue.
            left = max(deadline - time.monotonic(), 0)
            database.execute_sql(f"PRAGMA busy_timeout = {int(left * 1000)}")
            with database.atomic("IMMEDIATE"):
                yield


def one_write() -> AbstractContextManager[None]:
    """A transaction that is one call of the store, which is atomic by itself.

    On PostgreSQL it is one statement and needs no BEGIN and COMMIT around it: they
    would double the round trips.
    """
    return nullcontext() if is_postgresql() else transaction()


def execute(sql: str, parameters: Mapping[str, Any]) -> Any:
    """Run SQL text with `:name` parameters; gives the driver's cursor.

    Fetch its rows before the next call: on PostgreSQL it is the same cursor again.
    """
    if is_postgresql():
        return database.run(_for_psycopg(sql), parameters)
    return database.execute_sql(sql, parameters)


def execute_many(sql: str, rows: Sequence[Mapping[str, Any]]) -> int:
    """Run SQL text once for each row of parameters; gives how many rows it changed."""
    text = _for_psycopg(sql) if is_postgresql() else sql
    with __exception_wrapper__:
        cursor = database.cursor()
        cursor.executemany(text, rows)
    return int(cursor.rowcount)


def execute_each(sql: str, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """As `execute_many` on PostgreSQL, but gives for each row how many it changed."""
    if not rows:
        return []
    with __exception_wrapper__:
        cursor = database.cursor()
        cursor.executemany(_for_psycopg(sql), rows, returning=True)
        counts = [int(cursor.rowcount)]
        while cursor.nextset():
            counts.append(int(cursor.rowcount))
    return counts


def broken_rule(error: IntegrityError) -> str | None:
    """Which kind of rule of a table was broken: UNIQUE, FOREIGN_KEY, or another."""
    cause = error.orig  # the driver's own error
    code = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None)
    return _BROKEN_RULES.get(code or "")


@cache
def _for_psycopg(sql: str) -> str:
    return re.sub(r":([a-z_]+)", r"%(\1)s", sql)


def upgrade() -> list[str]:
    """Bring the schema up to date; gives the names of the steps taken.

    Two runners at once take turns.
    """
    with _upgrading_turn():
        return list(Runner(database.obj, str(MIGRATIONS)).up())


@contextmanager
def _upgrading_turn() -> Iterator[None]:
    if not is_postgresql():
        with turn(Path(database.database), BUSY_SECONDS):
            yield
        return
    database.execute_sql("SET statement_timeout = 0")
    database.execute_sql("SELECT pg_advisory_lock(%s)", (MIGRATION_LOCK,))
    try:
        yield
    finally:
        # Ends the session and with it the lock and the setting.
        database.manual_close()


def migrations() -> list[tuple[str, bool]]:
    """Every schema step by name, and whether it has been taken."""
    runner = Runner(database.obj, str(MIGRATIONS))
    return [(step.name, bool(step.applied)) for step in runner.status()]


def is_up_to_date() -> bool:
    """True when no schema step is left to take; touches the database."""
    return all(applied for _, applied in migrations())
