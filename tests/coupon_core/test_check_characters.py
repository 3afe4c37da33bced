"""The check character: every wrong character and every swap of neighbours is caught."""

from __future__ import annotations

from itertools import product

import pytest

from coupon_core.domain.check_digit import CHARACTERS, check_character, is_right

CODES = ["SUMMER7K4M2P", "A", "0000", "X9-Q_Z3", "".join(CHARACTERS)]


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_right_with_its_check_character_alone(code: str) -> None:
    right = [one for one in CHARACTERS if is_right(code + one)]
    assert right == [check_character(code)]


@pytest.mark.parametrize("code", CODES)
def test_any_wrong_character_is_caught(code: str) -> None:
    whole = code + check_character(code)
    for place, wrong in product(range(len(whole)), CHARACTERS):
        if whole[place] not in ("-", "_", wrong):
            assert not is_right(whole[:place] + wrong + whole[place + 1 :])


@pytest.mark.parametrize("one", CHARACTERS)
def test_any_two_neighbours_that_are_swapped_are_caught(one: str) -> None:
    """Whatever stands before them, and be the second one the check character."""
    for other, before in product(CHARACTERS, CHARACTERS):
        whole = before + one + other
        whole += check_character(whole)
        assert one == other or not is_right(before + other + one + whole[-1])
        assert other == whole[-1] or not is_right(before + one + whole[-1] + other)
