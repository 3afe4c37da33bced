"""Fields for enums and IDs of the domain."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, ClassVar

from coupon_core.schemas.fields import ChoiceField, StrictBoolean, StrictString


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


class CampaignIdField(StrictString):
    """The ID of a campaign."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            max_length=64,
            pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$",
            expectation="1 to 64 letters, digits, _ or -, first a letter or digit",
            **options,
        )


class DryRunField(StrictBoolean):
    """A member that is true if a change is only to be tried."""

    METADATA: ClassVar = {
        "description": "Only check and count what would change; change nothing."
    }

    def __init__(self) -> None:
        super().__init__(load_default=False, metadata=self.METADATA)
