"""A query parameter that holds a list of values."""

from typing import Any

from marshmallow import ValidationError

from coupon_core.schemas.fields import StrictString

MAX_TEXT_LENGTH = 3_000  # longer queries are refused as a whole, with 414


class QueryList(StrictString):
    """A list of values: repeated, comma-separated, or both.

    Blanks around a value and empty values are ignored. Loads as a tuple without
    duplicates.
    """

    def __init__(self, *, max_items: int, min_items: int = 0, **options: Any) -> None:
        super().__init__(min_length=0, max_length=MAX_TEXT_LENGTH, **options)
        self._min_items, self._max_items = min_items, max_items

    def deserialize(self, value: Any, *args: Any, **options: Any) -> Any:
        """Split the text after it was validated as a whole."""
        text = super().deserialize(value, *args, **options)
        if not isinstance(text, str):
            return text
        items = dict.fromkeys(filter(None, map(str.strip, text.split(","))))
        if len(items) > self._max_items:
            expected = f"expected at most {self._max_items} values, not {len(items)}"
            raise ValidationError(expected)
        if len(items) < self._min_items:
            raise ValidationError(f"expected at least {self._min_items} value")
        return tuple(items)
