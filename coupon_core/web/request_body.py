"""Request bodies: how much of one is read, and what it must be labelled as."""

from typing import Any

from flask import Request, current_app
from werkzeug.http import parse_options_header

from coupon_core.schemas.errors import Detail, Problem
from coupon_core.schemas.strict_json import parse_object
from coupon_core.web.responses import JSON

BODY = "coupon.body"
LIMITS = "coupon.body_limits"
DEFAULT_LIMIT = 65_536
_LONGEST_LENGTH = 18  # digits; more need not be turned into a number


def body_limit(request: Request) -> int:
    """The most bytes this route reads: its own limit, or the app's."""
    limits: dict[str | None, int] = current_app.extensions.get(LIMITS, {})
    return limits.get(request.endpoint) or limits.get(None, DEFAULT_LIMIT)


def read_body(request: Request, limit: int | None = None) -> bytes:
    """The exact bytes sent, read once and kept; 413 above `limit` bytes.

    A signature check and a view may both ask: they get the same bytes. `limit` is
    the route's own unless given.
    """
    environ = request.environ  # through Flask's proxy a look costs most of a µs
    kept: bytes | None = environ.get(BODY)
    if kept is None:
        kept = environ[BODY] = _read(environ, limit or body_limit(request))
    return kept


def read_object(request: Request, limit: int | None = None) -> dict[str, Any]:
    """The JSON object in the body: 415, 413 or 400 if there is none (LIMITS 5)."""
    environ = request.environ
    if _has_body(environ):
        _check_labels(environ)
    return parse_object(read_body(request, limit))


def read_optional_object(request: Request, limit: int | None = None) -> dict[str, Any]:
    """As `read_object`, but no body at all counts as an empty object."""
    data = read_body(request, limit)
    if not data:
        return {}
    _check_labels(request.environ)
    return parse_object(data)


def _read(environ: dict[str, Any], limit: int) -> bytes:
    length = environ.get("CONTENT_LENGTH")
    if not length:
        return _read_unmeasured(environ, limit)
    if not (length.isascii() and length.isdecimal()):
        raise Problem(400, "BAD_REQUEST", "Content-Length: digits were expected")
    if len(length) > _LONGEST_LENGTH or int(length) > limit:
        raise too_large(limit)
    data = _taken(environ, int(length))
    if len(data) < int(length):
        raise Problem(400, "BAD_REQUEST", "The body ended before its Content-Length")
    return data


def _read_unmeasured(environ: dict[str, Any], limit: int) -> bytes:
    # Without a length only a server that ends the stream itself can be read from.
    # Werkzeug's own limit cuts such a body short in silence: read one byte more.
    if not environ.get("wsgi.input_terminated"):
        return b""
    data = _taken(environ, limit + 1)
    if len(data) > limit:
        raise too_large(limit)
    return data


def _taken(environ: dict[str, Any], most: int) -> bytes:
    try:
        return bytes(environ["wsgi.input"].read(most))
    except Exception as error:  # each server has its own for a chunk that is none
        text = "The body could not be read to its end"
        raise Problem(400, "BAD_REQUEST", text) from error


def too_large(limit: int) -> Problem:
    """The 413, which says how much would have been read."""
    text = f"Body too large: at most {limit} bytes were expected"
    detail = Detail(f"at most {limit} bytes were expected", "", "body")
    return Problem(413, "PAYLOAD_TOO_LARGE", text, (detail,))


def _has_body(environ: dict[str, Any]) -> bool:
    """Whether a body is announced: a missing one is told as that, not by its label."""
    length = environ.get("CONTENT_LENGTH")
    return length != "0" if length else "HTTP_TRANSFER_ENCODING" in environ


def _check_labels(environ: dict[str, Any]) -> None:
    """Refuse a body that is not labelled as plain JSON in UTF-8."""
    label = environ.get("CONTENT_TYPE", "")
    if label != JSON:
        kind, options = parse_options_header(label)
        utf8 = options.get("charset", "utf-8").lower() in ("utf-8", "utf8")
        if not utf8 or not _is_json(kind.lower()):
            raise _unsupported("Content-Type", "application/json in UTF-8")
    if environ.get("HTTP_CONTENT_ENCODING", "identity") != "identity":
        raise _unsupported("Content-Encoding", "no encoding")


def _is_json(kind: str) -> bool:
    return kind == JSON or (kind.startswith("application/") and kind.endswith("+json"))


def _unsupported(header: str, expected: str) -> Problem:
    text = f"{header}: {expected} was expected"
    detail = Detail(f"{expected} was expected", header, "header")
    return Problem(415, "UNSUPPORTED_MEDIA_TYPE", text, (detail,))
