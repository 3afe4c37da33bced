"""Send a request to a receiver, to a checked address and within a deadline."""

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

from coupon_core.domain.models.webhooks import WebhookResponse
from coupon_core.services.webhooks.url_policy import (
    ForbiddenTarget,
    Target,
    UnresolvedHost,
    parse_target,
    resolve_addresses,
)

MAX_RESPONSE_BODY_BYTES = 2_048
USER_AGENT = "coupons-webhooks/1"
ABORT_INTERVAL_SECONDS = 0.1


class Deadline:
    """A time limit for a whole request, enforced by shutting down its socket.

    Socket timeouts apply to single reads; a receiver that sends one byte at a time
    would never exceed them.
    """

    def __init__(self, seconds: float) -> None:
        self.ends_at = time.monotonic() + seconds
        self.connection: HTTPConnection | None = None
        self.socket: socket.socket | None = None

    @property
    def remaining_seconds(self) -> float:
        """Return the seconds until the deadline, at least 0."""
        return max(self.ends_at - time.monotonic(), 0)

    def abort_connection(self) -> None:
        """Shut down the socket, which ends blocked reads and writes."""
        # The connection drops its socket when the response begins.
        open_socket = self.socket or (self.connection and self.connection.sock)
        if open_socket:
            with suppress(OSError):
                # Not the shutdown of TLS sockets, which waits for the peer.
                socket.socket.shutdown(open_socket, socket.SHUT_RDWR)

    @contextmanager
    def enforce(self) -> Iterator[None]:
        """Abort the connection from the deadline on, until the block ends."""
        finished = threading.Event()
        threading.Thread(
            target=self._abort_until, args=(finished,), daemon=True
        ).start()
        try:
            yield
        finally:
            finished.set()

    def _abort_until(self, finished: threading.Event) -> None:
        finished.wait(self.remaining_seconds)
        while not finished.wait(ABORT_INTERVAL_SECONDS):
            self.abort_connection()


def post(
    url: str, body: str, headers: Mapping[str, str], timeout_seconds: float
) -> WebhookResponse:
    """Send one request; return its response or the error. Never raises.

    The name is resolved once, every address is checked, and the connection is made to
    one of these addresses. Redirects are not followed. `timeout_seconds` limits the
    whole request.
    """
    deadline = Deadline(timeout_seconds)
    with deadline.enforce():
        try:
            target = parse_target(url)
            addresses = resolve_addresses(target, deadline.remaining_seconds)
            return _send_request(
                target, addresses, body=body, headers=headers, deadline=deadline
            )
        except ForbiddenTarget as error:
            return WebhookResponse(None, error=f"refused: {error}")
        except UnresolvedHost as error:
            return WebhookResponse(None, error=str(error))
        except (OSError, HTTPError, HTTPException, ValueError) as error:
            if not deadline.remaining_seconds:
                return WebhookResponse(
                    None, error=f"no answer within {timeout_seconds:g} s"
                )
            return WebhookResponse(None, error=_describe_error(error))


def _describe_error(error: Exception) -> str:
    """Return type and text of an error, without the object that it names."""
    text = str(error).rpartition(": ")[2] or str(error)
    return f"{type(error).__name__}: {text}"


def _send_request(
    target: Target,
    addresses: list[str],
    body: str,
    headers: Mapping[str, str],
    deadline: Deadline,
) -> WebhookResponse:
    connection = _connect_to_any(target, addresses, deadline)
    try:
        connection.request(
            "POST",
            target.path,
            body=body.encode(),
            headers={
                "Host": target.authority,
                "Content-Type": "application/json",
                "User-Agent": USER_AGENT,
                "Connection": "close",
                **headers,
            },
            preload_content=False,
            decode_content=False,
        )
        response = connection.getresponse()
        # Headers that were cut off by the deadline are no response.
        if not deadline.remaining_seconds:
            raise TimeoutError
        return WebhookResponse(response.status, _read_body_prefix(response))
    finally:
        connection.close()


def _connect_to_any(
    target: Target, addresses: list[str], deadline: Deadline
) -> HTTPConnection:
    """Return a connection to the first address that accepts one."""
    *first_addresses, last_address = addresses
    for address in first_addresses:
        with suppress(OSError, HTTPError):
            return _connect(target, address, deadline)
    return _connect(target, last_address, deadline)


def _connect(target: Target, address: str, deadline: Deadline) -> HTTPConnection:
    connection = _build_connection(
        target, address, max(deadline.remaining_seconds, 0.001)
    )
    deadline.connection = connection
    connection.connect()
    deadline.socket = connection.sock
    return connection


def _build_connection(
    target: Target, address: str, timeout_seconds: float
) -> HTTPConnection:
    options: dict[str, Any] = {"port": target.port, "timeout": timeout_seconds}
    if target.scheme == "http":
        return HTTPConnection(address, **options)
    # Connects to the checked address, but verifies the certificate for the name.
    return HTTPSConnection(
        address,
        server_hostname=target.host,
        assert_hostname=target.host,
        cert_reqs="CERT_REQUIRED",
        **options,
    )


def _read_body_prefix(response: BaseHTTPResponse) -> str:
    """Return the beginning of a body as text that every database can store."""
    prefix = bytearray()
    # A status that arrived in time counts, even if reading the body fails.
    with suppress(OSError, HTTPError, HTTPException, ValueError):
        while len(prefix) < MAX_RESPONSE_BODY_BYTES and (
            chunk := response.read1(MAX_RESPONSE_BODY_BYTES - len(prefix))
        ):
            prefix += chunk
    return bytes(prefix).decode("utf-8", "replace").replace("\x00", "�")
