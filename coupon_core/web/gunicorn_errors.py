"""What gunicorn refuses before Flask sees it, said in JSON instead of HTML."""

import os
from typing import Any

from gunicorn import util

from coupon_core.json_encoding import json_bytes
from coupon_core.schemas.errors import Problem
from coupon_core.web.dialects import render_phoenix
from coupon_core.web.error_handlers import HTTP
from coupon_core.web.middleware import SAFE


def speak_json() -> None:
    """Let this process's gunicorn answer its own 400, 414, 431 and 501 in JSON.

    Called from gunicorn's configuration file. Which dialect was meant is not known
    at that point, for the request could not be read: the shape is Phoenix's.
    """
    util.write_error = _write_error


def _write_error(sock: Any, status: int, reason: str, _message: str) -> None:
    util.write_nonblock(sock, error_bytes(status, reason))


def error_bytes(status: int, reason: str) -> bytes:
    """The whole answer, as it goes over the wire; the connection ends with it."""
    code, text = HTTP.get(status) or (reason.upper().replace(" ", "_"), reason)
    request_id = os.urandom(12).hex()
    body = json_bytes(render_phoenix(Problem(status, code, text), request_id))
    headers = [
        f"HTTP/1.1 {status} {reason}",
        "Connection: close",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"X-Request-Id: {request_id}",
        *(f"{name}: {value}" for name, value in SAFE),
    ]
    return "\r\n".join([*headers, "", ""]).encode("latin-1") + body
