"""Many HTTP requests at one moment: all but the last byte is sent in advance."""

from __future__ import annotations

import http.client
import json
import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from coupon_core.persistence import database
from tests.support.servers.gunicorn import Gateway

RESPONSE_TIMEOUT_SECONDS = 60.0  # for the slowest answer


@dataclass(frozen=True)
class TimedResponse:
    """The answer on one connection."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float  # from the last byte of the request to the first of the answer

    @property
    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


def build_request(
    method: str, path: str, headers: Mapping[str, str], body: bytes = b""
) -> bytes:
    """Return the bytes of a request."""
    all_headers = {
        "Host": "gateway",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        **headers,
    }
    lines = [
        f"{method} {path} HTTP/1.1",
        *(f"{k}: {v}" for k, v in all_headers.items()),
    ]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def send_simultaneously(
    gateway: Gateway, requests: Sequence[bytes]
) -> list[TimedResponse]:
    """Send the last bytes of all requests within about a millisecond.

    What SQLite was too busy for is sent again, as clients do: on a slow machine not all
    writers get their turn in time.
    """
    answers = _send_together(gateway, requests)
    deadline = time.monotonic() + RESPONSE_TIMEOUT_SECONDS
    while time.monotonic() < deadline and (busy := _list_busy(answers)):
        again = _send_together(gateway, [requests[index] for index in busy])
        for index, answer in zip(busy, again, strict=True):
            answers[index] = answer
    return answers


def _list_busy(answers: Sequence[TimedResponse]) -> list[int]:
    """Return the indices of the answers that tell a client to try again."""
    busy = [index for index, answer in enumerate(answers) if answer.status == 503]
    return [] if busy and database.is_postgresql() else busy


def _send_together(gateway: Gateway, requests: Sequence[bytes]) -> list[TimedResponse]:
    with ExitStack() as stack:
        connections = [stack.enter_context(_open_connection(gateway)) for _ in requests]
        for connection, request in zip(connections, requests, strict=True):
            connection.sendall(request[:-1])
        if len(requests) > 1:
            time.sleep(0.2)  # until all but the last bytes are read
        sent_at = []
        for connection, request in zip(connections, requests, strict=True):
            sent_at.append(time.monotonic())
            connection.sendall(request[-1:])
        arrived_at = _await_responses(connections)
        return [
            _read_response(connection, arrived_at[connection] - sent)
            for connection, sent in zip(connections, sent_at, strict=True)
        ]


def _await_responses(connections: Iterable[socket.socket]) -> dict[Any, float]:
    """Record when each answer begins to arrive."""
    found = {}
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(RESPONSE_TIMEOUT_SECONDS)
            if not ready:
                raise TimeoutError(f"{len(selector.get_map())} were not answered")
            for key, _ in ready:
                found[key.fileobj] = time.monotonic()
                selector.unregister(key.fileobj)
    return found


def _open_connection(gateway: Gateway) -> socket.socket:
    connection = socket.create_connection(
        (gateway.host, gateway.port), RESPONSE_TIMEOUT_SECONDS
    )
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _read_response(connection: socket.socket, seconds: float) -> TimedResponse:
    # Do not wait for the server to close: gunicorn's gthread worker blocks for up
    # to two seconds for each client that lets the server close first.
    with connection, http.client.HTTPResponse(connection) as response:
        response.begin()
        headers = dict(response.headers)
        return TimedResponse(response.status, headers, response.read(), seconds)


def count_statuses(answers: Iterable[TimedResponse]) -> Counter[int]:
    """Return the number of answers by status."""
    return Counter(answer.status for answer in answers)
