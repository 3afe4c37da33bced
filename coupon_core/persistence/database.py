"""The database of this process: opening it, and writing to it in turn."""

import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from pathlib import Path
from typing import Any

from peewee import (
    Database,
    IntegrityError,
    InterfaceError,
    InternalError,
    OperationalError,
    PostgresqlDatabase,
    __exception_wrapper__,
)
from playhouse.pool import MaxConnectionsExceeded

from coupon_core.persistence.connection_pools import (
    BUSY_SECONDS,
    PostgresqlPool,
    database_of,
)
from coupon_core.persistence.tables import database
from coupon_core.persistence.write_lock import turn


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


def open_database(url: str, pool_size: int = 16) -> None:
    """Name this process's database; connections are made when first needed.

    `url` is `sqlite:///path` or `postgresql://…`. ValueError for any other.
    """
    global _opened
    close_database()
    database.initialize(database_of(url, pool_size))
    _opened = url, pool_size


_opened: tuple[str, int] | None = None
_of_parents: list[Database] = []


def _after_fork() -> None:
    """A child process leaves its parent's connections alone, and closes none."""
    if _opened:
        _of_parents.append(database.obj)
        database.initialize(database_of(*_opened))


os.register_at_fork(after_in_child=_after_fork)


def close_database() -> None:
    """Close every connection of this process."""
    if database.obj is not None:
        database.close_all()


def release() -> None:
    """Give this thread's connection back to the pool (at the end of a request)."""
    pool = database.obj  # through the proxy each look costs as much as the whole
    if pool is not None and not pool.is_closed():
        pool.close()


def connections() -> tuple[int, int]:
    """How many connections of this process are in use, and how many idle."""
    pool = database.obj
    return len(pool._in_use), len(pool._connections)


def is_postgresql() -> bool:
    """Which of the two databases this process has."""
    return isinstance(database.obj, PostgresqlDatabase)


@contextmanager
def transaction() -> Iterator[None]:
    """One short transaction that writes; any exception rolls it back.

    Within another it is a part of that one, which is rolled back by itself. On SQLite
    the writers of all processes queue for it and it is IMMEDIATE: a deferred one fails
    at once when another writes. OperationalError when the turn does not come within
    BUSY_SECONDS.
    """
    if database.in_transaction():
        with _part():
            yield
    elif is_postgresql():
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


@contextmanager
def _part() -> Iterator[None]:
    """A part of a transaction that is undone by itself when it fails.

    All have one name, for the innermost is meant: a new name each time, as peewee's
    have, would be a new statement to the server each time.
    """
    execute("SAVEPOINT part", {})
    try:
        yield
    except BaseException:
        execute("ROLLBACK TO SAVEPOINT part", {})
        execute("RELEASE SAVEPOINT part", {})
        raise
    execute("RELEASE SAVEPOINT part", {})


def is_in_transaction() -> bool:
    """Whether this thread is inside a transaction."""
    return bool(database.in_transaction())


def one_write() -> AbstractContextManager[None]:
    """A transaction that is one call of the store, which is atomic by itself.

    On PostgreSQL it is one statement and needs no BEGIN and COMMIT around it: they
    would double the round trips. Only within another transaction it must be apart, so
    that its failure is not that of the whole.
    """
    alone = is_postgresql() and not database.in_transaction()
    return nullcontext() if alone else transaction()


def execute(sql: str, parameters: Mapping[str, Any], often: bool = False) -> Any:
    """Run SQL text with `:name` parameters; gives the driver's cursor.

    Fetch its rows before the next call: on PostgreSQL it is the same cursor again.
    The few statements that run `often` have one each, which keeps their last rows.
    """
    pool = database.obj
    if isinstance(pool, PostgresqlPool):
        return pool.run(_for_psycopg(sql), parameters, often)
    return database.execute_sql(sql, parameters)


def execute_many(sql: str, rows: Sequence[Mapping[str, Any]]) -> int:
    """Run SQL text once for each row of parameters; gives how many rows it changed."""
    text: Any = _for_psycopg(sql) if is_postgresql() else sql
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
def _for_psycopg(sql: str) -> bytes:
    return re.sub(r":([a-z_]+)", r"%(\1)s", sql).encode()
