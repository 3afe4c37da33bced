"""Encode compact UTF-8 JSON with as little work per request as possible."""

import json
from collections.abc import Callable
from typing import Any

import orjson

# Neither may be serialized by accident: dataclasses have members that are not public.
ORJSON_OPTIONS = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


def encode_json(
    value: Any, default: Callable[[Any], Any] | None = None, errors: str = "strict"
) -> bytes:
    """Return compact UTF-8 JSON; `default` converts values that JSON does not know.

    Integers may have any length. Lone surrogates are handled like `str.encode` does it
    with these `errors`.

    Raises:
        TypeError, ValueError: The value cannot be represented in JSON.
    """
    try:
        return orjson.dumps(value, default, option=ORJSON_OPTIONS)
    except TypeError:  # long integers, lone surrogates, or keys that are not strings
        text = json.dumps(
            value, ensure_ascii=False, separators=(",", ":"), default=default
        )
        return text.encode("utf-8", errors)
