"""Creators' codes: how patterns are filled, and that none is given twice."""

from __future__ import annotations

from functools import partial

import pytest

from coupon_core.domain import codes
from coupon_core.domain.models import AdminReason
from coupon_core.services.campaigns import campaigns, creators, packages
from tests.cores import at_once, tally
from tests.invariants import assert_invariants
from tests.shop import NOW, Shop, refusal

GEMS = {"itemId": "gem", "itemQuantity": 100}


@pytest.fixture
def package_id(shop: Shop) -> int:
    """A package of a campaign, and the creator ABC12."""
    campaigns.create(shop.tenant_id, "launch", {"names": {"en": "Launch"}}, NOW)
    creators.create(shop.tenant_id, "ABC12", {"name": "Jun"}, NOW)
    members = {"item_name": {"en": "Gems"}, "rewards": (GEMS,)}
    made = packages.create(shop.tenant_id, "launch", members, NOW)
    return made.package.package_id


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("CREATOR-{creator}-{number}", "CREATOR-ABC12-007"),
        ("{random}", "K7PM2QXZ"),
        ("go{number}-{random}", "GO007-K7PM2QXZ"),
    ],
)
def test_a_pattern_is_filled(pattern: str, code: str) -> None:
    assert codes.filled(pattern, "ABC12", 7, "K7PM2QXZ") == code


def test_numbers_grow_beyond_three_digits() -> None:
    assert codes.filled("{number}", "ABC12", 12_345, "") == "12345"


def test_makers_at_once_give_no_code_twice(shop: Shop, package_id: int) -> None:
    ids = shop.tenant_id, "ABC12", package_id
    outcomes = at_once([partial(creators.give, *ids, count=5)] * 6)
    given = [code for one in outcomes for code in one]
    assert sorted(given) == [f"CREATOR-ABC12-{n:03}" for n in range(1, 31)]
    assert_invariants()


def test_of_many_who_give_the_same_code_one_does(shop: Shop, package_id: int) -> None:
    ids = shop.tenant_id, "ABC12", package_id
    outcomes = at_once([partial(creators.give, *ids, ["GO-1"])] * 6)
    assert tally(outcomes) == {"done": 1, AdminReason.CODE_TAKEN: 5}


def test_a_creators_code_is_no_definitions_custom_code(
    shop: Shop, package_id: int
) -> None:
    shop.share("SAVE10")
    ids = shop.tenant_id, "ABC12", package_id
    assert refusal(creators.give, *ids, ["save10"]) == AdminReason.CODE_TAKEN
    creators.give(*ids, ["GO-1"])
    assert refusal(shop.share, "go-1") == AdminReason.CODE_TAKEN
