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
LOOPBACK_HOST = "127.0.0.1"  # the embedded bus listens on no other interface
LOOPBACK_BY_WILDCARD_HOST = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104


@dataclass(frozen=True, slots=True)
class Gateway:
    """One of the two gateways: its WSGI application and its address."""

    name: str
    app: str
    port_variable: str  # setting that selects its port
    host: str
    port: int

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


def get_gateways(settings: Settings) -> tuple[Gateway, Gateway]:
    """Return the admin gateway and the query gateway."""
    admin = Gateway(
        name="admin",
        app="admin_gateway:create_app()",
        port_variable="ADMIN_PORT",
        host=settings.bind_host,
        port=settings.admin_port,
    )
    query = Gateway(
        name="query",
        app="query_gateway:create_app()",
        port_variable="QUERY_PORT",
        host=settings.bind_host,
        port=settings.query_port,
    )
    return admin, query


def require_different_ports(settings: Settings) -> None:
    """Check that what `serve all` starts listens on different ports.

    On machines of their own, both gateways may have the same port.

    Raises:
        CommandError: two programs have the same port.
    """
    ports = {gateway.port_variable: gateway.port for gateway in get_gateways(settings)}
    if settings.is_broker_embedded:
        ports["BUS_PORT"] = settings.bus_port
    for (first, port), (second, other_port) in itertools.combinations(ports.items(), 2):
        if port == other_port:
            raise CommandError(
                f"{first} and {second} are both {port}: choose different ports."
            )


def require_free_port(gateway: Gateway) -> None:
    """Check that the gateway can listen at its address.

    Raises:
        CommandError: the port is taken or cannot be bound.
    """
    problem = port_problem(gateway)
    if problem:
        raise CommandError(problem)


def port_problem(gateway: Gateway) -> str:
    """Return why the gateway cannot listen at its address, or an empty string."""
    error = _listening_error(gateway.host, gateway.port)
    if not error:
        return ""
    occupant = "a running gateway" if is_healthy(gateway) else "another program"
    return _port_problem_message(
        f"{gateway.name} gateway",
        gateway.port,
        occupant=occupant if _can_connect(gateway.host, gateway.port) else "",
        error=error,
        port_variable=gateway.port_variable,
    )


def broker_port_problem(settings: Settings) -> str:
    """Return why the embedded bus cannot listen at its port, or an empty string."""
    error = _listening_error(LOOPBACK_HOST, settings.bus_port)
    if not error:
        return ""
    is_occupied = _can_connect(LOOPBACK_HOST, settings.bus_port)
    return _port_problem_message(
        "embedded bus",
        settings.bus_port,
        occupant="another program" if is_occupied else "",
        error=error,
        port_variable="BUS_PORT",
    )


def _port_problem_message(
    program: str, port: int, *, occupant: str, error: str, port_variable: str
) -> str:
    problem = f"it is used by {occupant}" if occupant else error
    advice = "Stop that program or choose" if occupant else "Choose"
    # The embedded bus has no other address.
    is_movable = not occupant and port_variable != "BUS_PORT"
    address = " or another address with COUPON_BIND_HOST" if is_movable else ""
    return (
        f"Port {port} of the {program} is not available: {problem}. "
        f"{advice} another port with {port_variable}{address}."
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


def is_healthy(gateway: Gateway) -> bool:
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
