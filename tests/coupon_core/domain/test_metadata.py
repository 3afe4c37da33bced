"""Tests of the rule of metadata, and of what a filter by it selects."""

from __future__ import annotations

import pytest

from coupon_core.domain.metadata import find_metadata_problem, list_matching_values

VALID = [
    {},
    {"season": "winter", "wave": 2, "share": 0.5, "vip": True},
    {"k" * 40: "v" * 500},
    {f"key-{number}": number for number in range(50)},
    {"empty": ""},
]
INVALID = [
    (None, "expected an object"),
    ([], "expected an object"),
    ({f"k{number}": 1 for number in range(51)}, "at most 50 keys, not 51"),
    ({"": 1}, "key ''"),
    ({"a b": 1}, "key 'a b'"),
    ({"ä": 1}, "key 'ä'"),
    ({"k" * 41: 1}, "1 to 40"),
    ({"a\n": 1}, "1 to 40"),
    ({"a": "v" * 501}, "up to 500 characters"),
    ({"a": None}, "key 'a'"),
    ({"a": {}}, "key 'a'"),
    ({"a": []}, "key 'a'"),
    ({"a": 2**53}, "key 'a'"),
    ({"a": float("nan")}, "key 'a'"),
]


@pytest.mark.parametrize("metadata", VALID, ids=range(len(VALID)))
def test_metadata_is_a_small_object_of_scalars(metadata: object) -> None:
    assert find_metadata_problem(metadata) is None


@pytest.mark.parametrize(("metadata", "problem"), INVALID, ids=range(len(INVALID)))
def test_other_metadata_is_refused_with_the_key(metadata: object, problem: str) -> None:
    assert problem in (find_metadata_problem(metadata) or "")


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("winter", ["winter"]),
        ("3", ["3", 3, 3, 3.0]),
        ("0.5", ["0.5", 0.5]),
        ("true", ["true", True]),
        ("null", ["null"]),
        ("NaN", ["NaN"]),
        ("1e400", ["1e400"]),
        ("[1]", ["[1]"]),
        ("", [""]),
    ],
)
def test_a_filter_selects_text_and_what_json_writes_like_it(
    text: str, values: list[object]
) -> None:
    assert list_matching_values(text) == values
