"""Send exact bytes to a server, and check the shape of every refusal."""

import json
import socket
from dataclasses import dataclass
from typing import Any

from werkzeug.test import TestResponse


@dataclass(frozen=True)
class RawResponse:
    """An HTTP response, read from a socket."""

    status: int
    headers: dict[str, str]
    data: bytes


def send(port: int, data: bytes, *, finish: bool = False) -> RawResponse:
    """Send exact bytes on a new connection and return one response.

    `finish` closes the sending side, so that the server sees the end of the input.
    """
    with socket.create_connection(("127.0.0.1", port), 60) as connection:
        connection.sendall(data)
        if finish:
            connection.shutdown(socket.SHUT_WR)
        return _read_response(connection.makefile("rb"))


def _read_response(stream: Any) -> RawResponse:
    status = int(stream.readline().split()[1])
    headers = {}
    while line := stream.readline().strip():
        name, _, value = line.decode("latin-1").partition(": ")
        headers[name.lower()] = value
    return RawResponse(
        status, headers, data=stream.read(int(headers["content-length"]))
    )


def get(port: int, path: bytes, *headers: bytes, method: bytes = b"GET") -> RawResponse:
    """Send a request without a body for an exact request target."""
    lines = [method + b" " + path + b" HTTP/1.1", b"Host: x", *headers]
    return send(port, b"\r\n".join([*lines, b"Connection: close", b"", b""]))


def check_refusal(
    answer: RawResponse | TestResponse, status: int, code: str
) -> dict[str, Any]:
    """Assert the format of a Phoenix error and return its body."""
    headers = {name.lower(): value for name, value in dict(answer.headers).items()}
    actual_status = getattr(answer, "status_code", None) or answer.status
    assert (actual_status, headers["content-type"]) == (status, "application/json")
    assert "location" not in headers
    assert headers["cache-control"] == "no-store"
    body: dict[str, Any] = json.loads(answer.data)
    assert body["code"] == code
    assert body["error"] == body["message"] != ""
    assert body["request_id"] == headers["x-request-id"]
    assert b"<" not in answer.data
    for detail in body.get("details", []):
        assert detail.keys() == {"message", "path", "target"}
    return body
