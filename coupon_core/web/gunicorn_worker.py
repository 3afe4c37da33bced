"""Requests on their way in: no thread waits for them, and none may take for ever.

gunicorn's threads read a request as it comes, for as long as its client likes, so that
as many slow clients as there are threads would stop a gateway. Here what has come is
kept until the request is whole. Of one that is too big to be kept the route decides
whether it is read at all; then it must come at some pace.
"""

import re
import socket
from time import monotonic
from typing import Any

from gunicorn import util
from gunicorn.http.errors import NoMoreData
from gunicorn.workers.gthread import _DEFER, ThreadWorker

from coupon_core.web.request_body import DEFAULT_BODY_LIMIT_BYTES

MAX_BUFFERED_BODY_BYTES = DEFAULT_BODY_LIMIT_BYTES
MAX_HEADER_BYTES = 65_536
MIN_UPLOAD_BYTES_PER_SECOND = 16_384  # bytes a second that a bigger body must come at
# A request may arrive, and an answer be taken, in so many times gunicorn's `keepalive`.
RECEIVE_TIMEOUT_FACTOR = 2
# While the worker stops, a thread does wait for what is still on its way: so many s.
SHUTDOWN_RECEIVE_TIMEOUT_SECONDS = 1.0

INFINITE = float("inf")
_READ_SIZE_BYTES = 65_536
_find_header_end = re.compile(rb"\n\r?\n").search
_find_content_length = re.compile(
    rb"(?im)^content-length:[ \t]*(\d{1,18})[ \t]*\r?$"
).search
_find_transfer_encoding = re.compile(rb"(?im)^transfer-encoding[ \t]*:(.*)$").search
_find_expect_continue = re.compile(rb"(?im)^expect:[ \t]*100-continue[ \t]*\r?$").search
_match_chunk_size = re.compile(rb"[0-9A-Fa-f]{1,8}").match
_CONTINUE_RESPONSE = b"HTTP/1.1 100 Continue\r\n\r\n"


class RequestBuffer:
    """What has come of a request, and whether that is all of it.

    How it is framed is only guessed here: gunicorn reads it all once more, to the
    letter.
    """

    __slots__ = ("_body_end", "_continue_sent", "_position", "data", "deadline")

    def __init__(self, data: bytes, deadline: float) -> None:
        self.data, self.deadline = bytearray(data), deadline
        self._position = 0  # what is before it has been looked at
        self._body_end: float | None = None  # of the body; of chunks it is not known
        self._continue_sent = False

    def is_ready(self) -> bool:
        """Whether a thread need not wait: all has come, or too much, or nonsense."""
        if self._body_end is None:
            self._find_header()
        if self._body_end is None:
            return False
        if self._body_end == INFINITE:
            return self._has_all_chunks()
        return (
            not len(self.data)
            < self._body_end
            <= self._position + MAX_BUFFERED_BODY_BYTES
        )

    def is_header_too_large(self) -> bool:
        """Whether its head has no end."""
        return self._body_end is None and len(self.data) > MAX_HEADER_BYTES

    def should_send_continue(self) -> bool:
        """Whether the client waits, and still has to be told to send the body."""
        is_waiting = not self._continue_sent and self._body_end is not None
        self._continue_sent = self._continue_sent or is_waiting
        return (
            is_waiting
            and _find_expect_continue(self.data, 0, self._position) is not None
        )

    def _find_header(self) -> None:
        end = _find_header_end(self.data, self._position)
        if not end:
            self._position = max(0, len(self.data) - 3)
            return
        self._position = end.end()
        length = _find_content_length(self.data, 0, self._position)
        coding = _find_transfer_encoding(self.data, 0, self._position)
        self._body_end = self._position
        if coding and not length and coding[1].strip().lower() == b"chunked":
            self._body_end = INFINITE
        elif length and not coding:
            self._body_end += int(length[1])

    def _has_all_chunks(self) -> bool:
        while (line_end := self.data.find(b"\r\n", self._position)) >= 0:
            size = _match_chunk_size(self.data, self._position)
            if size is None:
                return True
            if not int(size[0], 16):
                return self.data.find(b"\r\n\r\n", line_end) >= 0
            self._position = line_end + int(size[0], 16) + 4
        return len(self.data) > MAX_HEADER_BYTES + MAX_BUFFERED_BODY_BYTES


