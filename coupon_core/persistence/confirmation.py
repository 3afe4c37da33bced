"""Statements that PostgreSQL or an engine on top of it could not confirm.

A distributed engine reports a commit that one of its nodes did not confirm only as a
warning. The change may be lost, so the statement must not count as successful.
"""

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

    def require_confirmed(self, command: str) -> None:
        """Fail if a warning came with the statement.

        The connection can roll back, but no other use case gets it.

        Raises:
            UnconfirmedChange: The outcome of a change is unknown.
        """
        sqlstate, self.uncertain_because = self.uncertain_because, None
        is_idle = self.pgconn.transaction_status == TransactionStatus.IDLE
        if sqlstate and not (is_idle and command.startswith(READING_COMMANDS)):
            self.must_be_discarded = True
            raise UnconfirmedChange(
                f"the database did not confirm {command or 'a statement'}: "
                f"it sent a warning with SQLSTATE {sqlstate}"
            )


class ConfirmedCursor(psycopg.Cursor[Any]):
    """A cursor that requires the confirmation of each statement."""

    def execute(self, *arguments: Any, **options: Any) -> "ConfirmedCursor":
        """Execute a statement and require its confirmation."""
        self._run(super().execute, *arguments, **options)
        return self

    def executemany(self, *arguments: Any, **options: Any) -> None:
        """Execute a statement once per row and require the confirmation of all."""
        self._run(super().executemany, *arguments, **options)

    def _run(self, send: Any, *arguments: Any, **options: Any) -> None:
        connection: Any = self.connection
        try:
            send(*arguments, **options)
        except psycopg.Error:
            connection.uncertain_because = None  # the error is the answer
            raise
        if connection.uncertain_because:
            connection.require_confirmed(self.statusmessage or "")
