"""Accept connections within the caps on connections and descriptors."""

import errno
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from coupon_core.web.http_worker.connection import Connection
from coupon_core.web.http_worker.connection_table import (
    ConnectionTable,
    get_address_key,
    parse_address,
)
from coupon_core.web.http_worker.limits import (
    FIRST_BYTE_TIMEOUT_SECONDS,
    SEND_BUFFER_BYTES,
    RequestLimits,
)
from coupon_core.web.http_worker.pollers import READABLE, Poller
from coupon_core.web.http_worker.request_parser import RequestParser
from coupon_core.web.http_worker.wsgi_environ import (
    SchemePolicy,
    create_connection_environ,
    create_worker_environ,
)

_OUT_OF_RESOURCES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Acceptor:
    """Accepts from all listeners of a worker; called by the serving threads."""

    def __init__(
        self,
        worker: Any,
        table: ConnectionTable,
        poller: Poller,
        scheme_policy: SchemePolicy,
    ) -> None:
        self._listeners: dict[int, socket.socket] = {
            listener.fileno(): listener.sock for listener in worker.sockets
        }
        self._names = {fd: sock.getsockname() for fd, sock in self._listeners.items()}
        self._backlog = worker.cfg.backlog
        self._log, self._table, self._poller = worker.log, table, poller
        self._scheme_policy = scheme_policy
        self._request_limits = RequestLimits.from_config(worker.cfg)
        self._environ = create_worker_environ(worker.cfg)
        self._paused: set[int] = set()
        self._is_stopped = False

    @property
    def is_paused(self) -> bool:
        """Return True if a listener waits for `resume`."""
        return bool(self._paused)

    def start(self) -> None:
        """Start to accept."""
        for fd, listener in self._listeners.items():
            listener.setblocking(False)
            # Inherited by connections. The kernel would let each client that does not
            # read have several megabytes.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
            self._poller.register(fd, READABLE)

    def stop(self) -> Iterator[Connection]:
        """Accept what waits, and close the listeners; yield as `accept` returns.

        For an open listener the kernel completes connections and takes requests, and
        resets them when the worker ends. A proxy cannot send those to another gateway.
        Other workers may still listen on the same sockets.
        """
        self._is_stopped = True
        for fd, listener in self._listeners.items():
            self._poller.forget(fd)
            with suppress(OSError):  # nothing waits any more
                for _ in range(self._backlog):
                    if not self._table.make_room():
                        break
                    sock, peer = listener.accept()
                    if connection := self._start_connection(sock, peer, fd):
                        yield connection
            listener.close()

    def resume(self) -> None:
        """Try again after a pause."""
        while self._paused and not self._is_stopped:
            self._poller.rearm(self._paused.pop(), READABLE)

    def accept(self, fd: int) -> Connection | None:
        """Accept one connection, if `fd` is a listener's and there is room.

        Returns a connection that already has work; the caller then owns it.
        """
        listener = self._listeners.get(fd)
        if listener is None or self._is_stopped:
            return None
        if not self._table.make_room():
            self._paused.add(fd)
            return None
        try:
            sock, peer = listener.accept()
        except OSError as error:
            if error.errno in _OUT_OF_RESOURCES:
                # Without the pause the listener would be ready again at once.
                self._log.warning("Accepting pauses: %s", error.strerror)
                self._table.evict()
                self._paused.add(fd)
            else:
                self._rearm(fd)
            return None
        self._rearm(fd)
        return self._start_connection(sock, peer, fd)

    def _rearm(self, fd: int) -> None:
        if not self._is_stopped:
            self._poller.rearm(fd, READABLE)

    def _start_connection(
        self, sock: socket.socket, peer: Any, listener_fd: int
    ) -> Connection | None:
        server = self._names[listener_fd]
        environ = create_connection_environ(self._environ, peer, server)
        connection = Connection(sock, RequestParser(self._request_limits), environ)
        connection.deadline += FIRST_BYTE_TIMEOUT_SECONDS
        if isinstance(peer, tuple):
            address = parse_address(peer[0])
            connection.is_proxy = self._scheme_policy.is_proxy(address)
            if not connection.is_proxy:
                connection.address_key = get_address_key(address)
        else:
            connection.is_proxy = self._scheme_policy.trusts_unix_sockets
        if not self._table.add(connection):
            connection.parser.stop()
            sock.close()
            return None
        self._poller.register(connection.fd, READABLE)
        connection.release()
        if connection.is_signalled and connection.take(False):
            return connection
        return None
