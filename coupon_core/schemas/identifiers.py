"""The names of things as fields: tenants, users, UUIDs."""

import re
from typing import Any

from marshmallow import ValidationError

from coupon_core.domain.identifiers import LONGEST_USER_ID, is_user_id
from coupon_core.schemas.fields import StrictString

TENANT_ID = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
UUID = r"^[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"
# What no path can carry whole, as the regular expressions of JSON Schema say it.
_BARRED = r"/\\\u0000-\u001f\u007f-\u009f\u2028\u2029"
PATH_TEXT = rf"^(?!\.{{1,2}}$)[^{_BARRED}]+$"
USER_ID = rf"^(?!\.{{1,2}}$)[^\s{_BARRED}]([^{_BARRED}]*[^\s{_BARRED}])?$"
USER_ID_SAID = (
    "a user id of 1 to 128 characters without /, backslash, control characters or"
    " outer blanks, other than . and .."
)


_UUID = re.compile(UUID).match


def is_uuid(text: str) -> bool:
    """Whether a text is a UUID in the usual form, in any case."""
    return _UUID(text) is not None and not text.endswith("\n")


class TenantId(StrictString):
    """A tenant's id: a letter or digit, then up to 63 letters, digits, `_` or `-`."""

    def __init__(self, **options: Any) -> None:
        said = "a tenant id of 1 to 64 letters, digits, _ or -, first a letter or digit"
        super().__init__(most=64, pattern=TENANT_ID, expected=said, **options)


class UserId(StrictString):
    """A user's id, opaque to us; what a path cannot carry whole is refused."""

    def __init__(self, **options: Any) -> None:
        options["metadata"] = {"pattern": USER_ID, **options.get("metadata", {})}
        super().__init__(most=LONGEST_USER_ID, expected=USER_ID_SAID, **options)

    def _deserialize(self, value: Any, *args: Any, **more: Any) -> str:
        text = super()._deserialize(value, *args, **more)
        if not is_user_id(text):
            raise ValidationError(f"expected {USER_ID_SAID}")
        return text


class UuidText(StrictString):
    """A UUID in the usual form of 36 characters, kept in lower case."""

    def __init__(self, **options: Any) -> None:
        options["metadata"] = {"format": "uuid", **options.get("metadata", {})}
        super().__init__(least=36, most=36, pattern=UUID, expected="a UUID", **options)

    def _deserialize(self, value: Any, *args: Any, **more: Any) -> str:
        return super()._deserialize(value, *args, **more).lower()
