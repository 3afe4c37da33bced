"""Test codes of creators: patterns, and that no code is assigned twice."""

from __future__ import annotations

from functools import partial

import pytest

from coupon_core.domain import codes
from coupon_core.domain.models import AdminReason
from coupon_core.services.campaigns import campaigns, creators, packages
from tests.factories.tenant import NOW, TenantFactory
from tests.support.concurrency import count_outcomes, run_concurrently
from tests.support.invariants import assert_invariants
from tests.support.refusals import capture_refusal

GEMS = {"itemId": "gem", "itemQuantity": 100}


@pytest.fixture
def package_id(tenant: TenantFactory) -> int:
    """Create a campaign with a package, and the creator ABC12."""
    campaigns.create(tenant.tenant_id, "launch", {"names": {"en": "Launch"}}, NOW)
    creators.create(tenant.tenant_id, "ABC12", {"name": "Jun"}, NOW)
    members = {"item_name": {"en": "Gems"}, "rewards": (GEMS,)}
    created = packages.create(tenant.tenant_id, "launch", members, NOW)
    return created.package.package_id


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("CREATOR-{creator}-{number}", "CREATOR-ABC12-007"),
        ("{random}", "K7PM2QXZ"),
        ("go{number}-{random}", "GO007-K7PM2QXZ"),
    ],
)
def test_a_pattern_is_filled(pattern: str, code: str) -> None:
    assert codes.fill_template(pattern, "ABC12", 7, "K7PM2QXZ") == code


def test_numbers_grow_beyond_three_digits() -> None:
    assert codes.fill_template("{number}", "ABC12", 12_345, "") == "12345"


def test_makers_at_once_give_no_code_twice(
    tenant: TenantFactory, package_id: int
) -> None:
    generate = partial(
        creators.assign_or_generate_codes,
        tenant.tenant_id,
        "ABC12",
        package_id=package_id,
        count=5,
    )
    outcomes = run_concurrently([generate] * 6)
    codes_given = [code for codes_of_task in outcomes for code in codes_of_task]
    assert sorted(codes_given) == [f"CREATOR-ABC12-{n:03}" for n in range(1, 31)]
    assert_invariants()


def test_of_many_who_give_the_same_code_one_does(
    tenant: TenantFactory, package_id: int
) -> None:
    assign = partial(
        creators.assign_or_generate_codes,
        tenant.tenant_id,
        "ABC12",
        package_id=package_id,
        codes=["GO-1"],
    )
    outcomes = run_concurrently([assign] * 6)
    assert count_outcomes(outcomes) == {"done": 1, AdminReason.CODE_TAKEN: 5}


def test_a_creators_code_is_no_definitions_custom_code(
    tenant: TenantFactory, package_id: int
) -> None:
    tenant.define_custom("SAVE10")
    assign = partial(
        creators.assign_or_generate_codes,
        tenant.tenant_id,
        "ABC12",
        package_id=package_id,
    )
    assert capture_refusal(assign, codes=["save10"]) == AdminReason.CODE_TAKEN
    assign(codes=["GO-1"])
    assert capture_refusal(tenant.define_custom, "go-1") == AdminReason.CODE_TAKEN
