"""The database of this process: connections, transactions and statements."""

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import (
    AbstractContextManager,
    contextmanager,
    nullcontext,
    suppress,
)
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

from coupon_core.persistence.connection_pools import PostgresqlPool, create_database
from coupon_core.persistence.deadline_connection import BUSY_TIMEOUT_SECONDS
from coupon_core.persistence.errors import DatabaseBusy
from coupon_core.persistence.prepared_statements import to_psycopg_sql
from coupon_core.persistence.tables import database_proxy
from coupon_core.persistence.write_lock import write_lock


class ConcurrentUpdate(Exception):
    """The state kept changing during a use case; retry the use case."""


UNAVAILABLE_ERRORS = (
    OperationalError,
    InterfaceError,
    InternalError,  # a transaction that idled too long, or a standby
    MaxConnectionsExceeded,
    DatabaseBusy,
    ConcurrentUpdate,
)
"""The errors of an operation that the database cannot perform now."""


def open_database(
    url: str, pool_size: int = 16, prepares_statements: bool = True
) -> None:
    """Set the database of this process; connections are opened on demand.

    `url` is `sqlite:///path` or `postgresql://…`. `prepares_statements` should be
    False behind a pooler that does not follow prepared statements.

    Raises:
        ValueError: The URL has another form.
    """
    global _open_arguments
    close_database()
    database_proxy.initialize(create_database(url, pool_size, prepares_statements))
    _open_arguments = url, pool_size, prepares_statements


_open_arguments: tuple[str, int, bool] | None = None
_inherited_databases: list[Database] = []


def _reopen_after_fork() -> None:
    """Give a child process its own pool; leave inherited connections open."""
    if _open_arguments:
        _inherited_databases.append(database_proxy.obj)
        database_proxy.initialize(create_database(*_open_arguments))


os.register_at_fork(after_in_child=_reopen_after_fork)


def close_database() -> None:
    """Close every connection of this process."""
    if database_proxy.obj is not None:
        database_proxy.close_all()


def release_connection() -> None:
    """Return the connection of this thread to the pool, as after a request."""
    pool = database_proxy.obj  # each access through the proxy costs as much as the rest
    if pool is not None and not pool.is_closed():
        pool.close()


def count_connections() -> tuple[int, int]:
    """Return how many connections of this process are in use, and how many are idle."""
    pool = database_proxy.obj
    return len(pool._in_use), len(pool._connections)


def is_postgresql() -> bool:
    """Return True if the database is PostgreSQL, False if it is SQLite."""
    return isinstance(database_proxy.obj, PostgresqlDatabase)


@contextmanager
def transaction() -> Iterator[None]:
    """Run the block in one write transaction; any exception rolls it back.

    Within another transaction the block becomes a savepoint, which is rolled back on
    its own. On SQLite the writers of all processes queue, and the transaction is
    IMMEDIATE: a deferred one fails at once when another process writes.

    Raises:
        DatabaseBusy: On SQLite, the write lock was not acquired within
            BUSY_TIMEOUT_SECONDS.
    """
    if database_proxy.in_transaction():
        with _savepoint():
            yield
    elif is_postgresql():
        with database_proxy.atomic():
            yield
    else:
        # Acquire the connection before the write lock; otherwise waiting threads
        # could exhaust the pool.
        database_proxy.connection()
        with write_lock(
            Path(database_proxy.database), BUSY_TIMEOUT_SECONDS
        ) as deadline:
            # The file may also be locked by a process that does not queue. Waiting for
            # it is limited to the time that the queue has left.
            remaining_seconds = max(deadline - time.monotonic(), 0)
            database_proxy.execute_sql(
                f"PRAGMA busy_timeout = {int(remaining_seconds * 1000)}"
            )
            with database_proxy.atomic("IMMEDIATE"):
                yield


class _ChangesDiscarded(Exception):
    """Rolls back a transaction that has succeeded."""


