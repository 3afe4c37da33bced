"""Request bodies: how much of one is read, and what it must be labelled as."""

from typing import Any

from flask import Request, current_app
from werkzeug.http import parse_options_header

from .problems import Detail, Problem
from .strict_json import parse_object

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
    kept: bytes | None = request.environ.get(BODY)
    if kept is None:
        kept = _read(request.environ, limit or body_limit(request))
        request.environ[BODY] = kept
    return kept


def read_object(request: Request, limit: int | None = None) -> dict[str, Any]:
    """The JSON object in the body: 415, 413 or 400 if there is none (LIMITS 5)."""
    environ = request.environ
    if environ.get("CONTENT_TYPE") != "application/json":
        _check_label(request)
    if environ.get("HTTP_CONTENT_ENCODING", "identity") != "identity":
        raise _unsupported("Content-Encoding", "no encoding")
    return parse_object(read_body(request, limit))


def read_optional_object(request: Request, limit: int | None = None) -> dict[str, Any]:
    """As `read_object`, but no body at all counts as an empty object."""
    return read_object(request, limit) if read_body(request, limit) else {}


def _read(environ: dict[str, Any], limit: int) -> bytes:
    length = environ.get("CONTENT_LENGTH")
    if not length:
        return _read_unmeasured(environ, limit)
    if not (length.isascii() and length.isdecimal()):
        raise Problem(400, "BAD_REQUEST", "Content-Length: digits were expected")
    if len(length) > _LONGEST_LENGTH or int(length) > limit:
        raise too_large(limit)
    data: bytes = environ["wsgi.input"].read(int(length))
    if len(data) < int(length):
        raise Problem(400, "BAD_REQUEST", "The body ended before its Content-Length")
    return data


def _read_unmeasured(environ: dict[str, Any], limit: int) -> bytes:
    # Without a length only a server that ends the stream itself can be read from.
    # Werkzeug's own limit cuts such a body short in silence: read one byte more.
    if not environ.get("wsgi.input_terminated"):
        return b""
    data: bytes = environ["wsgi.input"].read(limit + 1)
    if len(data) > limit:
        raise too_large(limit)
    return data


def too_large(limit: int) -> Problem:
    """The 413, which says how much would have been read."""
    text = f"Body too large: at most {limit} bytes were expected"
    detail = Detail(f"at most {limit} bytes were expected", "", "body")
    return Problem(413, "PAYLOAD_TOO_LARGE", text, (detail,))


def _check_label(request: Request) -> None:
    """Refuse a label that is not JSON in UTF-8; no body at all is told elsewhere."""
    label = request.environ.get("CONTENT_TYPE", "")
    if not label and not read_body(request):
        return
    kind, options = parse_options_header(label)
    utf8 = options.get("charset", "utf-8").lower() in ("utf-8", "utf8")
    if not utf8 or not _is_json(kind):
        raise _unsupported("Content-Type", "application/json in UTF-8")


def _is_json(kind: str) -> bool:
    return kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )


def _unsupported(header: str, expected: str) -> Problem:
    text = f"{header}: {expected} was expected"
    detail = Detail(f"{expected} was expected", header, "header")
    return Problem(415, "UNSUPPORTED_MEDIA_TYPE", text, (detail,))
