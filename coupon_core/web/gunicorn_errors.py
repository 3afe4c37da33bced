"""What gunicorn refuses before Flask sees it, said in JSON instead of HTML."""

import os
from typing import Any

from gunicorn import util

from coupon_core.json_encoding import encode_json
from coupon_core.schemas.errors import ApiError
from coupon_core.web.dialects import render_phoenix_error
from coupon_core.web.error_handlers import HTTP_ERRORS
from coupon_core.web.middleware import SECURITY_HEADERS


def install_json_errors() -> None:
    """Let this process's gunicorn answer its own 400, 414, 431 and 501 in JSON.

    Called from gunicorn's configuration file. Which dialect was meant is not known
    at that point, for the request could not be read: the shape is Phoenix's.
    """
    util.write_error = _write_error


def _write_error(sock: Any, status: int, reason: str, _message: str) -> None:
    util.write_nonblock(sock, serialize_error_response(status, reason))


def serialize_error_response(status: int, reason: str) -> bytes:
    """The whole answer, as it goes over the wire; the connection ends with it."""
    code, text = HTTP_ERRORS.get(status) or (reason.upper().replace(" ", "_"), reason)
    request_id = os.urandom(12).hex()
    body = encode_json(render_phoenix_error(ApiError(status, code, text), request_id))
    headers = [
        f"HTTP/1.1 {status} {reason}",
        "Connection: close",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"X-Request-Id: {request_id}",
        *(f"{name}: {value}" for name, value in SECURITY_HEADERS),
    ]
    return "\r\n".join([*headers, "", ""]).encode("latin-1") + body
