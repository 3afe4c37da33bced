"""JSON answers for what the server refuses before the application sees it."""

import os
from http import HTTPStatus

from coupon_core.json_encoding import encode_json
from coupon_core.schemas.errors import ApiError
from coupon_core.web.dialects import render_phoenix_error
from coupon_core.web.error_handlers import HTTP_ERRORS
from coupon_core.web.middleware import SECURITY_HEADERS

_KNOWN_METHODS = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"
_REASONS = {413: "Content Too Large", 414: "URI Too Long"}


def serialize_error_response(
    status: int, reason: str = "", *, retry_after: int | None = None
) -> bytes:
    """Return a whole error response; the connection ends with it.

    The dialect of a request that cannot be read is not known: the shape is Phoenix's.
    """
    reason = reason or _REASONS.get(status) or HTTPStatus(status).phrase
    code, text = HTTP_ERRORS.get(status) or (reason.upper().replace(" ", "_"), reason)
    request_id = os.urandom(12).hex()
    body = encode_json(render_phoenix_error(ApiError(status, code, text), request_id))
    extra: dict[str, object] = {"Retry-After": retry_after} if retry_after else {}
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        extra["Allow"] = _KNOWN_METHODS
    headers = [
        f"HTTP/1.1 {status} {reason}",
        "Connection: close",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        f"X-Request-Id: {request_id}",
        *(f"{name}: {value}" for name, value in extra.items()),
        *(f"{name}: {value}" for name, value in SECURITY_HEADERS),
    ]
    return "\r\n".join([*headers, "", ""]).encode("latin-1") + body
