"""Connection pools for PostgreSQL and SQLite, with deadlines and back-off."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
from peewee import (
    Database,
    PostgresqlDatabase,
    Psycopg3Adapter,
    __exception_wrapper__,
)
from playhouse.pool import PooledPostgresqlDatabase, PooledSqliteDatabase
from psycopg.errors import ReadOnlySqlTransaction
from psycopg.errors import _WaitTimeout as WaitTimeout
from psycopg.pq import Format, TransactionStatus

from coupon_core.persistence.confirmation import ConfirmedConnection
from coupon_core.persistence.database_url import HostOrder, require_supported_scheme
from coupon_core.persistence.errors import DatabaseBusy
from coupon_core.persistence.prepared_statements import PreparedStatements

# Below the five seconds within which a caller is promised a response.
BUSY_TIMEOUT_SECONDS = 4.0
CONNECT_TIMEOUT_SECONDS = 2  # per address of the host name
SLOW_FAILURE_THRESHOLD_SECONDS, BACKOFF_SECONDS = 1.0, 1.0
PING_AFTER_SECONDS = 5.0
# The server ends a statement after BUSY_TIMEOUT_SECONDS. A frozen server does not, so
# this process needs a deadline of its own. A ping and a new connection have to fit into
# five seconds.
RESPONSE_TIMEOUT_SECONDS, PING_TIMEOUT_SECONDS = BUSY_TIMEOUT_SECONDS + 0.3, 1.0
POLL_INTERVAL_SECONDS = 0.1  # so that Ctrl-C takes effect
PREPARE_AFTER_EXECUTIONS = 5  # the default of psycopg

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
POSTGRESQL_OPTIONS = (
    "-c timezone=UTC "
    f"-c statement_timeout={int(BUSY_TIMEOUT_SECONDS * 1000)} "
    f"-c idle_in_transaction_session_timeout={int(BUSY_TIMEOUT_SECONDS * 1000)}"
)

# Load UUIDs as text, in the form in which PostgreSQL prints them.
_text_loader = psycopg.adapters.get_loader(
    psycopg.adapters.types["text"].oid, Format.TEXT
)
assert _text_loader is not None  # noqa: S101 - for the type checker
psycopg.adapters.register_loader("uuid", _text_loader)


class DeadlineConnection(ConfirmedConnection):
    """A connection that waits at most `response_timeout` seconds for a response."""

    response_timeout: float | None = RESPONSE_TIMEOUT_SECONDS

    @cached_property
    def shared_cursor(self) -> psycopg.Cursor[Any]:
        """One cursor: creating another costs as much as sending the query."""
        return self.cursor()

    @cached_property
    def prepared_statements(self) -> PreparedStatements:
        """The statements that this connection has prepared."""
        return PreparedStatements(self)

    def wait(
        self,
        gen: Any,
        interval: float = POLL_INTERVAL_SECONDS,
        timeout: float | None = None,
    ) -> Any:
        """Wait as psycopg does, and close a connection that has become useless.

        After a deadline, the rollback would wait as long again. A server that refuses
        to write is no longer the primary; the next connection finds the one that is.
        """
        try:
            return super().wait(gen, interval, timeout=timeout or self.response_timeout)
        except (WaitTimeout, ReadOnlySqlTransaction):
            self.pgconn.finish()
            raise

    @contextmanager
    def with_response_timeout(self, seconds: float) -> Iterator[None]:
        """Use another response timeout within the block."""
        usual, self.response_timeout = self.response_timeout, seconds
        try:
            yield
        finally:
            self.response_timeout = usual


class DeadlineAdapter(Psycopg3Adapter):
    """The psycopg adapter of peewee, with `DeadlineConnection`."""

    def __init__(self) -> None:
        super().__init__()
        self._host_order = HostOrder()

    def connect(self, db: Any, **parameters: Any) -> Any:
        """Return a new connection to a server at the URL of the database."""
        url = self._host_order.apply(db.database)
        connection = DeadlineConnection.connect(url, **parameters)
        self._host_order.remember(connection.info.host, connection.info.port)
        return connection


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

    def _connect(self) -> Any:
        connection = super()._connect()
        connection.last_used = time.monotonic()
        return connection

    def run(self, sql: bytes, parameters: Mapping[str, Any]) -> Any:
        """Execute a statement; its rows remain available until the next `run`."""
        with __exception_wrapper__:
            return self.connection().shared_cursor.execute(sql, parameters)

    def can_prepare(self) -> bool:
        """Return True outside transactions, unless psycopg must prepare nothing."""
        connection = self.connection()
        return not self.in_transaction() and connection.prepare_threshold is not None

    def run_prepared(self, sql: str, parameters: Mapping[str, Any]) -> Any:
        """Execute a statement that each connection prepares once."""
        with __exception_wrapper__:
            return self.connection().prepared_statements.run(sql, parameters)

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
    return create_postgresql_pool(url, pool_size, prepares_statements)


def create_postgresql_pool(
    url: str, pool_size: int, prepares_statements: bool
) -> PostgresqlPool:
    """Create the pool for a URL of PostgreSQL, without connecting."""
    return PostgresqlPool(
        "postgresql://" + url.split("://", 1)[1],
        prefer_psycopg3=True,
        max_connections=pool_size,
        timeout=BUSY_TIMEOUT_SECONDS,
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        options=POSTGRESQL_OPTIONS,
        tcp_user_timeout=int(BUSY_TIMEOUT_SECONDS * 1000),
        prepare_threshold=PREPARE_AFTER_EXECUTIONS if prepares_statements else None,
    )


def _create_sqlite_pool(path: Path, pool_size: int) -> Database:
    path.parent.mkdir(parents=True, exist_ok=True)
    return SqlitePool(
        str(path),
        pragmas=SQLITE_PRAGMAS,
        timeout=BUSY_TIMEOUT_SECONDS,  # for the pool; the file has busy_timeout
        max_connections=pool_size,
        check_same_thread=False,
    )
