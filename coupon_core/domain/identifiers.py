"""The form of the ids that others choose: those of tenants and of users."""

import re

MAX_USER_ID_LENGTH = 128

_match_tenant_id = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}").fullmatch
# One value for each: an id that a path cannot carry whole is no id.
_match_user_id = re.compile(
    r"(?!\s)(?!\.{1,2}\Z)"
    "[^/\\\\\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]{1,128}"
    r"(?<!\s)"
).fullmatch


def is_tenant_id(text: str) -> bool:
    """Whether a text can be a tenant's id."""
    return _match_tenant_id(text) is not None


def is_user_id(text: str) -> bool:
    """Whether a text can be a user's id: opaque, yet safe in a path (CONTRACTS 6)."""
    return _match_user_id(text) is not None
