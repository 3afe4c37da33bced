"""Whether the broker answers: asked at the socket, for kombu is not needed for that."""

import socket
import ssl
import threading
import time
from urllib.parse import unquote, urlsplit

from coupon_core.messaging.topology import RABBITMQ, REDIS, broker_kind

DEADLINE_SECONDS = 1.0
FRESH_SECONDS = 3.0
CONNECTED, UNAVAILABLE = "connected", "unavailable"
PORTS = {REDIS: 6379, RABBITMQ: 5672}
TLS = {"rediss": 6379, "amqps": 5671}
# What is said to a broker, and how its answer begins if it works: Redis asks those
# for a password whom it does not know; RabbitMQ begins with Connection.Start.
GREETINGS = {
    REDIS: (b"*1\r\n$4\r\nPING\r\n", (b"+PONG", b"-NOAUTH")),
    RABBITMQ: (b"AMQP\x00\x00\x09\x01", (b"\x01\x00\x00",)),
}


def answers(url: str, seconds: float = DEADLINE_SECONDS) -> bool:
    """Whether a broker answers at its URL within about so many seconds."""
    greeting, good = GREETINGS[broker_kind(url)]
    try:
        with _connected(url, seconds) as connection:
            connection.sendall(greeting)
            return connection.recv(64).startswith(good)
    except (OSError, ValueError):  # a port that is none, a name that is too long
        return False


def _connected(url: str, seconds: float) -> socket.socket:
    parts = urlsplit(url)
    if parts.scheme == "redis+socket":
        return _at_path(unquote(parts.path), seconds)
    host = parts.hostname or "127.0.0.1"
    port = parts.port or TLS.get(parts.scheme) or PORTS[broker_kind(url)]
    plain = socket.create_connection((host, port), seconds)
    if parts.scheme not in TLS:
        return plain
    with plain:
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host)


def _at_path(path: str, seconds: float) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(seconds)
    try:
        connection.connect(path)
    except BaseException:
        connection.close()
        raise
    return connection


class Pulse:
    """Whether the broker answers, remembered for a few seconds."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.word = UNAVAILABLE
        self.asked_at = -FRESH_SECONDS
        self.asking = threading.Lock()

    def told(self) -> str:
        """`connected` or `unavailable`; takes a second at most, mostly nothing.

        A thread asks, for a name server may keep one waiting as long as it likes;
        while it waits, others are told what was known before.
        """
        is_old = time.monotonic() >= self.asked_at + FRESH_SECONDS
        if is_old and self.asking.acquire(blocking=False):
            thread = threading.Thread(target=self._ask, daemon=True)
            thread.start()
            thread.join(DEADLINE_SECONDS)
        return self.word

    def _ask(self) -> None:
        try:
            self.word = CONNECTED if answers(self.url) else UNAVAILABLE
            self.asked_at = time.monotonic()
        finally:
            self.asking.release()
