"""Tests of how the limit of a hot definition is divided among slots."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coupon_core.domain.models import Definition
from coupon_core.domain.rules.usage_slots import (
    SLOT_COUNT,
    divide,
    is_hot,
    list_slots,
)
from tests.coupon_core.domain.test_redemption_rules import DEFINITION


@pytest.mark.parametrize("amount", [0, 1, 15, 16, 17, 1_000_000_000])
@pytest.mark.parametrize("first_slot", [0, 5, 15])
def test_the_shares_add_up_and_differ_by_one_at_most(
    amount: int, first_slot: int
) -> None:
    shares = divide(amount, first_slot)
    assert sum(shares) == amount
    assert len(shares) == SLOT_COUNT
    assert max(shares) - min(shares) == (1 if amount % SLOT_COUNT else 0)
    assert shares[first_slot] == max(shares)


def test_a_user_always_tries_the_same_three_slots() -> None:
    slots = [list_slots(f"user-{number}") for number in range(200)]
    assert {len(set(three)) for three in slots} == {3}
    assert {first for first, *_ in slots} == set(range(SLOT_COUNT))
    assert list_slots("ann") == list_slots("ann")


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"total_limit": 999}, False),
        ({"total_limit": 1_000}, True),
        ({"total_limit": 1, "hot": True}, True),
        ({"total_limit": 0, "hot": True}, False),
        ({"total_limit": 1_000, "awarded_only": True}, False),
    ],
)
def test_uses_are_counted_in_slots_under_a_high_limit_or_if_marked(
    members: dict[str, int], expected: bool
) -> None:
    definition: Definition = replace(DEFINITION, **members)
    assert is_hot(definition) is expected
