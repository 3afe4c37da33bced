"""Fields of the domain: the words of its enums, and codes as admins write them."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from coupon_core.domain import codes
from coupon_core.schemas.fields import Choice, StrictString


class Word(Choice):
    """One of an enum's words, or of some of them, loaded as the enum's member."""

    def __init__(self, words: Iterable[StrEnum], **options: Any) -> None:
        self._words = {word.value: word for word in words}
        super().__init__(*self._words, **options)

    def _deserialize(self, value: Any, *args: Any, **more: Any) -> StrEnum:
        text = super()._deserialize(value, *args, **more)
        if text not in self._words:
            raise self.make_error("invalid")
        return self._words[text]


class Code(StrictString):
    """A code in the form of CONTRACTS 0.15; blanks around it are dropped."""

    def __init__(self, **options: Any) -> None:
        said = "a code of 1 to 64 letters, digits, _ or -, first a letter or digit"
        pattern = f"^{codes.CODE_PATTERN.pattern}$"
        super().__init__(most=64, pattern=pattern, expected=said, **options)

    def _deserialize(self, value: Any, *args: Any, **more: Any) -> str:
        return super()._deserialize(value, *args, **more).strip(" ")