class MinimumRateSocket:
    """A socket that a thread reads of: it does not wait for one that is too slow."""

    def __init__(self, sock: socket.socket, max_lag_seconds: float) -> None:
        self._sock, self._max_lag_seconds = sock, max_lag_seconds
        self._deadline = monotonic() + max_lag_seconds

    def recv(self, size: int) -> bytes:
        """Read on. NoMoreData when the client lags so many seconds behind the pace."""
        previous_timeout = self._sock.gettimeout()
        self._sock.settimeout(max(0.001, self._deadline - monotonic()))
        try:
            data = self._sock.recv(size)
        except TimeoutError:
            raise NoMoreData from None
        finally:
            self._sock.settimeout(previous_timeout)
        extended_deadline = self._deadline + len(data) / MIN_UPLOAD_BYTES_PER_SECOND
        self._deadline = min(extended_deadline, monotonic() + self._max_lag_seconds)
        return data


class BufferingThreadWorker(ThreadWorker):
    """gunicorn's `gthread`, whose threads are for requests that have come."""

    def handle(self, conn: Any) -> Any:
        """Read what there is; answer the request once it is whole."""
        if self.cfg.is_ssl:  # what can be read is not yet the request
            return super().handle(conn)
        buffer = getattr(conn, "request_buffer", None) or self._start_buffer(conn)
        is_complete = self._read_available(conn, buffer) or buffer.is_ready()
        if self.alive and not is_complete:
            return self._defer(conn, buffer)
        conn.request_buffer = None
        conn.init()
        reader = conn.parser.unreader
        reader.unread(bytes(buffer.data))
        seconds = self.cfg.keepalive if self.alive else SHUTDOWN_RECEIVE_TIMEOUT_SECONDS
        reader.sock = MinimumRateSocket(conn.sock, seconds)
        return super().handle(conn)

    def finish_request(self, conn: Any, fs: Any) -> Any:
        """Put a request off; but not once the worker stops, for it will not look again.

        gunicorn would close the connection of a request that is still on its way.
        """
        is_done = not fs.cancelled() and fs.exception() is None
        if not self.alive and is_done and fs.result() is _DEFER:
            return self.enqueue_req(conn)
        return super().finish_request(conn, fs)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer; a client who does not take the answer is left."""
        conn.sock.settimeout(RECEIVE_TIMEOUT_FACTOR * self.cfg.keepalive)
        try:
            return super().handle_request(req, conn)
        except TimeoutError:
            raise StopIteration from None
        finally:
            conn.parser.unreader.sock = conn.sock

    def _start_buffer(self, conn: Any) -> RequestBuffer:
        # A part of it may have been read together with the request before.
        buffered = conn.parser.unreader.take_buffered() if conn.parser else b""
        deadline = monotonic() + RECEIVE_TIMEOUT_FACTOR * self.cfg.keepalive
        conn.sock.setblocking(False)
        buffer = conn.request_buffer = RequestBuffer(buffered, deadline)
        return buffer

    def _read_available(self, conn: Any, buffer: RequestBuffer) -> bool:
        """Read what is there; true when nothing more can come."""
        while not (buffer.is_ready() or buffer.is_header_too_large()):
            try:
                data = conn.sock.recv(_READ_SIZE_BYTES)
            except BlockingIOError:
                return False
            except OSError:
                return True
            if not data:
                return True
            buffer.data += data
        return False

    def _defer(self, conn: Any, buffer: RequestBuffer) -> Any:
        """Wait for the rest without a thread, but neither for ever nor for too much."""
        if buffer.is_header_too_large():
            util.write_error(conn.sock, 431, "Request Header Fields Too Large", "")
            return False
        if monotonic() > buffer.deadline:
            util.write_error(conn.sock, 408, "Request Timeout", "")
            return False
        if buffer.should_send_continue():
            conn.sock.send(_CONTINUE_RESPONSE)
        return _DEFER
