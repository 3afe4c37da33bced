"""The syntax of IDs that callers choose: tenant IDs and user IDs."""

import re

MAX_USER_ID_LENGTH = 128

_match_tenant_id = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}").fullmatch
# Each ID must have exactly one form in a URL path, so what a path cannot carry
# unchanged is not an ID.
_match_user_id = re.compile(
    r"(?!\s)(?!\.{1,2}\Z)"
    "[^/\\\\\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]{1,128}"
    r"(?<!\s)"
).fullmatch


def is_tenant_id(text: str) -> bool:
    """Return True if the text is a valid tenant ID."""
    return _match_tenant_id(text) is not None


def is_user_id(text: str) -> bool:
    """Return True if the text is a valid user ID.

    User IDs are opaque, but must be safe in a URL path (docs/api-contracts.md 6).
    """
    return _match_user_id(text) is not None
