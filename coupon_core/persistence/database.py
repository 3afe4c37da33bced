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
    InterfaceError,
    InternalError,
    OperationalError,
    PostgresqlDatabase,
    __exception_wrapper__,
)
from playhouse.pool import MaxConnectionsExceeded

from coupon_core.persistence.connection_pools import (
    BUSY_TIMEOUT_SECONDS,
    PostgresqlPool,
    create_database,
)
from coupon_core.persistence.errors import DatabaseBusy
from coupon_core.persistence.tables import database_proxy
from coupon_core.persistence.write_lock import write_lock


class ConcurrentUpdate(Exception):
    """The state kept changing during a use case; retry the use case."""


UNAVAILABLE_ERRORS = (
    OperationalError,
    InterfaceError,
    InternalError,  # a transaction that idled too long, or a standby's
    MaxConnectionsExceeded,
    DatabaseBusy,
    ConcurrentUpdate,
)
"""What an operation raises when the database cannot do it now."""


def open_database(url: str, pool_size: int = 16) -> None:
    """Name this process's database; connections are made when first needed.

    `url` is `sqlite:///path` or `postgresql://…`. ValueError for any other.
    """
    global _open_arguments
    close_database()
    database_proxy.initialize(create_database(url, pool_size))
    _open_arguments = url, pool_size


_open_arguments: tuple[str, int] | None = None
_inherited_databases: list[Database] = []


def _reopen_after_fork() -> None:
    """A child process leaves its parent's connections alone, and closes none."""
    if _open_arguments:
        _inherited_databases.append(database_proxy.obj)
        database_proxy.initialize(create_database(*_open_arguments))


os.register_at_fork(after_in_child=_reopen_after_fork)


def close_database() -> None:
    """Close every connection of this process."""
    if database_proxy.obj is not None:
        database_proxy.close_all()


def release_connection() -> None:
    """Give this thread's connection back to the pool (at the end of a request)."""
    pool = database_proxy.obj  # through the proxy each look costs as much as the whole
    if pool is not None and not pool.is_closed():
        pool.close()


def count_connections() -> tuple[int, int]:
    """How many connections of this process are in use, and how many idle."""
    pool = database_proxy.obj
    return len(pool._in_use), len(pool._connections)


def is_postgresql() -> bool:
    """Which of the two databases this process has."""
    return isinstance(database_proxy.obj, PostgresqlDatabase)


@contextmanager
def transaction() -> Iterator[None]:
    """One short transaction that writes; any exception rolls it back.

    Within another it is a part of that one, which is rolled back by itself. On SQLite
    the writers of all processes queue for it and it is IMMEDIATE: a deferred one fails
    at once when another writes. OperationalError when the turn does not come within
    BUSY_SECONDS.
    """
    if database_proxy.in_transaction():
        with _savepoint():
            yield
    elif is_postgresql():
        with database_proxy.atomic():
            yield
    else:
        # First the connection: those who wait for the turn may have them all.
        database_proxy.connection()
        with write_lock(
            Path(database_proxy.database), BUSY_TIMEOUT_SECONDS
        ) as deadline:
            # What the queue took is not waited for again: others may not queue.
            remaining_seconds = max(deadline - time.monotonic(), 0)
            database_proxy.execute_sql(
                f"PRAGMA busy_timeout = {int(remaining_seconds * 1000)}"
            )
            with database_proxy.atomic("IMMEDIATE"):
                yield


@contextmanager
def _savepoint() -> Iterator[None]:
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
    return bool(database_proxy.in_transaction())


def single_statement() -> AbstractContextManager[None]:
    """A transaction that is one call of the store, which is atomic by itself.

    On PostgreSQL it is one statement and needs no BEGIN and COMMIT around it: they
    would double the round trips. Only within another transaction it must be apart, so
    that its failure is not that of the whole.
    """
    is_standalone = is_postgresql() and not database_proxy.in_transaction()
    return nullcontext() if is_standalone else transaction()


def execute(
    sql: str, parameters: Mapping[str, Any], dedicated_cursor: bool = False
) -> Any:
    """Run SQL text with `:name` parameters; gives the driver's cursor.

    Fetch its rows before the next call: on PostgreSQL it is the same cursor again.
    The few statements that run with `dedicated_cursor` have one each, which keeps
    their last rows.
    """
    pool = database_proxy.obj
    if isinstance(pool, PostgresqlPool):
        return pool.run(
            _to_psycopg_sql(sql), parameters, dedicated_cursor=dedicated_cursor
        )
    return database_proxy.execute_sql(sql, parameters)


def execute_many(sql: str, rows: Sequence[Mapping[str, Any]]) -> int:
    """Run SQL text once for each row of parameters; gives how many rows it changed."""
    text: Any = _to_psycopg_sql(sql) if is_postgresql() else sql
    with __exception_wrapper__:
        cursor = database_proxy.cursor()
        cursor.executemany(text, rows)
    return int(cursor.rowcount)


def execute_each(sql: str, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """As `execute_many` on PostgreSQL, but gives for each row how many it changed."""
    if not rows:
        return []
    with __exception_wrapper__:
        cursor = database_proxy.cursor()
        cursor.executemany(_to_psycopg_sql(sql), rows, returning=True)
        counts = [int(cursor.rowcount)]
        while cursor.nextset():
            counts.append(int(cursor.rowcount))
    return counts


@cache
def _to_psycopg_sql(sql: str) -> bytes:
    return re.sub(r":([a-z_]+)", r"%(\1)s", sql).encode()
