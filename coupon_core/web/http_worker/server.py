"""What a serving thread does with a ready connection: read, answer, release it."""

from time import monotonic

from coupon_core.web.http_worker.application import ApplicationRunner
from coupon_core.web.http_worker.body_spool import BodySpool, SpoolFull
from coupon_core.web.http_worker.connection import (
    IDLE,
    LINGERING,
    NEW,
    RECEIVING,
    SENDING,
    Connection,
)
from coupon_core.web.http_worker.connection_ending import ConnectionEnding
from coupon_core.web.http_worker.connection_table import ConnectionTable
from coupon_core.web.http_worker.http_request import HttpRequest
from coupon_core.web.http_worker.limits import (
    MIN_BYTES_PER_SECOND,
    Timeouts,
)
from coupon_core.web.http_worker.pollers import READABLE, WRITABLE, Poller

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class ConnectionServer:
    """Advances connections; every method is called by the owner of its connection."""

    def __init__(
        self,
        table: ConnectionTable,
        poller: Poller,
        runner: ApplicationRunner,
        timeouts: Timeouts,
        spool: BodySpool,
    ) -> None:
        self._table, self._poller, self._runner = table, poller, runner
        self._timeouts, self._spool = timeouts, spool
        self._endings = ConnectionEnding(table)

    def serve(self, connection: Connection) -> None:
        """Read what has arrived, answer complete requests, and wait for more."""
        while True:
            self._advance(connection)
            if not self.rest(connection):
                return

    def rest(self, connection: Connection) -> bool:
        """Give up ownership; True if the caller became owner again and must go on."""
        if connection.is_broken:
            self._table.close(connection)
        if connection.is_closed or not self._prepare_rest(connection):
            return False
        connection.is_signalled = False
        has_work = connection.unsent or connection.parser.has_input
        self._poller.rearm(connection.fd, WRITABLE if has_work else READABLE)
        connection.release()
        return connection.is_signalled and connection.take(False)

    def _prepare_rest(self, connection: Connection) -> bool:
        """Set phase and deadline; False if the connection had to be closed."""
        parser, held = connection.parser, 0
        if connection.phase == LINGERING:
            pass
        elif connection.unsent:
            held = connection.unsent_bytes
            if connection.phase != SENDING:
                allowed = self._timeouts.send + held / MIN_BYTES_PER_SECOND
                self._enter(connection, SENDING, allowed)
        elif parser.has_begun:
            if connection.phase != RECEIVING:
                self._enter(connection, RECEIVING, self._timeouts.receive)
        elif connection.phase not in (IDLE, NEW):
            self._enter(connection, IDLE, self._timeouts.keepalive)
        if parser.has_begun or parser.has_input:
            held += parser.buffered_bytes
        if held != connection.buffered_bytes and not self._table.account(
            connection, held
        ):
            self._table.close(connection)
            return False
        return True

    @staticmethod
    def _enter(connection: Connection, phase: int, seconds: float) -> None:
        connection.phase, connection.deadline = phase, monotonic() + seconds

    def expire(self, connection: Connection) -> None:
        """End a connection whose deadline has passed."""
        if connection.phase == RECEIVING and not connection.is_ending:
            self._endings.refuse(connection, 408)
        else:
            self._table.close(connection)

    def _advance(self, connection: Connection) -> None:
        if connection.phase == LINGERING:
            self._endings.discard_input(connection)
            return
        if connection.unsent:
            connection.flush()
            if connection.unsent or connection.is_broken:
                return
        if connection.is_ending:
            self._endings.end(connection)
            return
        parser = connection.parser
        if not parser.has_input:
            data = connection.receive()
            if data:
                parser.feed(data)
            elif data is not None:
                connection.has_eof = True
                parser.feed_eof()
        if not connection.is_broken:
            self._answer_ready(connection)

    def _answer_ready(self, connection: Connection) -> None:
        parser = connection.parser
        request = parser.next_request()
        if request is not None:  # other connections are served before the next request
            self._answer(connection, request)
        if connection.is_broken or connection.unsent:
            return
        if connection.is_ending:
            self._endings.end(connection)
        elif not parser.has_input:
            self._wait_for_more(connection)

    def _answer(self, connection: Connection, request: HttpRequest) -> None:
        upload = connection.upload
        if upload is not None:
            if not self._spool_pieces(connection, request):
                return
            connection.upload = None
            request.input_file = upload.rewind()
        self._runner.respond(connection, request)
        if upload is not None:
            upload.close()
        connection.phase = IDLE
        now = connection.last_request_at = monotonic()
        connection.deadline = now + self._timeouts.keepalive

    def _wait_for_more(self, connection: Connection) -> None:
        """Handle an incomplete request: refuse it, admit its body, or wait for more."""
        parser = connection.parser
        if parser.refusal is not None:
            self._endings.refuse(connection, parser.refusal)
        elif connection.has_eof:
            self._table.close(connection)
        elif parser.is_paused:
            self._admit_body(connection)
        elif parser.current is not None:
            if connection.upload is not None:
                self._spool_pieces(connection, parser.current)
            elif parser.current.expects_continue:
                self._send_continue(connection, parser.current)

    # --------------------------------------------------------- large bodies

    def _admit_body(self, connection: Connection) -> None:
        request = connection.parser.current
        if request is None:
            return
        required = self._runner.ask_for_body(connection, request)
        if required is None:
            if not connection.unsent:
                self._endings.end(connection)
            return
        try:
            connection.upload = self._spool.open(required.limit, required.tenant_id)
        except (OSError, SpoolFull):
            self._endings.refuse(connection, 503)
            return
        connection.parser.admit()
        self._enter(connection, RECEIVING, self._timeouts.receive)
        if self._spool_pieces(connection, request) and request.expects_continue:
            self._send_continue(connection, request)

    def _spool_pieces(self, connection: Connection, request: HttpRequest) -> bool:
        """Append what has arrived to the file; False if the connection is ending."""
        upload, data = connection.upload, request.take_body()
        if upload is None or not data:
            return True
        try:
            upload.append(data)
        except (OSError, SpoolFull):
            self._endings.refuse(connection, 503)
            return False
        if upload.is_too_large and connection.parser.current is request:
            self._answer_too_large(connection, request)
            return False
        now = monotonic()
        connection.deadline = min(
            connection.deadline + len(data) / MIN_BYTES_PER_SECOND,
            now + self._timeouts.receive,
        )
        return True

    def _answer_too_large(self, connection: Connection, request: HttpRequest) -> None:
        """Let the application refuse a body that exceeds its limit."""
        request.keep_alive = False
        connection.must_linger = True
        self._answer(connection, request)
        if not connection.unsent:
            self._endings.end(connection)

    @staticmethod
    def _send_continue(connection: Connection, request: HttpRequest) -> None:
        request.expects_continue = False
        connection.send(_CONTINUE)
