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
    """A moment from which on the connection at hand is cut, however it drips."""

    def __init__(self, seconds: float) -> None:
        self.ends_at = time.monotonic() + seconds
        self.connection: HTTPConnection | None = None
        self.socket: socket.socket | None = None

    @property
    def remaining_seconds(self) -> float:
        """Seconds until then."""
        return max(self.ends_at - time.monotonic(), 0)

    def abort_connection(self) -> None:
        """End whatever is being read or written."""
        # A connection lets go of its socket when the answer begins.
        open_socket = self.socket or (self.connection and self.connection.sock)
        if open_socket:
            with suppress(OSError):
                # Not that of TLS, which would say goodbye and wait.
                socket.socket.shutdown(open_socket, socket.SHUT_RDWR)

    @contextmanager
    def enforce(self) -> Iterator[None]:
        """Let the clock run; from the deadline on it cuts until the block ends."""
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
    """Send one request and give its answer, or why there is none; never raises.

    The name is resolved once, every address checked, and one of these very addresses
    connected to. No redirect is followed. All together takes no longer than
    `timeout_seconds`.
    """
    deadline = Deadline(timeout_seconds)
    with deadline.enforce():
        try:
            target = parse_target(url)
            addresses = resolve_addresses(target, deadline.remaining_seconds)
            return _send_request(target, addresses, body, headers, deadline)
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
    """What an error of the connection says, without the object it says it of."""
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
        if not deadline.remaining_seconds:  # of headers that were cut half is no answer
            raise TimeoutError
        return WebhookResponse(response.status, _read_body_prefix(response))
    finally:
        connection.close()


def _connect_to_any(
    target: Target, addresses: list[str], deadline: Deadline
) -> HTTPConnection:
    """A connection to the first of the addresses that takes one."""
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
    # The address is fixed; the name is what the certificate must be for.
    return HTTPSConnection(
        address,
        server_hostname=target.host,
        assert_hostname=target.host,
        cert_reqs="CERT_REQUIRED",
        **options,
    )


def _read_body_prefix(response: BaseHTTPResponse) -> str:
    """The beginning of a body as text that every database takes."""
    prefix = bytearray()
    # A status that came in time counts, whatever becomes of the body.
    with suppress(OSError, HTTPError, HTTPException, ValueError):
        while len(prefix) < MAX_RESPONSE_BODY_BYTES and (
            chunk := response.read1(MAX_RESPONSE_BODY_BYTES - len(prefix))
        ):
            prefix += chunk
    return bytes(prefix).decode("utf-8", "replace").replace("\x00", "�")
