"""Tests of the syntax of names and of the key by which they are compared."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupon_core.domain.names import clean_name, find_forbidden_character, to_name_key
from coupon_core.persistence.schema import MIGRATIONS_DIR

ALLOWED = [
    "दिवाली",
    "Valentine's Day",
    "50% off",
    "Summer (EU)",
    "Sale!",
    "-a",
    "a😀",
    "👨\u200d👩\u200d👧",
    "می\u200cخواهم",
    "런칭",
    "Café",
]
FORBIDDEN = {
    "a\nb": "\n",
    "a\x00b": "\x00",
    "a\x7f": "\x7f",
    "a\x9f": "\x9f",
    "a\ud800": "\ud800",
    "a\ue000": "\ue000",
    "a\u0378": "\u0378",
    "a\uffff": "\uffff",
    "a\u2028b": "\u2028",
    **{f"a{chr(code)}b": chr(code) for code in (*range(0x202A, 0x202F),)},
    **{f"a{chr(code)}b": chr(code) for code in (*range(0x2066, 0x206A),)},
}


@pytest.mark.parametrize("name", ALLOWED)
def test_names_of_any_language_are_allowed(name: str) -> None:
    assert find_forbidden_character(name) is None
    assert clean_name(name) == name


@pytest.mark.parametrize("name", FORBIDDEN)
def test_the_first_forbidden_character_is_found(name: str) -> None:
    assert find_forbidden_character(name) == FORBIDDEN[name]


@pytest.mark.parametrize("around", [" ", "\t", "\u00a0", "\u3000", "\n"])
def test_names_are_trimmed(around: str) -> None:
    assert clean_name(f"{around}trail{around}") == "trail"


def test_names_are_composed() -> None:
    assert clean_name("Cafe\u0301") == "Caf\u00e9"


@given(st.text())
def test_cleaning_a_clean_name_changes_nothing(text: str) -> None:
    name = clean_name(text)
    assert clean_name(name) == to_name_key(name) == name
    assert unicodedata.is_normalized("NFC", name)


def test_the_migration_compares_names_like_the_program() -> None:
    text = (MIGRATIONS_DIR / "0013_name_keys.py").read_text()
    space: dict[str, str] = {}
    exec(text, space)  # noqa: S102
    from coupon_core.domain.pasted_text import WHITESPACE

    assert space["WHITESPACE"] == WHITESPACE
