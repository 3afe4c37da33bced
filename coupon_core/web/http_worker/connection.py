"""One client connection: its socket, its parser, and bytes that wait to be sent."""

import socket
from select import POLLOUT, poll
from threading import Lock
from time import monotonic
from typing import Any

from coupon_core.web.http_worker.body_spool import Upload
from coupon_core.web.http_worker.limits import MIN_BYTES_PER_SECOND
from coupon_core.web.http_worker.request_parser import RequestParser

# What a connection without an owner waits for.
NEW, IDLE, RECEIVING, SENDING, LINGERING = range(5)

_READ_SIZE_BYTES = 16_384
_LARGE_READ_SIZE_BYTES = 131_072
_MAX_JOINED_BYTES = 65_536


class ClientGone(Exception):
    """The client has disconnected, or reads a streamed answer too slowly."""


class Connection:
    """A connection has one owner at a time: the thread for which `take` was true.

    Only the owner reads, writes and closes. An event that another thread gets
    meanwhile is noted in `is_signalled`, and the owner looks again.
    """

    __slots__ = (
        "address_key",
        "buffered_bytes",
        "deadline",
        "environ",
        "fd",
        "has_eof",
        "is_broken",
        "is_closed",
        "is_ending",
        "is_proxy",
        "is_signalled",
        "last_request_at",
        "must_linger",
        "parser",
        "phase",
        "release",
        "sock",
        "take",
        "unsent",
        "upload",
    )

    def __init__(
        self, sock: socket.socket, parser: RequestParser, environ: dict[str, Any]
    ) -> None:
        sock.setblocking(False)
        self.sock, self.fd, self.parser, self.environ = (
            sock,
            sock.fileno(),
            parser,
            environ,
        )
        ownership = Lock()
        ownership.acquire()
        self.release = ownership.release
        self.take = ownership.acquire  # take(False) does not wait
        self.phase = NEW
        self.deadline = self.last_request_at = monotonic()
        self.unsent: list[memoryview] = []
        self.upload: Upload | None = None
        self.address_key: str | None = None
        self.buffered_bytes = 0
        self.is_proxy = self.is_signalled = self.has_eof = False
        self.is_broken = self.is_closed = self.is_ending = self.must_linger = False

    # ------------------------------------------------------------ receiving

    def receive(self) -> bytes | None:
        """Return what has arrived, b"" at the end, None if there is nothing yet."""
        size = _READ_SIZE_BYTES if self.upload is None else _LARGE_READ_SIZE_BYTES
        try:
            return self.sock.recv(size)
        except (BlockingIOError, InterruptedError):
            return None
        except OSError:
            self.is_broken = True
            return b""

    # -------------------------------------------------------------- sending

    def send(self, head: bytes, body: bytes = b"") -> None:
        """Send in one write what the socket accepts now; `flush` sends the rest."""
        if self.unsent:
            self.unsent += [memoryview(part) for part in (head, body) if part]
            return
        try:
            if len(body) <= _MAX_JOINED_BYTES:
                data = head + body
                sent = self.sock.send(data)
                if sent < len(data):
                    self.unsent = [memoryview(data)[sent:]]
            else:  # without copying what may be a shared document
                self.unsent = [memoryview(head), memoryview(body)]
                self._drop_sent(self.sock.sendmsg(self.unsent))
        except (BlockingIOError, InterruptedError):
            self.unsent = [memoryview(part) for part in (head, body) if part]
        except OSError:
            self._break()

    def flush(self) -> None:
        """Send more of `unsent`, as much as the socket accepts."""
        try:
            while self.unsent:
                self._drop_sent(self.sock.sendmsg(self.unsent[:16]))
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            self._break()

    @property
    def unsent_bytes(self) -> int:
        """Bytes that wait to be sent."""
        return sum(map(len, self.unsent))

    def send_paced(self, data: bytes, max_lag_seconds: float) -> None:
        """Send all of a piece of a stream, waiting for the client.

        Raises: ClientGone, also below the minimum rate.
        """
        self.unsent.append(memoryview(data))
        deadline = monotonic() + max_lag_seconds
        waiting = poll()
        waiting.register(self.fd, POLLOUT)
        while True:
            before = self.unsent_bytes
            self.flush()
            if self.is_broken:
                raise ClientGone
            if not self.unsent:
                return
            now = monotonic()
            progress = (before - self.unsent_bytes) / MIN_BYTES_PER_SECOND
            deadline = min(deadline + progress, now + max_lag_seconds)
            if now > deadline:
                raise ClientGone
            waiting.poll(max(1, int((deadline - now) * 1_000)))

    def _drop_sent(self, sent: int) -> None:
        unsent = self.unsent
        while unsent and sent >= len(unsent[0]):
            sent -= len(unsent.pop(0))
        if sent:
            unsent[0] = unsent[0][sent:]

    def _break(self) -> None:
        self.is_broken, self.unsent = True, []

    def shut_down_writing(self) -> None:
        """Signal to the client that the answer is complete."""
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self.is_broken = True
