"""Fields that campaigns and packages share."""

from typing import Any

from marshmallow import ValidationError, fields

from coupon_core.schemas.fields import StrictString
from coupon_core.schemas.names import NameField

MAX_TEXT_LENGTH = 2_000
MAX_LOCALES = 50


class LocalizedTextField(fields.Dict):
    """A text in several languages, by locale; with `names`, each text is a name."""

    def __init__(
        self,
        *,
        min_locales: int = 0,
        max_text_length: int = MAX_TEXT_LENGTH,
        names: bool = False,
        **options: Any,
    ) -> None:
        expectation = f"an object of {min_locales} to {MAX_LOCALES} texts by locale"
        metadata = {"minProperties": min_locales, "maxProperties": MAX_LOCALES}
        super().__init__(
            keys=StrictString(
                max_length=35,
                pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$",
                expectation="a locale such as en or zh-Hans",
            ),
            values=NameField()
            if names
            else StrictString(max_length=max_text_length, multiline=True),
            validate=self._require_allowed_size,
            metadata=metadata,
            error_messages={
                "required": f"missing; expected {expectation}",
                "null": f"expected {expectation}, not null",
                "invalid": f"expected {expectation}",
            },
            **options,
        )
        self._expectation = expectation
        self._allowed_sizes = range(min_locales, MAX_LOCALES + 1)

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the texts; errors are reported by locale."""
        try:
            return super().deserialize(value, *args, **kwargs)
        except ValidationError as error:
            if not isinstance(error.messages, dict):
                raise
            # Marshmallow puts "key" and "value" below each locale.
            messages = {
                locale: [text for texts in parts.values() for text in texts]
                for locale, parts in error.messages.items()
            }
            raise ValidationError(messages) from None

    def _require_allowed_size(self, value: dict[str, str]) -> None:
        if len(value) not in self._allowed_sizes:
            raise ValidationError(f"expected {self._expectation}")
