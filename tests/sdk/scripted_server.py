"""A server that answers each request as a test says, also wrongly."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

Act = Callable[[socket.socket], object]


@dataclass(frozen=True)
class Request:
    """A request that has arrived."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class ScriptedServer:
    """A server whose `acts` answer one request each; the last one is repeated."""

    acts: list[Act]
    listener: socket.socket
    context: ssl.SSLContext | None = None
    received: list[Request] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Return the URL of the server."""
        scheme = "https" if self.context else "http"
        return f"{scheme}://127.0.0.1:{self.listener.getsockname()[1]}"

    def serve(self) -> None:
        """Answer one connection after the other, until the listener is closed."""
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection, suppress(OSError, ValueError):  # the client has given up
                self._serve_connection(connection)

    def _serve_connection(self, connection: socket.socket) -> None:
        if self.context:
            connection = self.context.wrap_socket(connection, server_side=True)
        with connection:
            self.received.append(read_request(connection))
            act = self.acts.pop(0) if len(self.acts) > 1 else self.acts[0]
            act(connection)


def read_request(connection: socket.socket) -> Request:
    """Read a request with a length, or in chunks."""
    file = connection.makefile("rb")
    method, target, _ = file.readline().decode().split(" ")
    headers = {}
    while line := file.readline().strip().decode():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = file.read(int(headers.get("content-length", 0)))
    if headers.get("transfer-encoding") == "chunked":
        while size := int(file.readline(), 16):
            body += file.read(size)
            file.readline()
        file.readline()
    return Request(method, target, headers, body)


def answer(status: int, body: Any = None, **headers: str) -> Act:
    """Answer with JSON, or with text as it is."""
    content = body if isinstance(body, str) else json.dumps(body)
    lines = [f"HTTP/1.1 {status} Status", f"Content-Length: {len(content.encode())}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    data = "\r\n".join([*lines, "Connection: close", "", content]).encode()
    return lambda connection: connection.sendall(data)


def refuse(status: int, code: str, **headers: str) -> Act:
    """Answer with an error document."""
    document = {"error": "No", "message": "No", "code": code, "request_id": "r1"}
    return answer(status, document, **headers)


def cut(_: socket.socket) -> None:
    """Close the connection without an answer."""


def cut_in_the_middle(connection: socket.socket) -> None:
    """Close the connection before the announced end of the body."""
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"id": "')


def stay_silent(connection: socket.socket) -> None:
    """Wait until the client has given up."""
    connection.recv(1)


@contextmanager
def scripted_server(
    *acts: Act, context: ssl.SSLContext | None = None
) -> Iterator[ScriptedServer]:
    """Run a server while the block runs."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = ScriptedServer(list(acts), listener, context)
        thread = Thread(target=server.serve, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
    thread.join(60)
