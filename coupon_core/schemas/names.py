"""The field for names that people give to things."""

from typing import Any

from marshmallow import ValidationError

from coupon_core.domain.names import (
    MAX_NAME_LENGTH,
    NAME_EXPECTED,
    clean_name,
    find_forbidden_character,
)
from coupon_core.schemas.fields import StrictString


class NameField(StrictString):
    """A name in any language; it is trimmed and composed (NFC)."""

    def __init__(self, *, max_length: int = MAX_NAME_LENGTH, **options: Any) -> None:
        super().__init__(
            max_length=max_length,
            expectation=NAME_EXPECTED if max_length == MAX_NAME_LENGTH else None,
            **options,
        )

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            return super()._deserialize(value, *args, **kwargs)
        name = clean_name(value)
        forbidden = find_forbidden_character(name)
        if forbidden:
            raise ValidationError(
                f"contains the character U+{ord(forbidden):04X}; expected "
                f"{NAME_EXPECTED}"
            )
        return super()._deserialize(name, *args, **kwargs)
