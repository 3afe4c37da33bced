"""Test the syntax of codes and the generation of random ones."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupon_core.domain import codes
from coupon_core.domain.models import CodeAlphabet

CODES = ["A", "9", "SAVE10", "save10", "a-b_c", "A" * 64, "0-", "9__"]
NO_CODES = {
    "nothing": "",
    "blanks": "   ",
    "too long": "A" * 65,
    "inner blank": "SAVE 10",
    "first a dash": "-SAVE",
    "first a line": "_SAVE",
    "folds to ASCII": "ſave10",
    "folds to ASCII too": "SAVE10K".replace("K", "\u212a"),
    "full width": "ＳＡＶＥ",
    "Arabic digits": "SAVE١٠",
    "NUL": "SAVE\x00",
    "inner NUL": "SA\x00VE",
    "inner line end": "SAVE\n10",
    "inner non-breaking blank": "SAVE\u00a010",
    "escape": "SAVE10\x1b",
    "separator that is no whitespace": "SAVE10\x1f",
    "only what is trimmed": "\u200b \ufeff\n",
    "slash": "SAVE/10",
    "dot": "SAVE.10",
    "percent": "SAVE%31",
    "quote": "SAVE'10",
    "lone surrogate": "SAVE\ud800",
}


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_itself(code: str) -> None:
    assert codes.normalize_code(code) == code


@pytest.mark.parametrize("blanks", [" {}", "{} ", "\t{}\t", "  {} \t "])
def test_outer_blanks_are_no_part_of_a_code(blanks: str) -> None:
    assert codes.normalize_code(blanks.format("SAVE10")) == "SAVE10"


@pytest.mark.parametrize("around", ["\n", "\r\n", "\x85", "\u00a0", "\u3000", "\u2028"])
def test_outer_whitespace_and_line_ends_are_no_part_of_a_code(around: str) -> None:
    assert codes.normalize_code(f"{around}SAVE10{around}") == "SAVE10"


@pytest.mark.parametrize(
    "invisible", ["\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad"]
)
def test_invisible_characters_are_no_part_of_a_code(invisible: str) -> None:
    text = f"{invisible} {invisible}SAVE{invisible}10 {invisible}"
    assert codes.normalize_code(text) == "SAVE10"


@pytest.mark.parametrize("dash", "\u2010\u2011\u2012\u2013\u2014\u2015\u2212")
def test_typographic_dashes_are_hyphens(dash: str) -> None:
    assert codes.normalize_code(f"SAVE{dash}10") == "SAVE-10"


@pytest.mark.parametrize("case", NO_CODES)
def test_what_cannot_be_a_code_is_none(case: str) -> None:
    assert codes.normalize_code(NO_CODES[case]) is None


@given(st.text())
def test_what_is_a_code_is_ascii_and_stays_one(text: str) -> None:
    code = codes.normalize_code(text)
    assert code is None or (code.isascii() and codes.normalize_code(code) == code)


def test_lookup_ignores_case() -> None:
    assert codes.to_lookup_key("Save-10_x") == codes.to_lookup_key("sAVE-10_X")


@given(st.from_regex(codes.CODE_REGEX, fullmatch=True))
def test_every_lookup_key_is_a_code_of_the_same_length(code: str) -> None:
    assert codes.CODE_REGEX.fullmatch(codes.to_lookup_key(code))
    assert len(codes.to_lookup_key(code)) == len(code)


def test_scopes_keep_users_apart() -> None:
    assert codes.code_scope("A", False, "ann") != codes.code_scope("A", False, "bob")


def test_scopes_keep_cases_apart_only_where_case_counts() -> None:
    assert codes.code_scope("A", True, "ann") != codes.code_scope("a", True, "ann")
    assert codes.code_scope("A", False, "ann") == codes.code_scope("a", False, "ann")


def test_a_users_scope_is_never_a_random_codes() -> None:
    assert codes.code_scope("A", False, "ann") != ""


@pytest.mark.parametrize("alphabet", CodeAlphabet)
@pytest.mark.parametrize("length", [4, 8, 32])
@pytest.mark.parametrize("prefix", ["", "WELCOME-"])
def test_random_codes_have_prefix_length_and_alphabet(
    alphabet: CodeAlphabet, length: int, prefix: str
) -> None:
    generated_codes = codes.generate_random_codes(
        50, prefix, length=length, alphabet=alphabet
    )
    assert len(generated_codes) == 50
    for code in generated_codes:
        assert code.startswith(prefix)
        assert len(code) == len(prefix) + length
        assert set(code[len(prefix) :]) <= set(codes.ALPHABETS[alphabet])


def test_no_codes_are_drawn_when_none_are_asked_for() -> None:
    assert not codes.generate_random_codes(0, "P", length=8, alphabet=CodeAlphabet.FULL)


def test_look_alikes_are_left_out() -> None:
    assert not set("01OIL") & set(codes.ALPHABETS[CodeAlphabet.UNAMBIGUOUS])


@pytest.mark.parametrize("alphabet", CodeAlphabet)
def test_every_character_is_equally_likely_at_every_place(
    alphabet: CodeAlphabet,
) -> None:
    count, length = 40_000, 4
    characters = codes.ALPHABETS[alphabet]
    generated_codes = codes.generate_random_codes(
        count, "", length=length, alphabet=alphabet
    )
    expected = count / len(characters)
    for position in range(length):
        counts = Counter(code[position] for code in generated_codes)
        chi_squared = sum(
            (counts[character] - expected) ** 2 / expected for character in characters
        )
        # Chi-squared with 30 to 35 degrees of freedom exceeds 100 once in 1e8 runs.
        assert chi_squared < 100
