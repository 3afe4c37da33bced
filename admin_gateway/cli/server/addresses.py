"""Where the gateways listen, and who does there now."""

import json
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException

from admin_gateway.cli.errors import Failed
from coupon_core.settings.loader import Settings

SECONDS_TO_ANSWER = 2.0
SECONDS_BETWEEN_LOOKS = 0.2
LOOPBACK = "127.0.0.1"  # where the embedded bus listens, and nowhere else
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104


@dataclass(frozen=True, slots=True)
class Gateway:
    """One of the two gateways: its program and where it listens."""

    name: str
    app: str
    variable: str  # the setting that names its port
    host: str
    port: int

    @property
    def bind(self) -> str:
        """The address as gunicorn takes it."""
        return f"{_bracketed(self.host)}:{self.port}"

    @property
    def url(self) -> str:
        """Where a program on this machine finds it."""
        return f"http://{_bracketed(_reachable(self.host))}:{self.port}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _reachable(host: str) -> str:
    return ANYWHERE.get(host, host)


def gateways(settings: Settings) -> tuple[Gateway, Gateway]:
    """The admin gateway and the query gateway."""
    host = settings.bind_host
    admin = "admin", "admin_gateway:create_app()", "ADMIN_PORT", host
    query = "query", "query_gateway:create_app()", "QUERY_PORT", host
    return Gateway(*admin, settings.admin_port), Gateway(*query, settings.query_port)


def require_free(gateway: Gateway) -> None:
    """Failed unless the gateway could listen at its address now."""
    found = trouble_at(gateway)
    if found:
        raise Failed(found)


def trouble_at(gateway: Gateway) -> str:
    """Why the gateway could not listen at its address; empty if it could."""
    error = _listening_error(gateway.host, gateway.port)
    if not error:
        return ""
    who = "a running gateway of ours" if is_healthy(gateway) else "another program"
    taken = f"taken by {who}" if _is_answered(gateway.host, gateway.port) else error
    return _advice(f"{gateway.name} gateway", gateway.port, taken, gateway.variable)


def trouble_at_bus(settings: Settings) -> str:
    """Why the embedded bus could not listen at its port; empty if it could."""
    error = _listening_error(LOOPBACK, settings.bus_port)
    if not error:
        return ""
    taken = _is_answered(LOOPBACK, settings.bus_port)
    found = "taken by another program" if taken else error
    return _advice("embedded bus", settings.bus_port, found, "BUS_PORT")


def _advice(whose: str, port: int, found: str, variable: str) -> str:
    return (
        f"Port {port} of the {whose}: {found}. "
        f"Stop that, or choose another port with {variable}."
    )


def _listening_error(host: str, port: int) -> str:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _is_answered(host: str, port: int) -> bool:
    """Whether anything accepts connections there."""
    with suppress(OSError):
        socket.create_connection((_reachable(host), port), SECONDS_TO_ANSWER).close()
        return True
    return False


def is_healthy(gateway: Gateway) -> bool:
    """Whether a gateway answers there that it is healthy."""
    host = _reachable(gateway.host)
    connection = HTTPConnection(host, gateway.port, timeout=SECONDS_TO_ANSWER)
    try:
        connection.request("GET", "/health")
        return bool(json.load(connection.getresponse()) == {"status": "healthy"})
    except (OSError, HTTPException, ValueError):
        return False
    finally:
        connection.close()


def wait_until_healthy(
    settings: Settings, seconds: float, is_over: Callable[[], bool] = lambda: False
) -> bool:
    """Wait for both gateways; False when they do not come in time, or it is over."""
    deadline = time.monotonic() + seconds
    while not all(map(is_healthy, gateways(settings))):
        if is_over() or time.monotonic() > deadline:
            return False
        time.sleep(SECONDS_BETWEEN_LOOKS)
    return True
