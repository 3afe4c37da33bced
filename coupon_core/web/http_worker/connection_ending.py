"""How connections end: refusals, the last answer, and lingering."""

from time import monotonic

from coupon_core.web.gunicorn_errors import serialize_error_response
from coupon_core.web.http_worker.connection import LINGERING, Connection
from coupon_core.web.http_worker.connection_table import ConnectionTable
from coupon_core.web.http_worker.limits import LINGER_SECONDS, MAX_LINGER_BYTES

_RETRY_AFTER_SECONDS = 5
_READ_SIZE_BYTES = 16_384


class ConnectionEnding:
    """Ends connections; every method is called by the owner of its connection."""

    def __init__(self, table: ConnectionTable) -> None:
        self._table = table

    def refuse(self, connection: Connection, status: int) -> None:
        """Send an error for an incomplete or invalid request; end the connection."""
        retry_after = _RETRY_AFTER_SECONDS if status == 503 else None
        connection.send(serialize_error_response(status, retry_after=retry_after))
        connection.is_ending = connection.must_linger = True
        if not connection.unsent:
            self.end(connection)

    def end(self, connection: Connection) -> None:
        """Close after the last answer.

        If the client may still be sending, only the writing side is closed first:
        otherwise the kernel would reset the connection and drop the answer.
        """
        may_close = connection.has_eof
        if not (may_close or connection.must_linger or connection.parser.has_begun):
            may_close = not connection.receive()
        if may_close:
            self._table.close(connection)
            return
        connection.parser.stop()
        if connection.upload is not None:
            connection.upload.close()
            connection.upload = None
        connection.shut_down_writing()
        connection.phase = LINGERING
        connection.deadline = monotonic() + LINGER_SECONDS
        self.discard_input(connection)

    def discard_input(self, connection: Connection) -> None:
        """Read and drop what a client still sends, up to a limit; close at its end."""
        for _ in range(MAX_LINGER_BYTES // _READ_SIZE_BYTES):
            data = connection.receive()
            if data is None:
                return
            if not data:
                break
        self._table.close(connection)
