"""Fields for enums of the domain."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from coupon_core.schemas.fields import ChoiceField


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
