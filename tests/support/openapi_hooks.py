"""Hooks that keep schemathesis from sending bodies that JSON Schema cannot describe.

Examples are integers beyond 64 bits, NUL and lone surrogates, also in unknown members:
`strict_json` refuses them before any schema applies, and has tests of its own.
"""

from __future__ import annotations

import itertools
import json
import re
from typing import Any

import schemathesis

from coupon_core.schemas.errors import ApiError
from coupon_core.schemas.strict_json import parse_object
from coupon_core.web.idempotency_keys import KEY_HEADER, KEY_PATTERN


@schemathesis.hook
def filter_body(context: Any, body: Any) -> bool:
    """Return True if JSON Schema can decide about the body."""
    if not isinstance(body, dict):
        return True
    try:
        parse_object(json.dumps(body).encode())
    except ApiError:
        return False
    return True


_keys = itertools.count()


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Use a new idempotency key for each request; a reused key would be a 422."""
    headers = case.headers or {}
    key = headers.get(KEY_HEADER)
    if isinstance(key, str) and re.fullmatch(KEY_PATTERN, key):
        headers[KEY_HEADER] = f"{next(_keys)}-{key}"[:255]
