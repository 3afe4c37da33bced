"""Fields accept a value unchanged or say what was expected."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from marshmallow import Schema, ValidationError
from marshmallow.fields import Field

from coupon_core.domain.identifiers import is_user_id
from coupon_core.schemas.codes import CodeField, EnteredCodeField
from coupon_core.schemas.fields import (
    ChoiceField,
    StrictBoolean,
    StrictInteger,
    StrictObject,
    StrictQueryInteger,
    StrictString,
    UtcDateTime,
)
from coupon_core.schemas.identifiers import TenantIdField, UserIdField, UuidField
from coupon_core.schemas.names import NameField
from coupon_core.schemas.timestamps import parse_utc

UUID = "0192f0c1-2b3a-7c4d-8e5f-0a1b2c3d4e5f"


def load_field(field: Field[Any], value: Any) -> Any:
    return Schema.from_dict({"f": field})().load({"f": value})["f"]


NAME = StrictString(max_length=3)
COUNT = StrictInteger(min_value=1, max_value=5)
LIMIT = StrictQueryInteger(min_value=1, max_value=500)

ACCEPTED_VALUES = [
    (NAME, "a", "a"),
    (NAME, " é ", " é "),
    (NAME, "😀😀😀", "😀😀😀"),
    (StrictString(min_length=0), "", ""),
    (StrictString(multiline=True), "a\n\tb", "a\n\tb"),
    (StrictString(pattern="^[a-z]+$"), "abc", "abc"),
    (ChoiceField("a", "b"), "b", "b"),
    (COUNT, 5, 5),
    (LIMIT, "500", 500),
    (StrictQueryInteger(), "0", 0),
    (StrictBoolean(), False, False),
    (StrictObject(), {"a": [1, None]}, {"a": [1, None]}),
    (TenantIdField(), "a" * 64, "a" * 64),
    (TenantIdField(), "0_-", "0_-"),
    (UserIdField(), "john doe@x", "john doe@x"),
    (UserIdField(), "u" * 128, "u" * 128),
    (UserIdField(), "...", "..."),
    (UserIdField(), "definitions", "definitions"),
    (UuidField(), UUID.upper(), UUID),
]


@pytest.mark.parametrize(
    "field",
    [NAME, CodeField(), EnteredCodeField(), NameField(), UtcDateTime(), UserIdField()],
    ids=lambda field: type(field).__name__,
)
@pytest.mark.parametrize("value", [5, True, 1.5, [], {}])
def test_a_value_of_another_type_is_reported_with_what_was_found(
    field: Field[Any], value: Any
) -> None:
    with pytest.raises(ValidationError) as caught:
        load_field(field, value)
    (message,) = caught.value.messages_dict["f"]
    assert message.startswith("expected text in double quotes: ")
    assert message.endswith(f"; found {json.dumps(value)}")


@pytest.mark.parametrize(("field", "value", "kept"), ACCEPTED_VALUES)
def test_good_value_is_kept(field: Field[Any], value: Any, kept: Any) -> None:
    loaded = load_field(field, value)
    assert (loaded, type(loaded)) == (kept, type(kept))


REFUSED_VALUES: list[tuple[Field[Any], list[Any]]] = [
    (NAME, ["", "abcd", 1, True, None, [], {}, b"a", "a\n", "\x00", "\x7f", "\ud800"]),
    (NAME, ["\u2028", "\x85"]),
    (StrictString(multiline=True), ["\x00", "\x1b[", "\ud800"]),
    (StrictString(pattern="^[a-z]+$"), ["abc\n", "ABC", "ab c", ""]),
    (ChoiceField("a", "b"), ["A", "", "c", 1, ["a"], None]),
    (COUNT, [True, 1.0, "1", 0, 6, None, [], 10**30, float("nan")]),
    (LIMIT, ["", "0", "501", "01", "+1", " 1", "1 ", "1.0", "1e2", "١", "²", "1_0", 1]),
    (StrictQueryInteger(), ["9" * 19, "9" * 5000, "-1", "-0", "0x1", "1\n"]),
    (StrictBoolean(), [1, 0, "true", "false", "yes", None, [], "on"]),
    (StrictObject(), [[], "a", 1, None, True]),
    (TenantIdField(), ["", "-a", "_a", "a" * 65, "a b", "a\n", "é", "a/b", 1]),
    (
        UserIdField(),
        ["", " ", " a", "a ", "\u00a0a", "a/b", "a\\b", ".", "..", "u" * 129],
    ),
    (UserIdField(), ["a\x00", "a\nb", "\ud800", "a\u2028b", 1, True, None]),
    (UuidField(), ["", UUID[:-1], UUID + "0", UUID.replace("-", ""), f"{{{UUID}}}"]),
    (UuidField(), [UUID[:-1] + "g", UUID + "\n", 1]),
]
REFUSED_CASES = [(field, value) for field, values in REFUSED_VALUES for value in values]


@pytest.mark.parametrize(("field", "value"), REFUSED_CASES)
def test_bad_value_is_refused_with_what_was_expected(
    field: Field[Any], value: Any
) -> None:
    with pytest.raises(ValidationError) as raised:
        load_field(field, value)
    (message, *_) = raised.value.messages_dict["f"]
    assert message.startswith("expected ")


def test_user_id_is_the_same_rule_without_a_schema() -> None:
    assert is_user_id("a b")
    assert not is_user_id("..")


MOMENTS = [
    ("2030-01-31T12:00:00Z", "2030-01-31T12:00:00Z"),
    ("2030-01-31t12:00:00z", "2030-01-31T12:00:00Z"),
    ("2030-01-31 12:00:00Z", "2030-01-31T12:00:00Z"),
    ("2030-01-31T12:00:00+02:00", "2030-01-31T10:00:00Z"),
    ("2030-01-31T23:30:00-01:00", "2030-02-01T00:30:00Z"),
    ("2030-01-31T12:00:00.999Z", "2030-01-31T12:00:00Z"),
    ("2030-01-31T12:00:00.123456789Z", "2030-01-31T12:00:00Z"),
    ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
    ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"),
    ("2028-02-29T00:00:00Z", "2028-02-29T00:00:00Z"),
]


@pytest.mark.parametrize(("sent", "written"), MOMENTS)
def test_moment_goes_in_with_a_zone_and_out_in_utc(sent: str, written: str) -> None:
    field = UtcDateTime()
    moment = load_field(field, sent)
    assert moment.tzinfo is UTC
    assert field.serialize("f", {"f": moment}) == written


INVALID_MOMENTS: list[Any] = [
    "2030-01-31T12:00:00",
    "2030-01-31",
    "2030-01-31T12:00Z",
    "2030-01-31T24:00:00Z",
    "2030-01-31T12:00:60Z",
    "2030-02-30T12:00:00Z",
    "2029-02-29T12:00:00Z",
    "2030-01-31T12:00:00+0200",
    "2030-01-31T12:00:00+24:00",
    "2030-01-31T12:00:00.Z",
    "2030-01-31T12:00:00,5Z",
    "2030-01-31T12:00:00.1234567890Z",
    "1969-12-31T23:59:59Z",
    "1970-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59-01:00",
    "0000-01-01T00:00:00Z",
    "10000-01-01T00:00:00Z",
    "2030-W05-4T12:00:00Z",
    "٢٠٣٠-01-31T12:00:00Z",
    "2030-01-31T12:00:00Z\n",
    " 2030-01-31T12:00:00Z",
    "now",
    "",
    1_900_000_000,
    True,
]


@pytest.mark.parametrize("value", INVALID_MOMENTS)
def test_moment_without_one_meaning_is_refused(value: Any) -> None:
    with pytest.raises(ValidationError, match="a time with a zone"):
        load_field(UtcDateTime(), value)


def test_fraction_is_kept_inside() -> None:
    assert parse_utc("2030-01-01T00:00:00.25Z").microsecond == 250_000


def test_moment_of_any_zone_is_written_in_utc() -> None:
    field = UtcDateTime()
    moment = datetime(2030, 1, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    assert field.serialize("f", {"f": moment}) == "2029-12-31T23:00:00Z"
    without_zone = datetime.fromisoformat("2030-01-01")
    assert field.serialize("f", {"f": without_zone}) == "2030-01-01T00:00:00Z"
    assert field.serialize("f", {"f": None}) is None
