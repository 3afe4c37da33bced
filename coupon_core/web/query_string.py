"""Strict query string parser: no repeated names, no undecodable text."""

import re
from collections.abc import Collection
from typing import Any
from urllib.parse import unquote_to_bytes

from coupon_core.domain.pasted_text import clean_pasted_code
from coupon_core.schemas.errors import (
    ApiError,
    ErrorDetail,
    truncate_for_display,
    validation_error,
)

MAX_QUERY_BYTES = 4_096
CODE_PARAMETER = "code"
_find_bad_escape = re.compile("%(?![0-9A-Fa-f]{2})").search
_find_control_character = re.compile("[\x00-\x1f\x7f-\x9f]").search


def parse_query(
    environ: dict[str, Any],
    known_names: Collection[str],
    list_names: Collection[str] = (),
) -> dict[str, str]:
    """Return the decoded parameters in `known_names`; others are ignored.

    A parameter in `list_names` may be repeated; its values are joined by commas.

    Raises:
        ApiError: 400 for a repeated known parameter, and for a bad escape, bad UTF-8 or
            control characters in any parameter; 414 above 4,096 bytes.
    """
    raw: str = environ.get("QUERY_STRING", "")
    if not raw:
        return {}
    if len(raw) > MAX_QUERY_BYTES:
        text = f"Query too long: at most {MAX_QUERY_BYTES} bytes were expected"
        raise ApiError(414, "URI_TOO_LONG", message=text)
    return _collect_parameters(raw, known_names, list_names)


def _collect_parameters(
    raw: str, known_names: Collection[str], list_names: Collection[str]
) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for pair in filter(None, raw.split("&")):
        name, value = _decode_pair(*_split_pair(pair))
        if name in parameters and name in list_names:
            value = f"{parameters[name]},{value}"
        elif name in parameters:
            raise validation_error(
                [ErrorDetail("expected once, not repeated", name, target="query")]
            )
        if name in known_names:
            parameters[name] = value
    return parameters


def _split_pair(pair: str) -> tuple[str, str]:
    name, _, value = pair.partition("=")
    return name, value


def _decode_pair(name: str, value: str) -> tuple[str, str]:
    """Return a decoded parameter; line ends around a pasted code are trimmed."""
    decoded_name, text = _decode(name), _decode(value)
    if decoded_name == CODE_PARAMETER:
        text = clean_pasted_code(text)
    for decoded, part in ((decoded_name, name), (text, value)):
        if _find_control_character(decoded):
            raise _bad_query_error("no control characters", part)
    return decoded_name, text


def _decode(part: str) -> str:
    if _find_bad_escape(part):
        raise _bad_query_error("two hexadecimal digits after every %", part)
    try:
        raw = part.replace("+", " ").encode("latin-1")
        return unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        raise _bad_query_error("UTF-8", part) from None


def _bad_query_error(expected: str, part: str) -> ApiError:
    return validation_error(
        [
            ErrorDetail(
                f"expected {expected} in {truncate_for_display(part)}",
                "",
                target="query",
            )
        ]
    )
