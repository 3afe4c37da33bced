"""Webhook receivers: real HTTP servers with configurable answers."""

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

from coupon_core.services.webhooks import url_policy

LOOPBACK_NETWORKS = ("127.0.0.0/8",)
NEVER_RESPONDS = 0  # instead of a status: never answers


@dataclass(frozen=True)
class ReceivedRequest:
    """A received request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


@dataclass
class WebhookReceiver:
    """A receiver that answers with `statuses` one by one, then with 200."""

    server: ThreadingHTTPServer
    received: list[ReceivedRequest] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    delay_seconds: float = 0.0  # before it answers
    drips_headers: bool = False  # sends a header byte by byte without end
    response_body: bytes = b"thanks"
    headers: dict[str, str] = field(default_factory=dict)
    closed: Event = field(default_factory=Event)

    @property
    def port(self) -> int:
        """Return the port of the server."""
        return self.server.server_address[1]

    @property
    def url(self) -> str:
        """Return the URL of the webhook."""
        scheme = "https" if hasattr(self.server.socket, "context") else "http"
        return f"{scheme}://{self.server.server_address[0]}:{self.port}/hook"

    def list_events(self) -> list[Any]:
        """Return all events of all PlayCamp batches that were accepted."""
        return [event for got in self.received for event in got.json["events"]]


class WebhookHandler(BaseHTTPRequestHandler):
    """Record requests in the receiver, and answer as it is configured."""

    receiver: WebhookReceiver

    def do_POST(self) -> None:
        """Record the request, and answer as configured."""
        receiver = self.receiver
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = receiver.statuses.pop(0) if receiver.statuses else 200
        if status == NEVER_RESPONDS:
            receiver.closed.wait(60)
            return None
        receiver.closed.wait(receiver.delay_seconds)
        if receiver.drips_headers:
            return self.drip_headers()
        if 200 <= status < 300:
            receiver.received.append(
                ReceivedRequest(self.path, dict(self.headers), body)
            )
        self.send_response(status)
        for name, value in receiver.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(receiver.response_body)))
        self.end_headers()
        self.wfile.write(receiver.response_body)

    do_GET = do_POST  # noqa: N815 - http.server looks for this name

    def drip_headers(self) -> None:
        """Send a header byte by byte until the receiver is closed."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not self.receiver.closed.wait(0.05):
            self.wfile.write(b"x")

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


class QuietServer(ThreadingHTTPServer):
    """A server that does not report broken connections."""

    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Ignore errors, because tests break connections on purpose."""


@contextmanager
def running_receiver(
    host: str = "127.0.0.1", port: int = 0, tls: Any = None
) -> Iterator[Any]:
    """Run a receiver while the block runs; `tls` is an SSLContext."""
    handler = type("Its", (WebhookHandler,), {})
    server = QuietServer((host, port), handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    receiver = handler.receiver = WebhookReceiver(server)
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.closed.set()
        server.shutdown()
        server.server_close()
        thread.join(60)


@contextmanager
def allowed_receiver() -> Iterator[Any]:
    """Run a receiver to which this process may send while the block runs."""
    url_policy.allow_networks(LOOPBACK_NETWORKS)
    with running_receiver() as receiver:
        yield receiver
    url_policy.allow_networks(())


def verify_request(signature_form: str, secret: str, received: ReceivedRequest) -> Any:
    """Verify the signature as a receiver would; return the request's content."""
    return {"standard": verify_standard, "playcamp": verify_playcamp}.get(
        signature_form, verify_timestamped
    )(secret, received)


def verify_standard(secret: str, received: ReceivedRequest) -> Any:
    """Verify a Standard Webhooks signature."""
    return StandardWebhook(secret).verify(received.body, received.headers)


def verify_playcamp(secret: str, received: ReceivedRequest) -> Any:
    """Verify a PlayCamp signature."""
    assert received.headers["X-Webhook-Signature"] == compute_hex_hmac(
        secret, received.body
    )
    return check_batch_headers(received)


def verify_timestamped(secret: str, received: ReceivedRequest) -> Any:
    """Verify a signature with a timestamp."""
    pairs = received.headers["X-Webhook-Signature"].split(",")
    parts = dict(pair.split("=", 1) for pair in pairs)
    assert -5 <= time.time() - int(parts["t"]) <= 300
    assert parts["v1"] == compute_hex_hmac(
        secret, parts["t"].encode() + b"." + received.body
    )
    return check_batch_headers(received)


def compute_hex_hmac(secret: str, signed: bytes) -> str:
    """Return the HMAC-SHA256 in hexadecimal."""
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def check_batch_headers(received: ReceivedRequest) -> Any:
    """Check the headers of a batch; return its body."""
    assert received.headers["X-Webhook-Batch"] == "true"
    assert received.headers["X-Webhook-Count"] == str(len(received.json["events"]))
    return received.json
