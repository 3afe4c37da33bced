"""Strict JSON parser: refuses input that two parsers could interpret differently."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, NoReturn, TypeAlias

from coupon_core.schemas.errors import ApiError, ErrorDetail, truncate_for_display

MAX_NESTING_DEPTH = 20
_INT64_RANGE = range(-(2**63), 2**63)
_MAX_INTEGER_LENGTH = 20  # the sign and 19 digits
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
_DEPTH_CHANGES = {"{": 1, "[": 1, "}": -1, "]": -1}
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def parse_object(data: bytes) -> dict[str, Any]:
    """Return the JSON object in `data`.

    Accepted is UTF-8 without a byte order mark, with unique member names, finite
    numbers, 64-bit integers, no NUL or lone surrogates, and at most 20 levels of
    nesting. The time is linear in the size of `data`.

    Raises:
        ApiError: 400 `BAD_JSON` with the position and what was expected.
    """
    text = _decode(data)
    _check_depth(text)
    value = _parse(text)
    if not isinstance(value, dict):
        refuse(f"a JSON object was expected, got {_describe_type(value)}")
    if "\\u" in text:  # only escapes can produce what UTF-8 decoding refuses
        _check_texts(value)
    return value


def refuse(expected: str, path: str = "") -> NoReturn:
    """Refuse a body that cannot be parsed.

    Raises:
        ApiError: 400 `BAD_JSON`, always.
    """
    detail = ErrorDetail(expected, truncate_for_display(path), target="body")
    prefix = f"{detail.path}: " if path else ""
    raise ApiError(
        400, "BAD_JSON", message=f"Invalid body: {prefix}{expected}", details=(detail,)
    )


def _decode(data: bytes) -> str:
    if not data or data.isspace():
        refuse("a JSON object was expected, got an empty body")
    if data.startswith(b"\xef\xbb\xbf"):
        refuse("UTF-8 without a byte order mark was expected")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        refuse(f"UTF-8 was expected, byte {error.start} is not")


def _check_depth(text: str) -> None:
    """Refuse deep nesting before the parser recurses into it."""
    if text.count("{") + text.count("[") <= MAX_NESTING_DEPTH:
        return
    depth = 0
    for token in _TOKEN.finditer(text):
        depth += _DEPTH_CHANGES.get(token[0], 0)
        if depth > MAX_NESTING_DEPTH:
            position = _format_position(text, token.start())
            refuse(f"at most {MAX_NESTING_DEPTH} levels were expected{position}")


def _parse(text: str) -> Any:
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        refuse(
            f"valid JSON was expected: {error.msg}{_format_position(text, error.pos)}"
        )


def _format_position(text: str, position: int) -> str:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    return f" (line {line}, column {column})"


def _build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        refuse(
            "each name once was expected, but this one is repeated",
            _find_repeated_name(pairs),
        )
    return value


def _find_repeated_name(pairs: list[tuple[str, Any]]) -> str:
    counts = Counter(name for name, _ in pairs)
    return counts.most_common(1)[0][0]


def _parse_integer(digits: str) -> int:
    value = int(digits) if len(digits) <= _MAX_INTEGER_LENGTH else None
    if value is None or value not in _INT64_RANGE:
        shown = truncate_for_display(digits)
        refuse(f"an integer of at most 64 bits was expected, got {shown}")
    return value


def _parse_float(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        refuse(f"a finite number was expected, got {truncate_for_display(digits)}")
    return value


def _refuse_constant(name: str) -> NoReturn:
    refuse(f"a finite number was expected, got {name}")


def _describe_type(value: Any) -> str:
    return _TYPE_NAMES.get(type(value), "a number")


_TYPE_NAMES = {list: "an array", str: "text", bool: "true or false", type(None): "null"}
_DECODER = json.JSONDecoder(
    object_pairs_hook=_build_object,
    parse_constant=_refuse_constant,
    parse_int=_parse_integer,
    parse_float=_parse_float,
)


def _check_texts(value: dict[str, Any]) -> None:
    for path, text in _iterate_texts(value, ()):
        if _UNSTORABLE.search(text):
            dotted_path = ".".join(map(str, path))
            refuse("text without NUL or lone surrogates was expected", dotted_path)


# Kept as a tuple: joining every path would cost time, and only errors need it.
MemberPath: TypeAlias = tuple[str | int, ...]


def _iterate_texts(value: Any, path: MemberPath) -> Iterator[tuple[MemberPath, str]]:
    """Yield every member name and every text in a value, with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, member in value.items():
            yield (*path, name), name
            yield from _iterate_texts(member, (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _iterate_texts(item, (*path, index))
