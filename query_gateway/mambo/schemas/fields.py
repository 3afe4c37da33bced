"""Marshmallow fields of the Mambo API: tags, amounts and objects."""

from typing import Any

from marshmallow import ValidationError, fields

from coupon_core.schemas.fields import StrictObject, StrictString

MAX_AMOUNT = 1_000_000_000


class TagField(StrictString):
    """A tag; commas are refused because they separate tags in queries."""

    def __init__(self, **options: Any) -> None:
        expectation = "a tag of 1 to 64 characters without commas or surrounding blanks"
        pattern = r"^[^\s,]([^,]*[^\s,])?$"
        super().__init__(
            max_length=64, pattern=pattern, expectation=expectation, **options
        )


class PhpObject(StrictObject):
    """A JSON object; `[]` is also accepted, as which PHP writes an empty one."""

    def deserialize(self, value: Any, *args: Any, **options: Any) -> Any:
        """Read the object; an empty list is an empty object."""
        return super().deserialize({} if value == [] else value, *args, **options)


class AmountField(fields.Float):
    """A number from 0 to `MAX_AMOUNT`; integers stay integers."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int | float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValidationError(f"expected a number from 0 to {MAX_AMOUNT}")
        if not 0 <= value <= MAX_AMOUNT:
            raise ValidationError(f"expected a number from 0 to {MAX_AMOUNT}")
        return value
