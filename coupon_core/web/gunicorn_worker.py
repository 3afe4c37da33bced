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

from coupon_core.web.request_body import DEFAULT_LIMIT

MOST_BODY = DEFAULT_LIMIT
MOST_HEAD = 65_536
SLOWEST = 16_384  # bytes a second that a bigger body must come at
# A request may arrive, and an answer be taken, in so many times gunicorn's `keepalive`.
PATIENCE = 2
# While the worker stops, a thread does wait for what is still on its way: so many s.
STOPPING_PATIENCE = 1.0

INFINITE = float("inf")
_PIECE = 65_536
_HEAD_END = re.compile(rb"\n\r?\n").search
_LENGTH = re.compile(rb"(?im)^content-length:[ \t]*(\d{1,18})[ \t]*\r?$").search
_CODING = re.compile(rb"(?im)^transfer-encoding[ \t]*:(.*)$").search
_EXPECT = re.compile(rb"(?im)^expect:[ \t]*100-continue[ \t]*\r?$").search
_SIZE = re.compile(rb"[0-9A-Fa-f]{1,8}").match
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Arrival:
    """What has come of a request, and whether that is all of it.

    How it is framed is only guessed here: gunicorn reads it all once more, to the
    letter.
    """

    __slots__ = ("_at", "_end", "_told", "data", "until")

    def __init__(self, data: bytes, until: float) -> None:
        self.data, self.until = bytearray(data), until
        self._at = 0  # what is before it has been looked at
        self._end: float | None = None  # of the body; of chunks it is not known
        self._told = False

    def is_ready(self) -> bool:
        """Whether a thread need not wait: all has come, or too much, or nonsense."""
        if self._end is None:
            self._find_head()
        if self._end is None:
            return False
        if self._end == INFINITE:
            return self._have_chunks_come()
        return not len(self.data) < self._end <= self._at + MOST_BODY

    def is_head_too_big(self) -> bool:
        """Whether its head has no end."""
        return self._end is None and len(self.data) > MOST_HEAD

    def may_go_on(self) -> bool:
        """Whether the client waits, and still has to be told to send the body."""
        waits = not self._told and self._end is not None
        self._told = self._told or waits
        return waits and _EXPECT(self.data, 0, self._at) is not None

    def _find_head(self) -> None:
        end = _HEAD_END(self.data, self._at)
        if not end:
            self._at = max(0, len(self.data) - 3)
            return
        self._at = end.end()
        length = _LENGTH(self.data, 0, self._at)
        coding = _CODING(self.data, 0, self._at)
        self._end = self._at
        if coding and not length and coding[1].strip().lower() == b"chunked":
            self._end = INFINITE
        elif length and not coding:
            self._end += int(length[1])

    def _have_chunks_come(self) -> bool:
        while (line_end := self.data.find(b"\r\n", self._at)) >= 0:
            size = _SIZE(self.data, self._at)
            if size is None:
                return True
            if not int(size[0], 16):
                return self.data.find(b"\r\n\r\n", line_end) >= 0
            self._at = line_end + int(size[0], 16) + 4
        return len(self.data) > MOST_HEAD + MOST_BODY


class Paced:
    """A socket that a thread reads of: it does not wait for one that is too slow."""

    def __init__(self, sock: socket.socket, seconds: float) -> None:
        self._sock, self._seconds = sock, seconds
        self._until = monotonic() + seconds

    def recv(self, size: int) -> bytes:
        """Read on. NoMoreData when the client lags so many seconds behind the pace."""
        before = self._sock.gettimeout()
        self._sock.settimeout(max(0.001, self._until - monotonic()))
        try:
            data = self._sock.recv(size)
        except TimeoutError:
            raise NoMoreData from None
        finally:
            self._sock.settimeout(before)
        ahead = self._until + len(data) / SLOWEST
        self._until = min(ahead, monotonic() + self._seconds)
        return data


class Worker(ThreadWorker):
    """gunicorn's `gthread`, whose threads are for requests that have come."""

    def handle(self, conn: Any) -> Any:
        """Read what there is; answer the request once it is whole."""
        if self.cfg.is_ssl:  # what can be read is not yet the request
            return super().handle(conn)
        arrival = getattr(conn, "arrival", None) or self._begun(conn)
        has_come = self._received(conn, arrival) or arrival.is_ready()
        if self.alive and not has_come:
            return self._put_off(conn, arrival)
        conn.arrival = None
        conn.init()
        reader = conn.parser.unreader
        reader.unread(bytes(arrival.data))
        seconds = self.cfg.keepalive if self.alive else STOPPING_PATIENCE
        reader.sock = Paced(conn.sock, seconds)
        return super().handle(conn)

    def finish_request(self, conn: Any, fs: Any) -> Any:
        """Put a request off; but not once the worker stops, for it will not look again.

        gunicorn would close the connection of a request that is still on its way.
        """
        done = not fs.cancelled() and fs.exception() is None
        if not self.alive and done and fs.result() is _DEFER:
            return self.enqueue_req(conn)
        return super().finish_request(conn, fs)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer; a client who does not take the answer is left."""
        conn.sock.settimeout(PATIENCE * self.cfg.keepalive)
        try:
            return super().handle_request(req, conn)
        except TimeoutError:
            raise StopIteration from None
        finally:
            conn.parser.unreader.sock = conn.sock

    def _begun(self, conn: Any) -> Arrival:
        # A part of it may have been read together with the request before.
        early = conn.parser.unreader.take_buffered() if conn.parser else b""
        until = monotonic() + PATIENCE * self.cfg.keepalive
        conn.sock.setblocking(False)
        arrival = conn.arrival = Arrival(early, until)
        return arrival

    def _received(self, conn: Any, arrival: Arrival) -> bool:
        """Read what is there; true when nothing more can come."""
        while not (arrival.is_ready() or arrival.is_head_too_big()):
            try:
                data = conn.sock.recv(_PIECE)
            except BlockingIOError:
                return False
            except OSError:
                return True
            if not data:
                return True
            arrival.data += data
        return False

    def _put_off(self, conn: Any, arrival: Arrival) -> Any:
        """Wait for the rest without a thread, but neither for ever nor for too much."""
        if arrival.is_head_too_big():
            util.write_error(conn.sock, 431, "Request Header Fields Too Large", "")
            return False
        if monotonic() > arrival.until:
            util.write_error(conn.sock, 408, "Request Timeout", "")
            return False
        if arrival.may_go_on():
            conn.sock.send(_CONTINUE)
        return _DEFER
