"""Read request bodies: size limits and content type checks."""

from typing import Any

from flask import Request, current_app
from werkzeug.http import parse_options_header

from coupon_core.schemas.errors import ApiError, ErrorDetail
from coupon_core.schemas.strict_json import parse_object
from coupon_core.web.body_admission import require_body
from coupon_core.web.responses import JSON_MEDIA_TYPE

BODY_ENVIRON_KEY = "coupon.body"
BODY_LIMITS_EXTENSION = "coupon.body_limits"
DEFAULT_BODY_LIMIT_BYTES = 65_536
_MAX_LENGTH_DIGITS = 18  # longer values exceed every limit and cost time to parse


def get_body_limit(request: Request) -> int:
    """Return the body limit in bytes of the route, or else of the app."""
    limits: dict[str | None, int] = current_app.extensions.get(
        BODY_LIMITS_EXTENSION, {}
    )
    return limits.get(request.endpoint) or limits.get(None, DEFAULT_BODY_LIMIT_BYTES)


def read_body(request: Request, limit: int | None = None) -> bytes:
    """Return the bytes of the body, which are read once and cached.

    A signature check and a view both get the same bytes. `limit` defaults to the limit
    of the route.

    Raises:
        ApiError: 413 above `limit` bytes; 400 if the body is incomplete.
    """
    environ = request.environ  # each access through Flask's proxy takes most of a µs
    cached: bytes | None = environ.get(BODY_ENVIRON_KEY)
    if cached is None:
        cached = environ[BODY_ENVIRON_KEY] = _read_measured(
            environ, limit or get_body_limit(request)
        )
    return cached


def read_object(
    request: Request, limit: int | None = None, alternative: str = ""
) -> dict[str, Any]:
    """Return the JSON object in the body; errors name an `alternative` to JSON.

    Raises:
        ApiError: 415 for another content type, 413 above the limit, 400 `BAD_JSON`.
    """
    environ = request.environ
    if _has_body(environ):
        _check_content_headers(environ, alternative)
    return parse_object(read_body(request, limit))


def read_optional_object(request: Request, limit: int | None = None) -> dict[str, Any]:
    """Return the JSON object in the body, or an empty one without a body."""
    data = read_body(request, limit)
    if not data:
        return {}
    _check_content_headers(request.environ)
    return parse_object(data)


def _read_measured(environ: dict[str, Any], limit: int) -> bytes:
    length = parse_content_length(environ, limit)
    if length is None:
        return _read_until_eof(environ, limit)
    require_body(environ, limit)
    data = read_input(environ, length)
    if len(data) < length:
        raise incomplete_body_error()
    return data


def parse_content_length(environ: dict[str, Any], limit: int) -> int | None:
    """Return the announced length, or None if there is none.

    Raises:
        ApiError: 400 if it is not a number; 413 if it is above `limit`.
    """
    length = environ.get("CONTENT_LENGTH")
    if not length:
        return None
    if not (length.isascii() and length.isdecimal()):
        text = "Invalid Content-Length: digits were expected"
        raise ApiError(400, "BAD_REQUEST", message=text)
    if len(length) > _MAX_LENGTH_DIGITS or int(length) > limit:
        raise body_too_large_error(limit)
    return int(length)


def _read_until_eof(environ: dict[str, Any], limit: int) -> bytes:
    # Without a length, reading is safe only if the server terminates the stream.
    # Werkzeug would silently truncate such a body at its limit, so read one byte more.
    if not environ.get("wsgi.input_terminated"):
        return b""
    require_body(environ, limit)
    data = read_input(environ, limit + 1)
    if len(data) > limit:
        raise body_too_large_error(limit)
    return data


def read_input(environ: dict[str, Any], max_bytes: int) -> bytes:
    """Return up to `max_bytes` bytes of the body.

    Raises:
        ApiError: 400 if the server cannot read the body.
    """
    try:
        return bytes(environ["wsgi.input"].read(max_bytes))
    except Exception as error:  # the class depends on the server
        text = "The body could not be read completely"
        raise ApiError(400, "BAD_REQUEST", message=text) from error


def incomplete_body_error() -> ApiError:
    """Return the 400 for a body that is shorter than announced."""
    text = "The body is shorter than its Content-Length"
    return ApiError(400, "BAD_REQUEST", message=text)


def body_too_large_error(limit: int) -> ApiError:
    """Return the 413, which states the limit."""
    text = f"Body too large: at most {limit} bytes were expected"
    detail = ErrorDetail(f"at most {limit} bytes were expected", "", target="body")
    return ApiError(413, "PAYLOAD_TOO_LARGE", message=text, details=(detail,))


def _has_body(environ: dict[str, Any]) -> bool:
    """Return True if a body is announced.

    A missing body is reported as missing instead of as having the wrong content type.
    """
    length = environ.get("CONTENT_LENGTH")
    return length != "0" if length else "HTTP_TRANSFER_ENCODING" in environ


def _check_content_headers(environ: dict[str, Any], alternative: str = "") -> None:
    """Refuse a body that is not declared as unencoded JSON in UTF-8."""
    content_type = environ.get("CONTENT_TYPE", "")
    if content_type != JSON_MEDIA_TYPE:
        media_type, options = parse_options_header(content_type)
        is_utf8 = options.get("charset", "utf-8").lower() in ("utf-8", "utf8")
        if not is_utf8 or not _is_json(media_type.lower()):
            raise _unsupported_media_error(
                "Content-Type", f"application/json in UTF-8{alternative}"
            )
    if environ.get("HTTP_CONTENT_ENCODING", "identity") != "identity":
        raise _unsupported_media_error("Content-Encoding", "no encoding")


def _is_json(media_type: str) -> bool:
    return media_type == JSON_MEDIA_TYPE or (
        media_type.startswith("application/") and media_type.endswith("+json")
    )


def _unsupported_media_error(header: str, expected: str) -> ApiError:
    text = f"{header}: {expected} was expected"
    detail = ErrorDetail(f"{expected} was expected", header, target="header")
    return ApiError(415, "UNSUPPORTED_MEDIA_TYPE", message=text, details=(detail,))
