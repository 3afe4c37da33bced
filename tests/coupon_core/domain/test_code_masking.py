"""Tests of masked codes."""

import pytest

from coupon_core.domain.code_masking import mask_code


@pytest.mark.parametrize(
    ("code", "masked"),
    [
        ("", ""),
        ("A", "*"),
        ("SAVE", "S***"),
        ("8X4F2K9P", "8X*****P"),
        ("WELCOME8X4F2K9P", "WEL***********P"),
        ("A" * 64, "AAAA" + "*" * 58 + "AA"),
    ],
)
def test_most_of_a_code_is_hidden(code: str, masked: str) -> None:
    assert mask_code(code) == masked
