"""The path as it was sent: what could be read in two ways never reaches a route."""

import re
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from coupon_core.schemas.errors import Detail, Problem

LONGEST_PATH = 2_048

# Characters that mean the same to everybody, no dot segment: nearly every request.
_PLAIN = re.compile(
    r"(?!//)(?:/(?!\.{1,2}(?:[/?]|\Z))[A-Za-z0-9._~!$&'()*+,;=:@-]*)+(?=\?|\Z)"
).match
_SAFE = "/!$&'()*+,;=:@"
_ORIGIN = re.compile(r"\A[A-Za-z][A-Za-z0-9+.-]*://[^/?]*")
_BAD_ESCAPE = re.compile("%(?![0-9A-Fa-f]{2})").search
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]").search
_DOTS = re.compile(r"/\.{1,2}(?:/|\Z)").search


def raw_path(environ: dict[str, Any]) -> str:
    """The path exactly as sent, still percent-encoded, without host and query.

    One character a byte (latin-1), as WSGI has it. For a server that does not tell,
    the decoded path is encoded again. A signature may be made over this form.
    """
    raw: str = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    if not raw:
        return quote(environ.get("PATH_INFO", "/"), _SAFE, "latin-1")
    return _ORIGIN.sub("", raw, count=1).partition("?")[0] or "/"


def check_path(environ: dict[str, Any]) -> None:
    """Refuse a path that has no single reading: 400 BAD_PATH, 414 if too long.

    Two slashes first are a 404, as two slashes are anywhere else.
    """
    raw = environ.get("RAW_URI")
    plain = _PLAIN(raw) if raw else None
    if plain is None or plain.end() > LONGEST_PATH:
        _check_closely(raw_path(environ))


def _check_closely(path: str) -> None:
    if len(path) > LONGEST_PATH:
        text = f"Path too long: at most {LONGEST_PATH} bytes were expected"
        raise Problem(414, "URI_TOO_LONG", text)
    if path.startswith("//"):  # Werkzeug would drop all but one and find a route
        raise Problem(404, "NOT_FOUND", "Not found")
    if not path.startswith("/") or "#" in path or "\\" in path:
        raise _bad("a path that begins with / and has no # or backslash")
    if _BAD_ESCAPE(path):
        raise _bad("two hexadecimal digits after every %")
    _check_decoded(unquote_to_bytes(path.encode("latin-1")), path.count("/"))


def _check_decoded(decoded: bytes, slashes: int) -> None:
    try:
        text = decoded.decode("utf-8")
    except UnicodeDecodeError:
        raise _bad("UTF-8") from None
    if text.count("/") != slashes or "\\" in text:
        raise _bad("no encoded slash or backslash")
    if _CONTROL(text):
        raise _bad("no control characters")
    if _DOTS(text):
        raise _bad("no . or .. as a segment")


def _bad(expected: str) -> Problem:
    detail = Detail(f"expected {expected}", "", "path")
    return Problem(400, "BAD_PATH", f"Invalid path: expected {expected}", (detail,))
