"""Check whether the broker responds, without loading kombu."""

import socket
import ssl
import threading
import time
from urllib.parse import unquote, urlsplit

from redis import AuthenticationError, RedisError, ResponseError

from coupon_core.domain.url_credentials import split_alternates
from coupon_core.messaging import sentinel
from coupon_core.messaging.topology import (
    RABBITMQ,
    REDIS,
    parse_broker_kind,
)

PROBE_TIMEOUT_SECONDS = 1.0
MAX_STATUS_AGE_SECONDS = 3.0
CONNECTED, UNAVAILABLE = "connected", "unavailable"
DEFAULT_PORTS = {REDIS: 6379, RABBITMQ: 5672}
DEFAULT_TLS_PORTS = {"rediss": 6379, "amqps": 5671}
# The request to a broker, and the beginnings of a valid response. Redis responds NOAUTH
# if it requires a password; RabbitMQ begins with Connection.Start.
PROBES = {
    REDIS: (b"*1\r\n$4\r\nPING\r\n", (b"+PONG", b"-NOAUTH")),
    RABBITMQ: (b"AMQP\x00\x00\x09\x01", (b"\x01\x00\x00",)),
}


def is_reachable(url: str, timeout_seconds: float = PROBE_TIMEOUT_SECONDS) -> bool:
    """Return True if the broker responds within about `timeout_seconds`.

    Of a cluster, one node must respond; behind Sentinel, the primary.
    """
    parse_broker_kind(url)
    if sentinel.is_sentinel_url(url):
        return _has_primary(url, timeout_seconds)
    nodes = split_alternates(url)
    return any(_is_node_reachable(each, timeout_seconds / len(nodes)) for each in nodes)


def _has_primary(url: str, timeout_seconds: float) -> bool:
    # One Sentinel and the primary answer, each within half of the time.
    seconds = timeout_seconds / 2
    try:
        with sentinel.create_client(
            url, socket_timeout=seconds, socket_connect_timeout=seconds
        ) as client:
            return bool(client.ping())
    except (AuthenticationError, ResponseError):
        return True  # it responds, but refuses the user or the database
    except (OSError, RedisError):
        return False


def _is_node_reachable(url: str, timeout_seconds: float) -> bool:
    request, expected_replies = PROBES[parse_broker_kind(url)]
    try:
        with _open_socket(url, timeout_seconds) as connection:
            connection.sendall(request)
            return connection.recv(64).startswith(expected_replies)
    except (OSError, ValueError):  # an invalid port, or a host name that is too long
        return False


def requires_password(url: str) -> bool:
    """Return False if a Redis at the URL accepts commands without a password."""
    try:
        with _open_socket(url, PROBE_TIMEOUT_SECONDS) as connection:
            connection.sendall(PROBES[REDIS][0])
            return not connection.recv(64).startswith(b"+PONG")
    except (OSError, ValueError):
        return True


def _open_socket(url: str, timeout_seconds: float) -> socket.socket:
    parts = urlsplit(url)
    if parts.scheme == "redis+socket":
        return _open_unix_socket(unquote(parts.path), timeout_seconds)
    host = parts.hostname or "127.0.0.1"
    port = (
        parts.port
        or DEFAULT_TLS_PORTS.get(parts.scheme)
        or DEFAULT_PORTS[parse_broker_kind(url)]
    )
    tcp_socket = socket.create_connection((host, port), timeout_seconds)
    if parts.scheme not in DEFAULT_TLS_PORTS:
        return tcp_socket
    with tcp_socket:
        return ssl.create_default_context().wrap_socket(
            tcp_socket, server_hostname=host
        )


def _open_unix_socket(path: str, timeout_seconds: float) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(timeout_seconds)
    try:
        connection.connect(path)
    except BaseException:
        connection.close()
        raise
    return connection


class BrokerHealth:
    """The status of the broker, cached for a few seconds."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.last_status = UNAVAILABLE
        self.checked_at = -MAX_STATUS_AGE_SECONDS
        self.check_lock = threading.Lock()

    def status(self) -> str:
        """Return `connected` or `unavailable` within one second.

        The check runs in a thread of its own, because a name server can delay it
        indefinitely. Until it has finished, callers receive the previous status.
        """
        is_stale = time.monotonic() >= self.checked_at + MAX_STATUS_AGE_SECONDS
        if is_stale and self.check_lock.acquire(blocking=False):
            thread = threading.Thread(target=self._refresh, daemon=True)
            thread.start()
            thread.join(PROBE_TIMEOUT_SECONDS)
        return self.last_status

    def _refresh(self) -> None:
        try:
            self.last_status = CONNECTED if is_reachable(self.url) else UNAVAILABLE
            self.checked_at = time.monotonic()
        finally:
            self.check_lock.release()