@contextmanager
def discarded_transaction() -> Iterator[None]:
    """Run the block like `transaction`, and roll back whatever it has changed.

    For dry runs: the block sees its own changes and raises the usual exceptions.
    """
    with suppress(_ChangesDiscarded), transaction():
        yield
        raise _ChangesDiscarded


@contextmanager
def _savepoint() -> Iterator[None]:
    """Run the block in a savepoint that is rolled back on its own.

    All savepoints share one name, because only the innermost is ever meant. A new name
    each time, as peewee chooses, would be a new statement for the server each time.
    """
    execute("SAVEPOINT part", {})
    try:
        yield
    except BaseException:
        if not is_postgresql() and not database_proxy.connection().in_transaction:
            raise  # SQLite has rolled back the whole transaction, as on a full disk
        execute("ROLLBACK TO SAVEPOINT part", {})
        execute("RELEASE SAVEPOINT part", {})
        raise
    execute("RELEASE SAVEPOINT part", {})


def is_in_transaction() -> bool:
    """Return True if this thread is inside a transaction."""
    return bool(database_proxy.in_transaction())


def single_statement() -> AbstractContextManager[None]:
    """Return a transaction for a block that executes exactly one statement.

    On PostgreSQL one statement is atomic and needs no BEGIN and COMMIT, which would
    double the round trips. Within another transaction it becomes a savepoint, so that
    its failure does not abort the outer transaction.
    """
    is_standalone = is_postgresql() and not database_proxy.in_transaction()
    return nullcontext() if is_standalone else transaction()


def execute(sql: str, parameters: Mapping[str, Any]) -> Any:
    """Execute SQL with `:name` parameters and return the cursor of the driver.

    Fetch the rows before the next call: on PostgreSQL all statements share one cursor.
    """
    pool = database_proxy.obj
    if isinstance(pool, PostgresqlPool):
        return pool.run(to_psycopg_sql(sql), parameters)
    return database_proxy.execute_sql(sql, parameters)


def execute_prepared(sql: str, parameters: Mapping[str, Any]) -> Any:
    """Execute one of the few statements that nearly every request runs.

    Fetch the rows of the result before the next call, as for `execute`. Parameters are
    texts, numbers, booleans and None. The texts of these statements are fixed, because
    each connection keeps every one of them.
    """
    pool = database_proxy.obj
    if isinstance(pool, PostgresqlPool) and pool.can_prepare():
        return pool.run_prepared(sql, parameters)
    return execute(sql, parameters)


def execute_many(sql: str, rows: Sequence[Mapping[str, Any]]) -> int:
    """Execute SQL once per row of parameters and return the total row count."""
    text: Any = to_psycopg_sql(sql) if is_postgresql() else sql
    with __exception_wrapper__:
        cursor = database_proxy.cursor()
        cursor.executemany(text, rows)
    return int(cursor.rowcount)


def fetch_many(sql: str, rows: Sequence[Mapping[str, Any]]) -> list[list[Any]]:
    """Execute SQL once per row of parameters and return the rows of each execution.

    On PostgreSQL all executions share a round trip.
    """
    if not is_postgresql():
        return [execute(sql, row).fetchall() for row in rows]
    text: Any = to_psycopg_sql(sql)
    with __exception_wrapper__:
        cursor = database_proxy.cursor()
        cursor.executemany(text, rows, returning=True)
        return [result.fetchall() for result in cursor.results()]


def execute_for_values(
    sql: str, sql_type: str, values: Sequence[str], parameters: Mapping[str, Any]
) -> Any:
    """Run a statement in which `{among}` matches many values sent as one parameter."""
    if is_postgresql():
        # A list in the text of the statement would be parsed each time.
        text = sql.format(among=f"= ANY(CAST(:among AS {sql_type}[]))")
        return execute(text, {**parameters, "among": list(values)})
    text = sql.format(among="IN (SELECT value FROM json_each(:among))")
    return execute(text, {**parameters, "among": json.dumps(list(values))})
