"""The query string read to the letter: no name twice, nothing undecodable."""

import re
from collections.abc import Collection
from typing import Any
from urllib.parse import unquote_to_bytes

from coupon_core.schemas.errors import (
    Detail,
    Problem,
    invalid,
    shown,
)

LONGEST_QUERY = 4_096
_BAD_ESCAPE = re.compile("%(?![0-9A-Fa-f]{2})").search
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]").search


def strict_query(environ: dict[str, Any], known: Collection[str]) -> dict[str, str]:
    """The `known` parameters that were sent, decoded; others are ignored.

    A known parameter sent twice, a bad escape, bad UTF-8 or a control character
    anywhere is a 400; more than 4,096 bytes a 414 (LIMITS 5).
    """
    raw: str = environ.get("QUERY_STRING", "")
    if not raw:
        return {}
    if len(raw) > LONGEST_QUERY:
        text = f"Query too long: at most {LONGEST_QUERY} bytes were expected"
        raise Problem(414, "URI_TOO_LONG", text)
    return _collected(raw, known)


def _collected(raw: str, known: Collection[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in filter(None, raw.split("&")):
        name, value = (_decoded(part) for part in _halves(pair))
        if name in found:
            raise invalid([Detail("expected once, not repeated", name, "query")])
        if name in known:
            found[name] = value
    return found


def _halves(pair: str) -> tuple[str, str]:
    name, _, value = pair.partition("=")
    return name, value


def _decoded(part: str) -> str:
    if _BAD_ESCAPE(part):
        raise _bad("two hexadecimal digits after every %", part)
    try:
        raw = part.replace("+", " ").encode("latin-1")
        text = unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        raise _bad("UTF-8", part) from None
    if _CONTROL(text):
        raise _bad("no control characters", part)
    return text


def _bad(expected: str, part: str) -> Problem:
    return invalid([Detail(f"expected {expected} in {shown(part)}", "", "query")])
