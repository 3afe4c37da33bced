"""TCP ports of this machine: take free ones, and see whether one is in use.

Between the moment at which a port is found free and the one at which a server listens
on it, or while the server restarts, any process of the machine could take it. Those
that the system hands out to clients are therefore not used, and processes of tests
share the others by blocks: who listens on the first port of a block owns the others.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from itertools import cycle

HOST = "127.0.0.1"
# Below the ports that Linux (from 32768), macOS and others (49152) hand out.
FIRST_PORT, LAST_PORT, BLOCK_SIZE = 10_000, 32_767, 200


def find_free_ports(count: int) -> list[int]:
    """Return different ports on which nothing listens, and that no one else takes."""
    return [find_free_port() for _ in range(count)]


def find_free_port() -> int:
    """Return a port on which nothing listens, and that no one else takes."""
    return next(port for port in _own_ports() if is_port_free(port))


@cache  # for the life of the process
def _own_ports() -> Iterator[int]:
    return cycle(_take_block())


def _take_block() -> range:
    """Return the ports of a block that no other process has."""
    for first in range(FIRST_PORT, LAST_PORT - BLOCK_SIZE, BLOCK_SIZE):
        with suppress(OSError):
            _owned.append(socket.create_server((HOST, first)))
            return range(first + 1, first + BLOCK_SIZE)
    raise RuntimeError("all ports are in use by tests: end other runs of tests")


# Open until the process ends; programs that it starts do not inherit them.
_owned: list[socket.socket] = []


def is_port_free(port: int) -> bool:
    """Return True if a server could listen on the port."""
    try:
        socket.create_server((HOST, port)).close()
    except OSError:
        return False
    return True


def is_port_open(port: int) -> bool:
    """Return True if something accepts connections on the port."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0
