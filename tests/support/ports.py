"""TCP ports of this machine: find free ones, and see whether one is in use."""

from __future__ import annotations

import socket
from contextlib import ExitStack

HOST = "127.0.0.1"


def find_free_ports(count: int) -> list[int]:
    """Return different ports on which nothing listens now."""
    with ExitStack() as stack:
        sockets = [
            stack.enter_context(socket.create_server((HOST, 0))) for _ in range(count)
        ]
        return [server.getsockname()[1] for server in sockets]


def find_free_port() -> int:
    """Return a port on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


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
