"""What schemathesis need not send: bodies that no JSON Schema can say are refused.

Integers beyond 64 bits, NUL and lone surrogates, also in members that nobody knows:
`strict_json` refuses them before any schema is asked, and has tests of its own.
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
    """Give each request a key of its own: under another's it would be a 422."""
    headers = case.headers or {}
    key = headers.get(KEY_HEADER)
    if isinstance(key, str) and re.fullmatch(KEY_PATTERN, key):
        headers[KEY_HEADER] = f"{next(_keys)}-{key}"[:255]
