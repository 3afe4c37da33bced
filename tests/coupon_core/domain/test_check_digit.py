"""Test that the check character detects wrong characters and swapped neighbours."""

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
    valid_characters = [
        character
        for character in CHECK_CHARACTERS
        if has_valid_check_digit(code + character)
    ]
    assert valid_characters == [compute_check_character(code)]


@pytest.mark.parametrize("code", CODES)
def test_any_wrong_character_is_caught(code: str) -> None:
    full_code = code + compute_check_character(code)
    for index, wrong in product(range(len(full_code)), CHECK_CHARACTERS):
        if full_code[index] not in ("-", "_", wrong):
            mistyped_code = full_code[:index] + wrong + full_code[index + 1 :]
            assert not has_valid_check_digit(mistyped_code)


@pytest.mark.parametrize("first", CHECK_CHARACTERS)
def test_any_two_neighbours_that_are_swapped_are_caught(first: str) -> None:
    """The second one of them may be the check character itself."""
    for second, prefix in product(CHECK_CHARACTERS, CHECK_CHARACTERS):
        check_digit = compute_check_character(prefix + first + second)
        assert first == second or not has_valid_check_digit(
            prefix + second + first + check_digit
        )
        assert second == check_digit or not has_valid_check_digit(
            prefix + first + check_digit + second
        )
