"""The form of the ids that others choose: those of tenants and of users."""

import re

LONGEST_USER_ID = 128

_TENANT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}").fullmatch
# One value for each: an id that a path cannot carry whole is no id.
_USER_ID = re.compile(
    r"(?!\s)(?!\.{1,2}\Z)"
    "[^/\\\\\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]{1,128}"
    r"(?<!\s)"
).fullmatch


def is_tenant_id(text: str) -> bool:
    """Whether a text can be a tenant's id."""
    return _TENANT_ID(text) is not None


def is_user_id(text: str) -> bool:
    """Whether a text can be a user's id: opaque, yet safe in a path (CONTRACTS 6)."""
    return _USER_ID(text) is not None
