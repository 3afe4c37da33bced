"""Marshmallow fields that accept a value unchanged or say what was expected."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import ValidationError, fields, validate

from coupon_core.domain.timestamps import format_timestamp
from coupon_core.schemas.errors import truncate_for_display
from coupon_core.schemas.timestamps import TIME_EXPECTED, parse_utc, to_utc

_find_control_character = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]"
).search
_find_control_except_newline = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]"
).search
# The same sets as JSON Schema patterns, where surrogates cannot be expressed.
SINGLE_LINE_PATTERN = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$"
MULTILINE_PATTERN = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$"
_match_decimal = re.compile("0|[1-9][0-9]{0,18}").fullmatch
INT64_MAX = 2**63 - 1


def _build_error_messages(expectation: str) -> dict[str, str]:
    """Return the same sentence for every way in which a value can be invalid."""
    return {
        "required": f"missing; expected {expectation}",
        "null": f"expected {expectation}, not null",
        "invalid": f"expected {expectation}",
        "validator_failed": f"expected {expectation}",
    }


def with_error_messages(expectation: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return field options in which every error message states `expectation`.

    Messages that the caller passes take precedence.
    """
    custom_messages: Mapping[str, str] = options.pop("error_messages", None) or {}
    return {
        **options,
        "error_messages": {**_build_error_messages(expectation), **custom_messages},
    }


class StrictString(fields.String):
    """Text of `min_length` to `max_length` characters without control characters.

    Nothing is trimmed or case-folded. `multiline` also accepts tabs and line breaks.
    `pattern`, anchored with `^` and `$`, is checked and shown in the OpenAPI document.
    """

    def __init__(
        self,
        *,
        min_length: int = 1,
        max_length: int = 255,
        pattern: str | None = None,
        expectation: str | None = None,
        multiline: bool = False,
        **options: Any,
    ) -> None:
        expected_text = escape_braces(
            expectation or f"text of {min_length} to {max_length} characters"
        )
        if pattern is None:  # only documented; `_deserialize` reports it
            documented_pattern = MULTILINE_PATTERN if multiline else SINGLE_LINE_PATTERN
            options["metadata"] = {
                "pattern": documented_pattern,
                **options.get("metadata", {}),
            }
        self._expectation = expectation or f"{min_length} to {max_length} characters"
        super().__init__(
            validate=_build_text_validators(
                min_length,
                max_length,
                pattern=pattern,
                error=f"expected {expected_text}",
            ),
            **with_error_messages(expected_text, options),
        )
        self._find_forbidden_character = (
            _find_control_except_newline if multiline else _find_control_character
        )

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str):
            raise ValidationError(describe_wrong_type(self._expectation, value))
        if self._find_forbidden_character(value):
            raise ValidationError("expected text without control characters")
        return value


def describe_wrong_type(expectation: str, value: Any) -> str:
    """Return what was expected instead of a JSON value that is not text."""
    found = truncate_for_display(json.dumps(value, default=str, ensure_ascii=False))
    return f"expected text in double quotes: {expectation}; found {found}"


def escape_braces(text: str) -> str:
    """Return a text with its braces escaped, because marshmallow formats messages."""
    return text.replace("{", "{{").replace("}", "}}")


def _build_text_validators(
    min_length: int, max_length: int, pattern: str | None, error: str
) -> list[validate.Validator]:
    validators: list[validate.Validator] = [
        validate.Length(min_length, max_length, error=error)
    ]
    if pattern is not None:
        # `$` also matches before a final line break, but without `multiline` line
        # breaks are refused before the pattern is applied.
        validators.append(validate.Regexp(pattern, error=error))
    return validators


class ChoiceField(StrictString):
    """One of a fixed set of words, compared exactly."""

    def __init__(self, *choices: str, **options: Any) -> None:
        expected_text = "one of " + ", ".join(choices)
        super().__init__(min_length=0, expectation=expected_text, **options)
        self.validators = [validate.OneOf(choices, error=f"expected {expected_text}")]
        self.metadata = {
            name: value for name, value in self.metadata.items() if name != "pattern"
        }  # the enum is documented instead


class StrictInteger(fields.Integer):
    """An integer of `min_value` to `max_value`; `true`, `1.0` and `"1"` are refused."""

    def __init__(
        self, *, min_value: int = 0, max_value: int = INT64_MAX, **options: Any
    ) -> None:
        expected_text = f"an integer of {min_value} to {max_value}"
        validator = validate.Range(
            min_value, max_value, error=f"expected {expected_text}"
        )
        super().__init__(
            strict=True,
            validate=validator,
            **with_error_messages(expected_text, options),
        )

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        if type(value) is not int:
            raise self.make_error("invalid")
        return value


class StrictQueryInteger(StrictInteger):
    """An integer in a query string: decimal digits without sign, blank or leading zero.

    `StrictQueryInteger(min_value=1, max_value=500)` accepts `100`, not `0100`.
    """

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        if not isinstance(value, str) or not _match_decimal(value):
            raise self.make_error("invalid")
        return int(value)


class StrictBoolean(fields.Boolean):
    """JSON `true` or `false`; no strings or numbers."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**with_error_messages("true or false", options))

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class UtcDateTime(fields.DateTime):
    """A timestamp: RFC 3339 with an offset in input, aware UTC datetime inside.

    It is written as `2026-12-31T23:59:59Z`.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**with_error_messages(TIME_EXPECTED, options))

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> datetime:
        if not isinstance(value, str):
            raise ValidationError(describe_wrong_type(TIME_EXPECTED, value))
        try:
            return parse_utc(value)
        except ValueError as error:
            raise ValidationError(str(error)) from None

    def _serialize(self, value: datetime | None, *_: Any, **__: Any) -> str | None:
        return None if value is None else format_timestamp(to_utc(value))


class StrictObject(fields.Dict):
    """Any JSON object, kept unchanged (for example the payload of a reward item)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            keys=fields.String(), **with_error_messages("an object", options)
        )


class StrictList(fields.List[Any]):
    """A list of `min_length` to `max_length` values of one field."""

    def __init__(
        self,
        inner: fields.Field[Any],
        *,
        min_length: int = 0,
        max_length: int,
        **options: Any,
    ) -> None:
        expected_text = f"a list of {min_length} to {max_length} items"
        validator = validate.Length(
            min_length, max_length, error=f"expected {expected_text}"
        )
        super().__init__(
            inner, validate=validator, **with_error_messages(expected_text, options)
        )

    def _deserialize(self, value: Any, *args: Any, **options: Any) -> list[Any]:
        # Check the length first, so that a huge list is refused without being loaded.
        if isinstance(value, list):
            self._validate(value)
        return super()._deserialize(value, *args, **options)
