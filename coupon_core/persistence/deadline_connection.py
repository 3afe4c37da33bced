"""A connection to PostgreSQL with deadlines, and how one is opened."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import psycopg
from peewee import Psycopg3Adapter
from psycopg.errors import ReadOnlySqlTransaction
from psycopg.errors import _WaitTimeout as WaitTimeout
from psycopg.pq import Format

from coupon_core.persistence.confirmation import ConfirmedConnection
from coupon_core.persistence.database_url import HostOrder
from coupon_core.persistence.prepared_statements import PreparedStatements

# Below the five seconds within which a caller is promised a response.
BUSY_TIMEOUT_SECONDS = 4.0
# The server ends a statement after BUSY_TIMEOUT_SECONDS. A frozen server does not, so
# this process needs a deadline of its own. A ping and a new connection have to fit into
# five seconds.
RESPONSE_TIMEOUT_SECONDS = BUSY_TIMEOUT_SECONDS + 0.3
POLL_INTERVAL_SECONDS = 0.1  # so that Ctrl-C takes effect

# Load UUIDs and timestamps as text, in the form in which PostgreSQL prints them. Most
# rows that a request reads contain a definition that is known already (`row_mapping`),
# whose timestamps are then never converted.
_text_loader = psycopg.adapters.get_loader(
    psycopg.adapters.types["text"].oid, Format.TEXT
)
assert _text_loader is not None  # noqa: S101 - for the type checker
for _type in "uuid", "timestamptz":
    psycopg.adapters.register_loader(_type, _text_loader)


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

    def has_pooler(self) -> bool:
        """Return True if a pooler such as PgBouncer passes the statements on.

        Its handshake names another process than the one that executes them.
        """
        row = self.execute("SELECT pg_backend_pid()").fetchone()
        return row != (self.info.backend_pid,)

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
        connection = DeadlineConnection.connect(url, autocommit=True, **parameters)
        try:
            if connection.prepare_threshold is not None and connection.has_pooler():
                # psycopg names its prepared statements by numbers. In a session that
                # clients share, such a name may be another client's statement.
                connection.prepare_threshold = None
        except psycopg.Error:
            connection.close()
            raise
        self._host_order.remember(connection.info.host, connection.info.port)
        return connection
