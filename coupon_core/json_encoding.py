"""JSON in UTF-8 without blanks, made with as little work as a request can cost."""

import json
from collections.abc import Callable
from typing import Any

import orjson

# Neither may come into JSON by accident: a dataclass has members that are not shown.
ORJSON_OPTIONS = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


def encode_json(
    value: Any, default: Callable[[Any], Any] | None = None, errors: str = "strict"
) -> bytes:
    """Compact UTF-8 JSON of what JSON itself knows; `default` makes that of the rest.

    Integers may be of any length. TypeError and ValueError for what is no JSON;
    lone surrogates are treated as `str.encode` does it with these `errors`.
    """
    try:
        return orjson.dumps(value, default, option=ORJSON_OPTIONS)
    except TypeError:  # also for long integers, for surrogates and for other names
        text = json.dumps(
            value, ensure_ascii=False, separators=(",", ":"), default=default
        )
        return text.encode("utf-8", errors)
