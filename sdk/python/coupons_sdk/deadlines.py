"""The time that one try of a request may take."""

from __future__ import annotations

import inspect
import time
from collections.abc import Awaitable, Iterator
from typing import Any

import httpx2


class Deadline(float):
    """The seconds that a try may take, from now on.

    httpx2 applies a timeout to each read, so that a server which sends a byte now and
    then is waited for without end. Limited connections keep to the deadline instead;
    transports of other libraries take it for the number that it also is.
    """

    def __init__(self, _: float) -> None:
        self.restart()

    def restart(self) -> None:
        """Allow all of the seconds again: a part of a file was sent or received."""
        self._ends_at = time.monotonic() + self

    def measure_rest(self) -> float:
        """Return the seconds that are left, which may be negative."""
        return self._ends_at - time.monotonic()

    def apply_to_each(self, parts: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the parts of a file; the other side may take any time between them."""
        for part in parts:
            self.restart()
            yield part
            self.restart()


def _limit(timeout: float | None, error: type[Exception]) -> float | None:
    if not isinstance(timeout, Deadline):
        return timeout
    rest = timeout.measure_rest()
    if rest <= 0:
        raise error("timed out")
    return rest


class _LimitedStream:
    """A connection, synchronous or not, that keeps to deadlines."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def read(self, max_bytes: int, timeout: float | None = None) -> Any:
        return self._stream.read(max_bytes, _limit(timeout, httpx2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> Any:
        return self._stream.write(buffer, _limit(timeout, httpx2.WriteTimeout))

    def start_tls(
        self,
        ssl_context: Any,
        server_hostname: Any = None,
        timeout: float | None = None,
    ) -> Any:
        rest = _limit(timeout, httpx2.ConnectTimeout)
        return _wrap(self._stream.start_tls(ssl_context, server_hostname, rest))


class _LimitedBackend:
    """What opens connections that keep to deadlines."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    def connect_tcp(self, *, timeout: float | None = None, **options: Any) -> Any:
        rest = _limit(timeout, httpx2.ConnectTimeout)
        return _wrap(self._backend.connect_tcp(timeout=rest, **options))


def _wrap(opened: Any) -> Any:
    if inspect.isawaitable(opened):
        return _wrap_later(opened)
    return _LimitedStream(opened)


async def _wrap_later(opened: Awaitable[Any]) -> _LimitedStream:
    return _LimitedStream(await opened)


def limit_connections(client: Any) -> None:
    """Make the connections of a client of httpx2 keep to deadlines."""
    for transport in client._transport, *client._mounts.values():
        # Transports that are not httpx2's, for example of tests, have no pool, and
        # clients may share one.
        pool = getattr(transport, "_pool", None)
        if pool and not isinstance(pool._network_backend, _LimitedBackend):
            pool._network_backend = _LimitedBackend(pool._network_backend)
