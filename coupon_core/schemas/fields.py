"""Marshmallow fields that take a value as it is, or say what was expected."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from coupon_core.schemas.timestamps import EXPECTED_TIME, parse_utc, utc_text

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]").search
_CONTROL_BUT_LINES = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]"
).search
# The same in the regular expressions of JSON Schema, which knows no surrogates.
LINE = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]*$"
LINES = r"^[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]*$"
_DIGITS = re.compile("0|[1-9][0-9]{0,18}").fullmatch
INT64_MAX = 2**63 - 1


def _says(expected: str) -> dict[str, str]:
    """One sentence for every way of missing what was expected."""
    return {
        "required": f"missing; expected {expected}",
        "null": f"expected {expected}, not null",
        "invalid": f"expected {expected}",
        "validator_failed": f"expected {expected}",
    }


def _spread(expected: str, options: dict[str, Any]) -> dict[str, Any]:
    """Field options in which `expected` is every message, the caller's own first."""
    own: Mapping[str, str] = options.pop("error_messages", None) or {}
    return {**options, "error_messages": {**_says(expected), **own}}


class StrictString(fields.String):
    """Text of `least` to `most` characters, without control characters.

    Nothing is trimmed or folded. `multiline` also lets tabs and line ends through;
    `pattern` must match the whole and is what the document shows.
    """

    def __init__(
        self,
        *,
        least: int = 1,
        most: int = 255,
        pattern: str | None = None,
        expected: str | None = None,
        multiline: bool = False,
        **options: Any,
    ) -> None:
        said = _unformatted(expected or f"text of {least} to {most} characters")
        if pattern is None:  # for the document; `_deserialize` has words for it
            shown = LINES if multiline else LINE
            options["metadata"] = {"pattern": shown, **options.get("metadata", {})}
        super().__init__(
            validate=_text_rules(least, most, pattern, f"expected {said}"),
            **_spread(said, options),
        )
        self._forbidden = _CONTROL_BUT_LINES if multiline else _CONTROL

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> str:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        if self._forbidden(value):
            raise ValidationError("expected text without control characters")
        return value


def _unformatted(text: str) -> str:
    """A text that marshmallow, which formats all messages, leaves as it is."""
    return text.replace("{", "{{").replace("}", "}}")


def _text_rules(
    least: int, most: int, pattern: str | None, error: str
) -> list[validate.Validator]:
    rules: list[validate.Validator] = [validate.Length(least, most, error=error)]
    if pattern is not None:
        # $ would let a line end through, were it not a control character
        rules.append(validate.Regexp(pattern, error=error))
    return rules


class Choice(StrictString):
    """One of a few words, exactly as written."""

    def __init__(self, *choices: str, **options: Any) -> None:
        said = "one of " + ", ".join(choices)
        super().__init__(least=0, expected=said, **options)
        self.validators = [validate.OneOf(choices, error=f"expected {said}")]
        rest = {k: v for k, v in self.metadata.items() if k != "pattern"}
        self.metadata = rest  # the words say it all


class StrictInteger(fields.Integer):
    """An integer of `least` to `most`: not true, not 1.0, not "1"."""

    def __init__(
        self, *, least: int = 0, most: int = INT64_MAX, **options: Any
    ) -> None:
        said = f"an integer of {least} to {most}"
        rule = validate.Range(least, most, error=f"expected {said}")
        super().__init__(strict=True, validate=rule, **_spread(said, options))

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        if type(value) is not int:
            raise self.make_error("invalid")
        return value


class StrictQueryInteger(StrictInteger):
    """The same in a query string: plain decimal digits, no sign, blank or zero first.

    `StrictQueryInteger(least=1, most=500, load_default=100)` takes `100`, not `0100`.
    """

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> int:
        if not isinstance(value, str) or not _DIGITS(value):
            raise self.make_error("invalid")
        return int(value)


class StrictBoolean(fields.Boolean):
    """JSON's true or false, nothing that only looks like it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**_spread("true or false", options))

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class UtcDateTime(fields.DateTime):
    """A moment: RFC 3339 with a zone in, an aware UTC datetime inside, `…Z` out."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**_spread(EXPECTED_TIME, options))

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> datetime:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        try:
            return parse_utc(value)
        except ValueError as error:
            raise ValidationError(str(error)) from None

    def _serialize(self, value: datetime | None, *_: Any, **__: Any) -> str | None:
        return None if value is None else utc_text(value)


class StrictObject(fields.Dict):
    """Any JSON object, kept as it is (a reward's payload)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(keys=fields.String(), **_spread("an object", options))


class StrictNested(fields.Nested):
    """An object with the members of a schema."""

    def __init__(self, schema: type[Schema], **options: Any) -> None:
        super().__init__(schema, **_spread("an object", options))


class StrictList(fields.List[Any]):
    """A list of `least` to `most` values of one field."""

    def __init__(
        self, inner: fields.Field[Any], *, least: int = 0, most: int, **options: Any
    ) -> None:
        said = f"a list of {least} to {most} items"
        rule = validate.Length(least, most, error=f"expected {said}")
        super().__init__(inner, validate=rule, **_spread(said, options))

    def _deserialize(self, value: Any, *args: Any, **options: Any) -> list[Any]:
        # counted first, so that a huge list costs no more than a count
        if isinstance(value, list):
            self._validate(value)
        return super()._deserialize(value, *args, **options)
