"""Fields for identifiers: tenant ids, user ids and UUIDs."""

import re
from typing import Any

from marshmallow import ValidationError

from coupon_core.domain.identifiers import MAX_USER_ID_LENGTH, is_user_id
from coupon_core.schemas.fields import StrictString

TENANT_ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
UUID_PATTERN = r"^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"
# Characters that a path segment cannot carry unchanged, for JSON Schema patterns.
_FORBIDDEN_CHARACTERS = r"/\\\u0000-\u001f\u007f-\u009f\u2028\u2029"
PATH_SEGMENT_PATTERN = rf"^(?!\.{{1,2}}$)[^{_FORBIDDEN_CHARACTERS}]+$"
_ALLOWED = f"[^{_FORBIDDEN_CHARACTERS}]"
_ALLOWED_AT_ENDS = rf"[^\s{_FORBIDDEN_CHARACTERS}]"
USER_ID_PATTERN = rf"^(?!\.{{1,2}}$){_ALLOWED_AT_ENDS}({_ALLOWED}*{_ALLOWED_AT_ENDS})?$"
USER_ID_EXPECTED = (
    "a user id of 1 to 128 characters without /, backslash, control characters or"
    " leading or trailing blanks, other than . and .."
)


_match_uuid = re.compile(UUID_PATTERN).match


def is_uuid(text: str) -> bool:
    """Return True if a text is a UUID in the form of 36 characters, in either case."""
    return _match_uuid(text) is not None and not text.endswith("\n")


class TenantIdField(StrictString):
    """A tenant id: a letter or digit, then up to 63 letters, digits, `_` or `-`."""

    def __init__(self, **options: Any) -> None:
        expectation = (
            "a tenant id of 1 to 64 letters, digits, _ or -, "
            "starting with a letter or digit"
        )
        super().__init__(
            max_length=64, pattern=TENANT_ID_PATTERN, expectation=expectation, **options
        )


class UserIdField(StrictString):
    """A user id, opaque to us; characters that a URL path cannot carry are refused."""

    def __init__(self, **options: Any) -> None:
        options["metadata"] = {
            "pattern": USER_ID_PATTERN,
            **options.get("metadata", {}),
        }
        super().__init__(
            max_length=MAX_USER_ID_LENGTH, expectation=USER_ID_EXPECTED, **options
        )

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text = super()._deserialize(value, *args, **kwargs)
        if not is_user_id(text):
            raise ValidationError(f"expected {USER_ID_EXPECTED}")
        return text


class UuidField(StrictString):
    """A UUID in the form of 36 characters, converted to lower case."""

    def __init__(self, **options: Any) -> None:
        options["metadata"] = {"format": "uuid", **options.get("metadata", {})}
        super().__init__(
            min_length=36,
            max_length=36,
            pattern=UUID_PATTERN,
            expectation="a UUID",
            **options,
        )

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        return super()._deserialize(value, *args, **kwargs).lower()
