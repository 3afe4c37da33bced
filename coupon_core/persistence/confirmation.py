"""Statements that PostgreSQL or an engine on top of it could not confirm.

A distributed engine reports a commit that one of its nodes did not confirm only as a
warning. The change may be lost, so the statement must not count as successful.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.errors import Diagnostic
from psycopg.pq import TransactionStatus

# Connections, resources, operator intervention and internal errors.
UNCONFIRMED_CLASSES = ("08", "53", "57", "XX")
READING_COMMANDS = ("SELECT", "SHOW")


class UnconfirmedChange(psycopg.OperationalError):
    """A change may or may not be stored; repeat it with the same idempotency key."""


class ConfirmedConnection(psycopg.Connection[Any]):
    """A connection whose changes fail if a warning makes their outcome uncertain.

    Outside a transaction, warnings of statements that only read are ignored.
    """

    uncertain_because: str | None = None
    must_be_discarded = False

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.cursor_factory = ConfirmedCursor
        self.add_notice_handler(self._remember_warning)

    def _remember_warning(self, notice: Diagnostic) -> None:
        sqlstate = notice.sqlstate or ""
        is_warning = notice.severity_nonlocalized == "WARNING"
        if is_warning and sqlstate.startswith(UNCONFIRMED_CLASSES):
            self.uncertain_because = sqlstate

    def require_confirmed(self, statement: str | bytes) -> None:
        """Fail if a warning came with the statement.

        The connection can roll back, but no other use case gets it. The first word of
        the statement decides whether it only reads: the server also calls a write
        SELECT if it is a part of a WITH.

        Raises:
            UnconfirmedChange: The outcome of a change is unknown.
        """
        sqlstate, self.uncertain_because = self.uncertain_because, None
        text = statement.decode() if isinstance(statement, bytes) else statement
        command = text.split(maxsplit=1)[0].upper()
        is_idle = self.pgconn.transaction_status == TransactionStatus.IDLE
        if sqlstate and not (is_idle and command in READING_COMMANDS):
            self.must_be_discarded = True
            raise UnconfirmedChange(
                f"the database did not confirm {command}: "
                f"it sent a warning with SQLSTATE {sqlstate}"
            )


class ConfirmedCursor(psycopg.Cursor[Any]):
    """A cursor that requires the confirmation of each statement."""

    def execute(self, *arguments: Any, **options: Any) -> "ConfirmedCursor":
        """Execute a statement and require its confirmation."""
        with self._confirmed(arguments[0]):
            super().execute(*arguments, **options)
        return self

    def executemany(self, *arguments: Any, **options: Any) -> None:
        """Execute a statement once per row and require the confirmation of all."""
        with self._confirmed(arguments[0]):
            super().executemany(*arguments, **options)

    @contextmanager
    def copy(self, *arguments: Any, **options: Any) -> Iterator[psycopg.Copy]:
        """Copy rows and require the confirmation of all."""
        with (
            self._confirmed(arguments[0]),
            super().copy(*arguments, **options) as copy,
        ):
            yield copy

    @contextmanager
    def _confirmed(self, statement: str | bytes) -> Iterator[None]:
        connection: Any = self.connection
        try:
            yield
        except psycopg.Error:
            connection.uncertain_because = None  # the error is the answer
            raise
        if connection.uncertain_because:
            connection.require_confirmed(statement)
