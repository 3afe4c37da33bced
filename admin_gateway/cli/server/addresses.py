"""Addresses of the gateways and checks of whether they are free or healthy."""

import itertools
import json
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException

from admin_gateway.cli.errors import CommandError
from coupon_core.settings.loader import Settings

PROBE_TIMEOUT_SECONDS = 2.0
POLL_INTERVAL_SECONDS = 0.2
BUS = "bus"
LOOPBACK_HOST = "127.0.0.1"  # the embedded bus listens on no other interface
LOOPBACK_BY_WILDCARD_HOST = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104


@dataclass(frozen=True, slots=True)
class Listener:
    """A program that listens at an address: a gateway, or the embedded bus."""

    name: str
    title: str
    host: str
    port: int

    @property
    def app(self) -> str:
        """Return the WSGI application of a gateway."""
        return f"{self.name}_gateway:create_app()"

    @property
    def port_variable(self) -> str:
        """Return the setting that selects the port."""
        return f"{self.name.upper()}_PORT"

    @property
    def bind_address(self) -> str:
        """Return the address in the form of gunicorn's --bind."""
        return f"{_format_host(self.host)}:{self.port}"

    @property
    def url(self) -> str:
        """Return the base URL for programs on this machine."""
        return f"http://{_format_host(_to_reachable_host(self.host))}:{self.port}"


def _format_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _to_reachable_host(host: str) -> str:
    return LOOPBACK_BY_WILDCARD_HOST.get(host, host)


def get_gateways(settings: Settings) -> tuple[Listener, Listener]:
    """Return the admin gateway and the query gateway."""
    host = settings.bind_host
    admin = Listener("admin", "admin gateway", host=host, port=settings.admin_port)
    query = Listener("query", "query gateway", host=host, port=settings.query_port)
    return admin, query


def get_bus(settings: Settings) -> Listener:
    """Return the embedded bus, which has no other address."""
    return Listener(BUS, "embedded bus", host=LOOPBACK_HOST, port=settings.bus_port)


def require_different_ports(settings: Settings) -> None:
    """Check that what `serve all` starts listens on different ports.

    On machines of their own, both gateways may have the same port.

    Raises:
        CommandError: two programs have the same port.
    """
    bus = [get_bus(settings)] if settings.is_broker_embedded else []
    for one, other in itertools.combinations([*get_gateways(settings), *bus], 2):
        if one.port == other.port:
            raise CommandError(
                f"{one.port_variable} and {other.port_variable} are both {one.port}: "
                f"choose different ports."
            )


def require_free_port(listener: Listener) -> None:
    """Check that a program can listen at its address.

    Raises:
        CommandError: the port is taken or cannot be bound.
    """
    if problem := port_problem(listener):
        raise CommandError(problem)


def port_problem(listener: Listener) -> str:
    """Return why a program cannot listen at its address, or an empty string."""
    problem = _listening_error(listener.host, listener.port)
    if not problem:
        return ""
    is_bus = listener.name == BUS
    advice, end = (
        "Choose",
        "" if is_bus else " or another address with COUPON_BIND_HOST",
    )
    if _can_connect(listener.host, listener.port):
        is_gateway = not is_bus and is_healthy(listener)
        occupant = "a running gateway" if is_gateway else "another program"
        problem = f"it is used by {occupant}"
        advice, end = "Stop that program or choose", ""
    return (
        f"Port {listener.port} of the {listener.title} is not available: {problem}. "
        f"{advice} another port with {listener.port_variable}{end}."
    )


def _listening_error(host: str, port: int) -> str:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        # The message of create_server repeats the address.
        return os.strerror(error.errno) if error.errno else str(error)
    return ""


def _can_connect(host: str, port: int) -> bool:
    """Return True if something accepts connections at the address."""
    with suppress(OSError):
        socket.create_connection(
            (_to_reachable_host(host), port), PROBE_TIMEOUT_SECONDS
        ).close()
        return True
    return False


def is_healthy(gateway: Listener) -> bool:
    """Return True if a gateway at the address reports that it is healthy."""
    host = _to_reachable_host(gateway.host)
    connection = HTTPConnection(host, gateway.port, timeout=PROBE_TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/health")
        return bool(json.load(connection.getresponse()) == {"status": "healthy"})
    except (OSError, HTTPException, ValueError):
        return False
    finally:
        connection.close()


def wait_until_healthy(
    settings: Settings,
    timeout_seconds: float,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> bool:
    """Wait until both gateways are healthy; return False on timeout or cancellation."""
    deadline = time.monotonic() + timeout_seconds
    while not all(map(is_healthy, get_gateways(settings))):
        if is_cancelled() or time.monotonic() > deadline:
            return False
        time.sleep(POLL_INTERVAL_SECONDS)
    return True
