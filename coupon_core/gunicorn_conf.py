"""How gunicorn runs a gateway: `gunicorn -c python:coupon_core.gunicorn_conf`.

gunicorn reads the names below; where to listen is said with `--bind`.
"""

import json
import socket
from typing import Any

from gunicorn import util

from coupon_core import config

_settings = config.load()

worker_class = "gthread"
workers = _settings.gateway_workers
threads = _settings.gateway_threads
worker_connections = 1_000
# Each worker makes the app, and with it its connections, after the fork: nothing
# that is open may be shared.
preload_app = False

timeout = 30  # seconds without a sign of life after which a worker is replaced
# A request is answered within five seconds, so that after SIGTERM this is plenty.
graceful_timeout = 10
keepalive = 15

# Longest: tenant, user and code, each character percent-encoded as four bytes.
limit_request_line = 4_094
limit_request_fields = 64
limit_request_field_size = 8_190

accesslog = None
errorlog = "-"
loglevel = _settings.log_level
control_socket_disable = True

CODES = {
    400: "BAD_REQUEST",
    403: "ACCESS_DENIED",
    414: "URI_TOO_LONG",
    417: "EXPECTATION_FAILED",
    431: "HEADERS_TOO_LARGE",
    501: "NOT_IMPLEMENTED",
}


def post_worker_init(worker: Any) -> None:
    """Let gunicorn's own refusals, of what never reaches the app, be JSON as well."""
    util.write_error = write_json_error


def write_json_error(
    connection: socket.socket, status: int, reason: str, message: str
) -> None:
    """Answer a request that could not be read (CONTRACTS 0.2 and 0.3)."""
    code = CODES.get(status, "INTERNAL_ERROR")
    text = reason if status >= 500 else (message or reason)
    body = json.dumps({"error": text, "message": text, "code": code}).encode()
    head = (
        f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    util.write_nonblock(connection, head.encode("latin-1") + body)
