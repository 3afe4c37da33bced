"""Whatever a person gets slightly wrong about a code is among the candidates."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coupon_core.domain.codes import CODE_REGEX
from coupon_core.domain.models.explanations import MatchKind
from coupon_core.domain.rules.code_candidates import (
    EDIT_CHARACTERS,
    LOOK_ALIKES,
    MAX_EDITS,
    MAX_LOOK_ALIKES,
    get_shape,
    list_candidates,
)

PLAIN_CODES = st.text(EDIT_CHARACTERS, min_size=4, max_size=10)
SHORT_CODES = st.text(EDIT_CHARACTERS, min_size=4, max_size=9)
LONG_CODES = st.text(EDIT_CHARACTERS + "-_", min_size=1, max_size=64)


@given(st.text(max_size=80) | LONG_CODES, st.lists(LONG_CODES, max_size=3))
def test_candidates_are_few_valid_keys(text: str, templates: list[str]) -> None:
    shapes = [get_shape(template) for template in templates]
    candidates = list_candidates(text, shapes)
    counts = Counter(candidates.values())
    assert all(CODE_REGEX.fullmatch(key) and key == key.upper() for key in candidates)
    assert counts[MatchKind.LOOK_ALIKE] <= MAX_LOOK_ALIKES
    assert counts[MatchKind.ONE_EDIT] <= MAX_EDITS
    assert counts[MatchKind.SPACING] <= 2 + len(shapes)


@given(LONG_CODES.filter(CODE_REGEX.fullmatch), st.sampled_from([" ", "\u200b", "\n"]))
def test_the_code_itself_comes_first_in_any_case_and_with_blanks_around_it(
    code: str, blank: str
) -> None:
    candidates = list_candidates(f"{blank}{code.lower()}{blank}", ())
    assert next(iter(candidates.items())) == (code, MatchKind.NORMALIZED)


@given(PLAIN_CODES, st.data())
def test_blanks_and_dots_anywhere_are_removed(code: str, data: st.DataObject) -> None:
    position = data.draw(st.integers(1, len(code) - 1))
    entered = code[:position] + data.draw(st.sampled_from([" ", " . ", "·"]))
    assert list_candidates(entered + code[position:], ())[code] == MatchKind.SPACING


@pytest.mark.parametrize(
    "entered", ["GIFTAB12XY34", "gift ab12 xy34", "GIFT_AB12-XY34", "GIF-TAB12XY34"]
)
def test_separators_stand_where_the_definitions_have_them(entered: str) -> None:
    candidates = list_candidates(entered, [get_shape("GIFT-####-****")])
    assert candidates["GIFT-AB12-XY34"] == MatchKind.SPACING


@given(PLAIN_CODES, st.data())
def test_characters_that_look_alike_are_exchanged(
    code: str, data: st.DataObject
) -> None:
    entered = "".join(
        data.draw(st.sampled_from(LOOK_ALIKES.get(character, character)))
        for character in code[:5]
    )
    candidates = list_candidates(entered + code[5:], ())
    kind = MatchKind.NORMALIZED if entered == code[:5] else MatchKind.LOOK_ALIKE
    assert candidates[code] == kind


def test_a_long_code_of_zeros_and_ones_is_found_if_it_is_mistyped_throughout() -> None:
    candidates = list_candidates("OOOOIIIIOOOOIIIIOOOO", ())
    assert candidates["00001111000011110000"] == MatchKind.LOOK_ALIKE


def _swap(code: str, position: int, _: str) -> str:
    swapped = code[position + 1 : position + 2] + code[position]
    return code[:position] + swapped + code[position + 2 :]


EDITS = {
    "swapped": _swap,
    "lost": lambda code, position, _: code[:position] + code[position + 1 :],
    "other": lambda code, position, other: (
        code[:position] + other + code[position + 1 :]
    ),
    "added": lambda code, position, other: code[:position] + other + code[position:],
}


@pytest.mark.parametrize("edit", EDITS)
@given(code=SHORT_CODES, other=st.sampled_from(EDIT_CHARACTERS), data=st.data())
def test_one_edit_of_a_short_code_is_undone(
    edit: str, code: str, other: str, data: st.DataObject
) -> None:
    position = data.draw(st.integers(0, len(code) - 1))
    entered = EDITS[edit](code, position, other)
    assert code in list_candidates(entered, ())


@pytest.mark.parametrize(
    "entered", ["GIFT-A12-XY4", "gifta12xy4", "GIFTAB12XY5", "GIFT-AB12-XY4Q"]
)
def test_one_edit_is_undone_with_and_without_separators(entered: str) -> None:
    candidates = list_candidates(entered, [get_shape("GIFT-####-***"), (3, ())])
    assert candidates["GIFT-AB12-XY4"] == MatchKind.ONE_EDIT


@pytest.mark.parametrize("length", [16, 17])
def test_edits_are_guessed_up_to_sixteen_characters(length: int) -> None:
    candidates = list_candidates("Q" * length, ())
    assert ("R" + "Q" * (length - 1) in candidates) == (length == 16)
