"""Fields for enums of the domain and for codes."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from coupon_core.domain import codes
from coupon_core.schemas.fields import ChoiceField, StrictString


class EnumField(ChoiceField):
    """One of the given enum members, written as its value."""

    def __init__(self, members: Iterable[StrEnum], **options: Any) -> None:
        self._members = {member.value: member for member in members}
        super().__init__(*self._members, **options)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> StrEnum:
        text = super()._deserialize(value, *args, **kwargs)
        if text not in self._members:
            raise self.make_error("invalid")
        return self._members[text]


class CodeField(StrictString):
    """A code as in docs/api-contracts.md 0.15; surrounding blanks are removed."""

    def __init__(self, **options: Any) -> None:
        expectation = (
            "a code of 1 to 64 letters, digits, _ or -, first a letter or digit"
        )
        pattern = f"^{codes.CODE_REGEX.pattern}$"
        super().__init__(
            max_length=64, pattern=pattern, expectation=expectation, **options
        )

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        return super()._deserialize(value, *args, **kwargs).strip(" ")
