"""Tests of cells that a spreadsheet would compute."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupon_core.domain.csv_escaping import escape_formula, unescape_formula

FOLDED_STARTS = [
    character
    for character in map(chr, range(sys.maxunicode + 1))
    if unicodedata.normalize("NFKC", character)[0] in "=+-@\t\r\n\u2212"
]


def test_every_character_that_folds_to_a_formula_start_is_escaped() -> None:
    assert set("＝＋－＠") <= set(FOLDED_STARTS)
    for character in FOLDED_STARTS:
        cell = f"{character}SUM(A1)"
        assert escape_formula(cell) == f"'{cell}", ascii(character)


@pytest.mark.parametrize("cell", ["ann", "a=1", "'quoted'", "", "'", "1-2", "é+", "~"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert escape_formula(cell) == cell
    assert unescape_formula(cell) == cell


def test_blanks_before_a_formula_do_not_hide_it() -> None:
    assert escape_formula(" \u3000=1") == "' \u3000=1"


@given(st.text(alphabet=["'", " ", "=", "＝", "-", "a", "\t", "\n"], max_size=6))
def test_escapes_are_undone(text: str) -> None:
    assert unescape_formula(escape_formula(text)) == text
