"""Connection pools for PostgreSQL and SQLite, with deadlines and back-off."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
import structlog
from peewee import Database, PostgresqlDatabase, __exception_wrapper__
from playhouse.pool import PooledPostgresqlDatabase, PooledSqliteDatabase
from psycopg.errors import DuplicatePreparedStatement, InvalidSqlStatementName
from psycopg.pq import TransactionStatus

from coupon_core.persistence.database_url import (
    require_supported_scheme,
    select_writable_host,
)
from coupon_core.persistence.deadline_connection import (
    BUSY_TIMEOUT_SECONDS,
    DeadlineAdapter,
)
from coupon_core.persistence.errors import DatabaseBusy
from coupon_core.persistence.prepared_statements import to_psycopg_sql

log = structlog.get_logger("coupon.database")

CONNECT_TIMEOUT_SECONDS = 2  # per address of the host name
SLOW_FAILURE_THRESHOLD_SECONDS, BACKOFF_SECONDS = 1.0, 1.0
PING_AFTER_SECONDS = 5.0
PING_TIMEOUT_SECONDS = 1.0
PREPARE_AFTER_EXECUTIONS = 5  # the default of psycopg
NOT_PREPARED_DETAIL = (
    "The pooler does not follow prepared statements, so this process goes on without "
    "them. With PgBouncer 1.22 or newer, set max_prepared_statements; otherwise set "
    "COUPON_PREPARED_STATEMENTS=0."
)

# Codes are spread over all pages of their index, so a chunk of a batch changes most of
# them. The longer the log before a checkpoint, the fewer pages are written twice. The
# commit that triggers the checkpoint waits for it: 64 MB take a fraction of a second.
WAL_CHECKPOINT_PAGES = 16_000

SQLITE_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "full",
    "foreign_keys": 1,
    "cache_size": -32_000,
    "wal_autocheckpoint": WAL_CHECKPOINT_PAGES,
    "busy_timeout": int(BUSY_TIMEOUT_SECONDS * 1000),
}
# With `jit`, reports would wait for its compiler, which takes longer than they do.
SESSION_SETTINGS = {
    "timezone": "UTC",
    "jit": "off",
    "statement_timeout": f"{BUSY_TIMEOUT_SECONDS * 1000:.0f}",
    "idle_in_transaction_session_timeout": f"{BUSY_TIMEOUT_SECONDS * 1000:.0f}",
}
SESSION_OPTIONS = " ".join(f"-c {name}={to}" for name, to in SESSION_SETTINGS.items())


class BackoffPostgresqlDatabase(PostgresqlDatabase):
    """Opens no new connections for a moment after the server did not respond.

    Threads connect one after the other. If each waited CONNECT_TIMEOUT_SECONDS for an
    unreachable server, the last one would wait for the sum of all.
    """

    psycopg3_adapter = DeadlineAdapter
    _backoff_until = 0.0

    def _connect(self) -> Any:
        started_at = time.monotonic()
        if started_at < self._backoff_until:
            raise DatabaseBusy(
                "the database did not respond a moment ago; "
                f"new connections are paused for {BACKOFF_SECONDS:g} s"
            )
        try:
            return super()._connect()
        except psycopg.OperationalError:
            self._start_backoff(
                time.monotonic() - started_at > SLOW_FAILURE_THRESHOLD_SECONDS
            )
            raise

    def _start_backoff(self, was_slow: bool) -> None:
        if was_slow:
            self._backoff_until = time.monotonic() + BACKOFF_SECONDS


class PostgresqlPool(PooledPostgresqlDatabase, BackoffPostgresqlDatabase):
    """A pool that pings a connection only after it was idle for some seconds."""

    prepares_statements = True

    def _connect(self) -> Any:
        connection = super()._connect()
        connection.last_used = time.monotonic()
        return connection

    def run(self, sql: bytes, parameters: Mapping[str, Any]) -> Any:
        """Execute a statement; its rows remain available until the next `run`."""
        with __exception_wrapper__:
            return self.connection().shared_cursor.execute(sql, parameters)

    def can_prepare(self) -> bool:
        """Return True outside transactions, unless nothing must be prepared."""
        return self.prepares_statements and not self.in_transaction()

    def run_prepared(self, sql: str, parameters: Mapping[str, Any]) -> Any:
        """Execute a statement that each connection prepares once."""
        with __exception_wrapper__:
            try:
                return self.connection().prepared_statements.run(sql, parameters)
            except (DuplicatePreparedStatement, InvalidSqlStatementName):
                # A pooler has prepared it in another session than it was to be
                # executed in, so nothing was executed.
                if self.prepares_statements:
                    log.warning("statements_not_prepared", detail=NOT_PREPARED_DETAIL)
                self.prepares_statements = False
        return self.run(to_psycopg_sql(sql), parameters)

    def _can_reuse(self, connection: Any) -> bool:
        if connection.must_be_discarded:
            return False
        if connection.pgconn.transaction_status == TransactionStatus.IDLE:
            return True  # the usual case, without a round trip
        with connection.with_response_timeout(PING_TIMEOUT_SECONDS):
            if super()._can_reuse(connection):
                return True
        self.close_idle()  # the server is gone, so the other connections are dead too
        return False

    def _is_closed(self, connection: Any) -> bool:
        if time.monotonic() - connection.last_used < PING_AFTER_SECONDS:
            return bool(connection.closed)
        started_at = time.monotonic()
        with connection.with_response_timeout(PING_TIMEOUT_SECONDS):
            is_closed = bool(super()._is_closed(connection))
        if is_closed:
            self._start_backoff(time.monotonic() - started_at >= PING_TIMEOUT_SECONDS)
            self.close_idle()
        return is_closed


class SqlitePool(PooledSqliteDatabase):
    """A pool of connections whose rollback does not hide why it was necessary."""

    def rollback(self) -> None:
        """Roll back, unless SQLite has done so itself, as it does if the disk is full.

        Another ROLLBACK would fail and replace the original error.
        """
        if self.connection().in_transaction:
            super().rollback()


def create_database(
    url: str, pool_size: int, prepares_statements: bool = True
) -> Database:
    """Create the database object for a URL, without connecting.

    Raises:
        ValueError: The URL is neither `sqlite:///path` nor `postgresql://…`.
    """
    if require_supported_scheme(url) == "sqlite":
        return _create_sqlite_pool(Path(url.removeprefix("sqlite:///")), pool_size)
    writable_url = select_writable_host(url)
    return create_postgresql_pool(writable_url, pool_size, prepares_statements)


def create_postgresql_pool(
    url: str, pool_size: int, prepares_statements: bool
) -> PostgresqlPool:
    """Create the pool for a URL of PostgreSQL, without connecting."""
    pool = PostgresqlPool(
        "postgresql://" + url.split("://", 1)[1],
        prefer_psycopg3=True,
        max_connections=pool_size,
        timeout=BUSY_TIMEOUT_SECONDS,
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        options=" ".join(
            f"-c {name}={SESSION_SETTINGS[name]}" for name in SESSION_SETTINGS
        ),
        tcp_user_timeout=int(BUSY_TIMEOUT_SECONDS * 1000),
        prepare_threshold=PREPARE_AFTER_EXECUTIONS if prepares_statements else None,
    )
    pool.prepares_statements = prepares_statements
    return pool


def _create_sqlite_pool(path: Path, pool_size: int) -> Database:
    path.parent.mkdir(parents=True, exist_ok=True)
    return SqlitePool(
        str(path),
        pragmas=SQLITE_PRAGMAS,
        timeout=BUSY_TIMEOUT_SECONDS,  # for the pool; the file has busy_timeout
        max_connections=pool_size,
        check_same_thread=False,
    )
