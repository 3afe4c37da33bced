"""Request bodies: how much of one is read, and what it must be labelled as."""

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
_MAX_LENGTH_DIGITS = 18  # digits; more need not be turned into a number


def get_body_limit(request: Request) -> int:
    """The most bytes this route reads: its own limit, or the app's."""
    limits: dict[str | None, int] = current_app.extensions.get(
        BODY_LIMITS_EXTENSION, {}
    )
    return limits.get(request.endpoint) or limits.get(None, DEFAULT_BODY_LIMIT_BYTES)


def read_body(request: Request, limit: int | None = None) -> bytes:
    """The exact bytes sent, read once and kept; 413 above `limit` bytes.

    A signature check and a view may both ask: they get the same bytes. `limit` is
    the route's own unless given.
    """
    environ = request.environ  # through Flask's proxy a look costs most of a µs
    cached: bytes | None = environ.get(BODY_ENVIRON_KEY)
    if cached is None:
        cached = environ[BODY_ENVIRON_KEY] = _read_measured(
            environ, limit or get_body_limit(request)
        )
    return cached


def read_object(request: Request, limit: int | None = None) -> dict[str, Any]:
    """The JSON object in the body: 415, 413 or 400 if there is none (LIMITS 5)."""
    environ = request.environ
    if _has_body(environ):
        _check_content_headers(environ)
    return parse_object(read_body(request, limit))


def read_optional_object(request: Request, limit: int | None = None) -> dict[str, Any]:
    """As `read_object`, but no body at all counts as an empty object."""
    data = read_body(request, limit)
    if not data:
        return {}
    _check_content_headers(request.environ)
    return parse_object(data)


def _read_measured(environ: dict[str, Any], limit: int) -> bytes:
    length = environ.get("CONTENT_LENGTH")
    if not length:
        return _read_until_eof(environ, limit)
    if not (length.isascii() and length.isdecimal()):
        raise ApiError(400, "BAD_REQUEST", "Content-Length: digits were expected")
    if len(length) > _MAX_LENGTH_DIGITS or int(length) > limit:
        raise body_too_large_error(limit)
    require_body(environ, limit)
    data = _read_input(environ, int(length))
    if len(data) < int(length):
        raise ApiError(400, "BAD_REQUEST", "The body ended before its Content-Length")
    return data


def _read_until_eof(environ: dict[str, Any], limit: int) -> bytes:
    # Without a length only a server that ends the stream itself can be read from.
    # Werkzeug's own limit cuts such a body short in silence: read one byte more.
    if not environ.get("wsgi.input_terminated"):
        return b""
    require_body(environ, limit)
    data = _read_input(environ, limit + 1)
    if len(data) > limit:
        raise body_too_large_error(limit)
    return data


def _read_input(environ: dict[str, Any], max_bytes: int) -> bytes:
    try:
        return bytes(environ["wsgi.input"].read(max_bytes))
    except Exception as error:  # each server has its own for a chunk that is none
        text = "The body could not be read to its end"
        raise ApiError(400, "BAD_REQUEST", text) from error


def body_too_large_error(limit: int) -> ApiError:
    """The 413, which says how much would have been read."""
    text = f"Body too large: at most {limit} bytes were expected"
    detail = ErrorDetail(f"at most {limit} bytes were expected", "", "body")
    return ApiError(413, "PAYLOAD_TOO_LARGE", text, (detail,))


def _has_body(environ: dict[str, Any]) -> bool:
    """Whether a body is announced: a missing one is told as that, not by its label."""
    length = environ.get("CONTENT_LENGTH")
    return length != "0" if length else "HTTP_TRANSFER_ENCODING" in environ


def _check_content_headers(environ: dict[str, Any]) -> None:
    """Refuse a body that is not labelled as plain JSON in UTF-8."""
    content_type = environ.get("CONTENT_TYPE", "")
    if content_type != JSON_MEDIA_TYPE:
        media_type, options = parse_options_header(content_type)
        is_utf8 = options.get("charset", "utf-8").lower() in ("utf-8", "utf8")
        if not is_utf8 or not _is_json(media_type.lower()):
            raise _unsupported_media_error("Content-Type", "application/json in UTF-8")
    if environ.get("HTTP_CONTENT_ENCODING", "identity") != "identity":
        raise _unsupported_media_error("Content-Encoding", "no encoding")


def _is_json(media_type: str) -> bool:
    return media_type == JSON_MEDIA_TYPE or (
        media_type.startswith("application/") and media_type.endswith("+json")
    )


def _unsupported_media_error(header: str, expected: str) -> ApiError:
    text = f"{header}: {expected} was expected"
    detail = ErrorDetail(f"{expected} was expected", header, "header")
    return ApiError(415, "UNSUPPORTED_MEDIA_TYPE", text, (detail,))
