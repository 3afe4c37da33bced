"""Tests of how the limit of a hot definition is divided among slots."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coupon_core.domain import serialization
from coupon_core.domain.models import Definition
from coupon_core.domain.rules.usage_slots import (
    SLOT_COUNT,
    divide,
    get_slot,
    is_hot,
)
from tests.coupon_core.domain.test_redemption_rules import DEFINITION


@pytest.mark.parametrize("amount", [0, 1, 15, 16, 17, 1_000_000_000])
def test_the_shares_add_up_and_differ_by_one_at_most(amount: int) -> None:
    shares = divide(amount)
    assert sum(shares) == amount
    assert len(shares) == SLOT_COUNT
    assert max(shares) - min(shares) == (1 if amount % SLOT_COUNT else 0)


def test_users_are_spread_over_all_slots() -> None:
    slots = [get_slot(f"user-{number}") for number in range(200)]
    assert set(slots) == set(range(SLOT_COUNT))
    assert [get_slot(f"user-{number}") for number in range(200)] == slots


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


def test_only_administrators_see_that_a_definition_is_marked_as_hot() -> None:
    hot = replace(DEFINITION, hot=True)
    assert serialization.serialize_definition_config(hot)["hot"] is True
    assert "hot" not in serialization.serialize_definition_config(DEFINITION)
    assert "hot" not in serialization.serialize_definition(hot)["config"]
