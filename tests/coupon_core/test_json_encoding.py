"""JSON as it goes out: compact, whole, and never what was not meant to."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from coupon_core.json_encoding import encode_json

LONG = 2**64 + 1


@dataclass
class Secret:
    """Something that has a member."""

    text: str = "hidden"

    def __str__(self) -> str:
        return "a secret"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": [1, 2.5, None, True], "ü": "ſ\n"}, '{"a":[1,2.5,null,true],"ü":"ſ\\n"}'),
        ({"amount": LONG}, f'{{"amount":{LONG}}}'),
        ({1: "one"}, '{"1":"one"}'),
    ],
)
def test_it_is_compact_and_whole(value: Any, expected: str) -> None:
    assert encode_json(value).decode() == expected


@pytest.mark.parametrize("value", [Secret(), datetime.now(UTC), {1}])
def test_what_is_no_json_is_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        encode_json({"value": value})


@pytest.mark.parametrize("beside", [1, LONG])
def test_a_default_says_how_the_rest_is_written(beside: int) -> None:
    value = {"value": Secret(), "beside": beside}
    assert encode_json(value, default=str) == (
        b'{"value":"a secret","beside":%d}' % beside
    )


def test_lone_surrogates_are_refused_or_replaced() -> None:
    with pytest.raises(UnicodeEncodeError):
        encode_json("\ud800")
    assert encode_json("\ud800", errors="replace") == b'"?"'
