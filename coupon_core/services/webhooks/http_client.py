"""One request to a receiver: to an address that was checked, and never for long."""

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http.client import HTTPException
from typing import Any

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.response import BaseHTTPResponse

from coupon_core.domain.models.webhooks import Answer
from coupon_core.services.webhooks.url_policy import (
    Forbidden,
    Target,
    Unresolved,
    addresses_of,
    target_of,
)

MOST_BODY_BYTES = 2_048
AGENT = "coupons-webhooks/1"
AGAIN_SECONDS = 0.1


class Deadline:
    """A moment from which on the connection at hand is cut, however it drips."""

    def __init__(self, seconds: float) -> None:
        self.ends_at = time.monotonic() + seconds
        self.connection: HTTPConnection | None = None
        self.socket: socket.socket | None = None

    @property
    def left(self) -> float:
        """Seconds until then."""
        return max(self.ends_at - time.monotonic(), 0)

    def cut(self) -> None:
        """End whatever is being read or written."""
        # A connection lets go of its socket when the answer begins.
        found = self.socket or (self.connection and self.connection.sock)
        if found:
            with suppress(OSError):
                # Not that of TLS, which would say goodbye and wait.
                socket.socket.shutdown(found, socket.SHUT_RDWR)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let the clock run; from the deadline on it cuts until the block ends."""
        done = threading.Event()

        def watch() -> None:
            done.wait(self.left)
            while not done.wait(AGAIN_SECONDS):
                self.cut()

        threading.Thread(target=watch, daemon=True).start()
        try:
            yield
        finally:
            done.set()


def post(url: str, body: str, headers: Mapping[str, str], seconds: float) -> Answer:
    """Send one request and give its answer, or why there is none; never raises.

    The name is resolved once, every address checked, and one of these very addresses
    connected to. No redirect is followed. All together takes no longer than `seconds`.
    """
    deadline = Deadline(seconds)
    with deadline.running():
        try:
            target = target_of(url)
            addresses = addresses_of(target, deadline.left)
            return _post(target, addresses, body, headers, deadline)
        except Forbidden as error:
            return Answer(None, error=f"refused: {error}")
        except Unresolved as error:
            return Answer(None, error=str(error))
        except (OSError, HTTPError, HTTPException, ValueError) as error:
            if not deadline.left:
                return Answer(None, error=f"no answer within {seconds:g} s")
            return Answer(None, error=_told(error))


def _told(error: Exception) -> str:
    """What an error of the connection says, without the object it says it of."""
    text = str(error).rpartition(": ")[2] or str(error)
    return f"{type(error).__name__}: {text}"


def _post(
    target: Target,
    addresses: list[str],
    body: str,
    headers: Mapping[str, str],
    deadline: Deadline,
) -> Answer:
    connection = _connected(target, addresses, deadline)
    try:
        connection.request(
            "POST",
            target.path,
            body=body.encode(),
            headers={
                "Host": target.authority,
                "Content-Type": "application/json",
                "User-Agent": AGENT,
                "Connection": "close",
                **headers,
            },
            preload_content=False,
            decode_content=False,
        )
        response = connection.getresponse()
        if not deadline.left:  # of headers that were cut half is no answer
            raise TimeoutError
        return Answer(response.status, _first_of(response))
    finally:
        connection.close()


def _connected(
    target: Target, addresses: list[str], deadline: Deadline
) -> HTTPConnection:
    """A connection to the first of the addresses that takes one."""
    *rest, last = addresses
    for address in rest:
        with suppress(OSError, HTTPError):
            return _connect(target, address, deadline)
    return _connect(target, last, deadline)


def _connect(target: Target, address: str, deadline: Deadline) -> HTTPConnection:
    connection = _connection(target, address, max(deadline.left, 0.001))
    deadline.connection = connection
    connection.connect()
    deadline.socket = connection.sock
    return connection


def _connection(target: Target, address: str, seconds: float) -> HTTPConnection:
    options: dict[str, Any] = {"port": target.port, "timeout": seconds}
    if target.scheme == "http":
        return HTTPConnection(address, **options)
    # The address is fixed; the name is what the certificate must be for.
    return HTTPSConnection(
        address,
        server_hostname=target.host,
        assert_hostname=target.host,
        cert_reqs="CERT_REQUIRED",
        **options,
    )


def _first_of(response: BaseHTTPResponse) -> str:
    """The beginning of a body as text that every database takes."""
    read = bytearray()
    # A status that came in time counts, whatever becomes of the body.
    with suppress(OSError, HTTPError, HTTPException, ValueError):
        while len(read) < MOST_BODY_BYTES and (
            some := response.read1(MOST_BODY_BYTES - len(read))
        ):
            read += some
    return bytes(read).decode("utf-8", "replace").replace("\x00", "�")
