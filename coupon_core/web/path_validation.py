"""Validate the raw request path: ambiguous paths never reach a route."""

import re
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from coupon_core.domain.pasted_text import clean_pasted_code
from coupon_core.schemas.errors import ApiError, ErrorDetail

MAX_PATH_BYTES = 2_048
# The last argument of routes that end with a code.
CODE_ARGUMENT = "code"

# Path characters of RFC 3986 without escapes and dot segments. Nearly every request
# matches, so that the slower checks are rare.
_match_plain_path = re.compile(
    r"(?!//)(?:/(?!\.{1,2}(?:[/?]|\Z))[A-Za-z0-9._~!$&'()*+,;=:@-]*)+(?=\?|\Z)"
).match
_UNQUOTED_CHARACTERS = "/!$&'()*+,;=:@"
_ORIGIN_PATTERN = re.compile(r"\A[A-Za-z][A-Za-z0-9+.-]*://[^/?]*")
_find_bad_escape = re.compile("%(?![0-9A-Fa-f]{2})").search
_find_control_character = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]").search
_find_dot_segment = re.compile(r"/\.{1,2}(?:/|\Z)").search


def get_raw_path(environ: dict[str, Any]) -> str:
    """Return the path as sent, percent-encoded, without host and query.

    One character is one byte (latin-1), as in WSGI. If the server does not provide the
    raw path, the decoded path is encoded again. A signature may cover this form.
    """
    raw: str = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
    if not raw:
        return quote(
            environ.get("PATH_INFO", "/"), _UNQUOTED_CHARACTERS, encoding="latin-1"
        )
    return _ORIGIN_PATTERN.sub("", raw, count=1).partition("?")[0] or "/"


def has_control_character(text: str) -> bool:
    """Return True if a text contains a control character or a Unicode line end."""
    return _find_control_character(text) is not None


def check_path(environ: dict[str, Any], code: str = "") -> None:
    """Refuse a path that can be interpreted in two ways.

    `code` is the last segment of a route that ends with a code, decoded. There, and
    only there, the line ends that people paste around a code are allowed.

    Raises:
        ApiError: 400 `BAD_PATH`; 414 if the path is too long; 404 if it starts with two
            slashes, as for two slashes anywhere else.
    """
    raw = environ.get("RAW_URI")
    plain_match = _match_plain_path(raw) if raw else None
    if plain_match is None or plain_match.end() > MAX_PATH_BYTES:
        _check_unusual_path(get_raw_path(environ), code)


def _check_unusual_path(path: str, code: str) -> None:
    if len(path) > MAX_PATH_BYTES:
        text = f"Path too long: at most {MAX_PATH_BYTES} bytes were expected"
        raise ApiError(414, "URI_TOO_LONG", message=text)
    if path.startswith("//"):  # Werkzeug would strip slashes and find a route
        raise ApiError(404, "NOT_FOUND", message="Not found")
    if not path.startswith("/") or "#" in path or "\\" in path:
        raise _bad_path_error("a path that begins with / and has no # or backslash")
    if _find_bad_escape(path):
        raise _bad_path_error("two hexadecimal digits after every %")
    _check_decoded(unquote_to_bytes(path.encode("latin-1")), path.count("/"), code)


def _check_decoded(decoded: bytes, slash_count: int, code: str) -> None:
    try:
        text = decoded.decode("utf-8")
    except UnicodeDecodeError:
        raise _bad_path_error("UTF-8") from None
    if text.count("/") != slash_count or "\\" in text:
        raise _bad_path_error("no encoded slash or backslash; no ID contains one")
    if code and text.endswith(f"/{code}"):
        text = text.removesuffix(code) + clean_pasted_code(code)
    if has_control_character(text):
        raise _bad_path_error("no control characters")
    if _find_dot_segment(text):
        raise _bad_path_error("no . or .. as a segment")


def _bad_path_error(expected: str) -> ApiError:
    detail = ErrorDetail(f"expected {expected}", "", target="path")
    return ApiError(
        400, "BAD_PATH", message=f"Invalid path: expected {expected}", details=(detail,)
    )
