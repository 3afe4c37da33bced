"""Fields for codes: those that are created or filtered by, and those looked up."""

from typing import Any

from marshmallow import ValidationError, fields, validate

from coupon_core.domain import codes
from coupon_core.domain.pasted_text import clean_pasted_code
from coupon_core.schemas.fields import StrictString, describe_wrong_type

ENTERED_CODE_EXPECTED = "a code: text that is not empty"
MAX_ENTERED_LENGTH = 60_000  # a little less than a body may have bytes
CODE_EXPECTED = "a code of 1 to 64 letters, digits, _ or -, first a letter or digit"


class CodeField(StrictString):
    """A code as in docs/api-contracts.md 0.15; any other text is refused."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            max_length=codes.MAX_CODE_LENGTH,
            pattern=f"^{codes.CODE_REGEX.pattern}$",
            expectation=CODE_EXPECTED,
            **options,
        )

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text = clean_pasted_code(value) if isinstance(value, str) else value
        return super()._deserialize(text, *args, **kwargs)


class EnteredCodeField(fields.String):
    """A code that a player entered: any text that is not empty, as sent.

    Text that cannot be a code is answered like an unknown code
    (docs/api-contracts.md 0.32), so that it is not refused here.
    """

    def __init__(self, **options: Any) -> None:
        expectation = ENTERED_CODE_EXPECTED
        options["metadata"] = {
            "description": "The code as the player entered it. Whitespace around it "
            "and invisible characters are ignored; text that cannot be a code is "
            "answered like an unknown code.",
            **options.get("metadata", {}),
        }
        super().__init__(
            error_messages={
                "required": f"missing; expected {expectation}",
                "null": f"expected {expectation}, not null",
            },
            validate=validate.Length(
                1, MAX_ENTERED_LENGTH, error=f"expected {expectation}"
            ),
            **options,
        )

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str):
            raise ValidationError(describe_wrong_type(ENTERED_CODE_EXPECTED, value))
        return value
