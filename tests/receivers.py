"""Receivers of webhooks: real HTTP servers that answer as they are told."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any

from standardwebhooks import Webhook as StandardWebhook

LOOPBACK = ("127.0.0.0/8",)
HANGS = 0  # instead of a status: it never answers


@dataclass(frozen=True)
class Got:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    """What has arrived, and what is answered: `statuses` one by one, then 200."""

    server: ThreadingHTTPServer
    got: list[Got] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    seconds: float = 0.0  # before it answers
    drips: bool = False  # a byte of a header now and then, for ever
    answer: bytes = b"thanks"
    headers: dict[str, str] = field(default_factory=dict)
    over: Event = field(default_factory=Event)

    @property
    def port(self) -> int:
        return self.server.server_address[1]

    @property
    def url(self) -> str:
        scheme = "https" if hasattr(self.server.socket, "context") else "http"
        return f"{scheme}://{self.server.server_address[0]}:{self.port}/hook"

    def events(self) -> list[Any]:
        """All events of all of PlayCamp's batches that were answered well."""
        return [event for got in self.got for event in got.json["events"]]


class Handler(BaseHTTPRequestHandler):
    """Tells the receiver, and answers as it says."""

    receiver: Receiver

    def do_POST(self) -> None:
        one = self.receiver
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = one.statuses.pop(0) if one.statuses else 200
        if status == HANGS:
            one.over.wait(60)
            return None
        one.over.wait(one.seconds)
        if one.drips:
            return self.drip()
        if 200 <= status < 300:
            one.got.append(Got(self.path, dict(self.headers), body))
        self.send_response(status)
        for name, value in one.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(one.answer)))
        self.end_headers()
        self.wfile.write(one.answer)

    do_GET = do_POST

    def drip(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not self.receiver.over.wait(0.05):
            self.wfile.write(b"x")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class QuietServer(ThreadingHTTPServer):
    """Says nothing of connections that were cut."""

    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """They are cut on purpose."""


@contextmanager
def receiving(host: str = "127.0.0.1", port: int = 0, tls: Any = None) -> Iterator[Any]:
    """A receiver that is there for the block; `tls` is an SSLContext."""
    handler = type("Its", (Handler,), {})
    server = QuietServer((host, port), handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver = handler.receiver = Receiver(server)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.over.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def verify(form: str, secret: str, got: Got) -> Any:
    """What a request says, if its signature is good, as its receiver would check it."""
    return {"standard": standard, "playcamp": plain}.get(form, timed)(secret, got)


def standard(secret: str, got: Got) -> Any:
    return StandardWebhook(secret).verify(got.body, got.headers)


def plain(secret: str, got: Got) -> Any:
    assert got.headers["X-Webhook-Signature"] == hexed(secret, got.body)
    return counted(got)


def timed(secret: str, got: Got) -> Any:
    pairs = got.headers["X-Webhook-Signature"].split(",")
    parts = dict(pair.split("=", 1) for pair in pairs)
    assert -5 <= time.time() - int(parts["t"]) <= 300
    assert parts["v1"] == hexed(secret, parts["t"].encode() + b"." + got.body)
    return counted(got)


def hexed(secret: str, signed: bytes) -> str:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def counted(got: Got) -> Any:
    assert got.headers["X-Webhook-Batch"] == "true"
    assert got.headers["X-Webhook-Count"] == str(len(got.json["events"]))
    return got.json
