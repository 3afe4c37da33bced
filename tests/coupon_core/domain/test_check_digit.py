"""The check character: every wrong character and every swap of neighbours is caught."""

from __future__ import annotations

from itertools import product

import pytest

from coupon_core.domain.check_digit import (
    CHECK_CHARACTERS,
    compute_check_character,
    has_valid_check_digit,
)

CODES = ["SUMMER7K4M2P", "A", "0000", "X9-Q_Z3", "".join(CHECK_CHARACTERS)]


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_right_with_its_check_character_alone(code: str) -> None:
    right = [one for one in CHECK_CHARACTERS if has_valid_check_digit(code + one)]
    assert right == [compute_check_character(code)]


@pytest.mark.parametrize("code", CODES)
def test_any_wrong_character_is_caught(code: str) -> None:
    whole = code + compute_check_character(code)
    for place, wrong in product(range(len(whole)), CHECK_CHARACTERS):
        if whole[place] not in ("-", "_", wrong):
            assert not has_valid_check_digit(whole[:place] + wrong + whole[place + 1 :])


@pytest.mark.parametrize("one", CHECK_CHARACTERS)
def test_any_two_neighbours_that_are_swapped_are_caught(one: str) -> None:
    """Whatever stands before them, and be the second one the check character."""
    for other, before in product(CHECK_CHARACTERS, CHECK_CHARACTERS):
        whole = before + one + other
        whole += compute_check_character(whole)
        assert one == other or not has_valid_check_digit(
            before + other + one + whole[-1]
        )
        assert other == whole[-1] or not has_valid_check_digit(
            before + one + whole[-1] + other
        )
