"""All connections of a worker: limits, and which to close when one is reached."""

from collections.abc import Callable
from contextlib import suppress
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from operator import itemgetter
from threading import Lock
from typing import Any, TypeAlias

from coupon_core.web.http_worker.connection import (
    IDLE,
    LINGERING,
    NEW,
    RECEIVING,
    SENDING,
    Connection,
)
from coupon_core.web.http_worker.limits import (
    MAX_BUFFERED_BYTES,
    MAX_CONNECTIONS_PER_ADDRESS,
)

_Ranked: TypeAlias = tuple[tuple[int, float], Connection]

# The lowest group is closed first; within a group, the connection that has had no
# request for the longest time.
_EVICTION_ORDER = {LINGERING: 0, NEW: 1, IDLE: 1, RECEIVING: 1, SENDING: 2}


class ConnectionTable:
    """Connections by descriptor. Entries are added and removed by their owner only."""

    def __init__(self, max_connections: int) -> None:
        self.max_connections = max_connections
        self.by_fd: dict[int, Connection] = {}
        self._lock = Lock()
        self._per_address: dict[str, int] = {}
        self.buffered_bytes = 0
        self._victims: list[_Ranked] = []  # the next to be closed is the last

    def __len__(self) -> int:
        return len(self.by_fd)

    def add(self, connection: Connection) -> bool:
        """Add a connection; False if its address has too many and none is at rest."""
        key = connection.address_key
        if key is not None:
            if self._per_address.get(key, 0) >= MAX_CONNECTIONS_PER_ADDRESS:
                self.evict(lambda other: other.address_key == key)
            with self._lock:
                count = self._per_address.get(key, 0) + 1
                if count > MAX_CONNECTIONS_PER_ADDRESS:
                    return False
                self._per_address[key] = count
        self.by_fd[connection.fd] = connection
        return True

    def close(self, connection: Connection) -> None:
        """Close a connection that the caller owns, and remove it."""
        if connection.is_closed:
            return
        connection.is_closed = True
        del self.by_fd[connection.fd]
        key = connection.address_key
        if key is not None:
            with self._lock:
                count = self._per_address[key] = self._per_address[key] - 1
                if not count:
                    del self._per_address[key]
        self.account(connection, 0)
        connection.unsent = []
        connection.parser.stop()
        if connection.upload is not None:
            connection.upload.close()
        connection.sock.close()

    def account(self, connection: Connection, size: int) -> bool:
        """Record the memory of a connection; False if all together use too much."""
        if size == connection.buffered_bytes:
            return True
        with self._lock:
            self.buffered_bytes += size - connection.buffered_bytes
            connection.buffered_bytes = size
        if self.buffered_bytes <= MAX_BUFFERED_BYTES:
            return True
        while self.buffered_bytes > MAX_BUFFERED_BYTES:
            if not self.evict(lambda other: other.buffered_bytes > 0):
                return False
        return True

    def make_room(self) -> bool:
        """Return True if one more connection may be accepted."""
        return len(self.by_fd) < self.max_connections or self.evict()

    def evict(self, is_candidate: Callable[[Connection], bool] | None = None) -> bool:
        """Close the idle candidate that has had no request for the longest time."""
        if is_candidate is not None:
            return self._close_first(self._rank(is_candidate))
        if self._close_first(self._victims):
            return True
        # Sorted once for many evictions: in an attack each accept needs one.
        self._victims = self._rank(lambda _: True)
        return self._close_first(self._victims)

    def refresh_ranking(self) -> None:
        """Clear the list of connections to close next, which frees closed ones too."""
        self._victims = []

    def _rank(self, is_candidate: Callable[[Connection], bool]) -> list[_Ranked]:
        connections = [one for one in list(self.by_fd.values()) if is_candidate(one)]
        ranked = [(_get_eviction_rank(one), one) for one in connections]
        ranked.sort(key=itemgetter(0), reverse=True)
        return ranked

    def _close_first(self, ranked: list[_Ranked]) -> bool:
        with suppress(IndexError):
            while True:
                rank, connection = ranked.pop()
                is_unchanged = _get_eviction_rank(connection) == rank
                if is_unchanged and not connection.is_closed and connection.take(False):
                    self.close(connection)
                    return True
        return False


def _get_eviction_rank(connection: Connection) -> tuple[int, float]:
    is_upload = connection.upload is not None
    order = _EVICTION_ORDER[connection.phase]
    return max(order, 2) if is_upload else order, connection.last_request_at


@lru_cache(maxsize=4_096)
def parse_address(text: str) -> Any:
    """Return a peer's IP address; an IPv4 address mapped to IPv6 is an IPv4 address."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def get_address_key(address: Any) -> str | None:
    """Return what connections are counted by: an address, of IPv6 its /64.

    None for loopback, whose connections are not limited.
    """
    if address.is_loopback:
        return None
    if isinstance(address, IPv6Address):
        return address.exploded[:19]
    return str(address)
