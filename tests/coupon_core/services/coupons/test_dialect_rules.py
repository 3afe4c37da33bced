"""Tests of rules for PlayCamp and Mambo: user limits, creator codes, awards, copies."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from coupon_core.domain.models import (
    UNASSIGNED,
    AdminReason,
    CodeFormat,
    CouponStatus,
    Definition,
    Reason,
    utc_now,
)
from coupon_core.domain.rules.redemption import get_coupon_status
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import code_lookup as code_lookup_repository
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.persistence.tables import SharedCodeTable
from coupon_core.services.coupons import code_assignment
from tests.factories.tenant import NOW, TenantFactory
from tests.support.concurrency import count_outcomes, run_concurrently
from tests.support.invariants import assert_invariants
from tests.support.refusals import capture_refusal


def define_shared_codes(
    tenant: TenantFactory, codes: list[str], **members: object
) -> Definition:
    """Create a claimable definition with shared codes of a creator."""
    definition = tenant.define(code_format=CodeFormat.SHARED, claimable=True, **members)
    with transaction():
        code_lookup_repository.add_shared_codes(definition, codes, "ABC12")
    return definition


def revoke_code(tenant: TenantFactory, code: str) -> None:
    condition = (SharedCodeTable.tenant_id == tenant.tenant_id) & (
        SharedCodeTable.code == code
    )
    SharedCodeTable.update(revoked_at=utc_now()).where(condition).execute()


# -------------------------------------------------------------------- creator codes


def test_a_creators_code_is_claimed_by_any_number_of_users(
    tenant: TenantFactory,
) -> None:
    define_shared_codes(tenant, ["GO-1", "GO-2"])
    redeemed = [tenant.redeem("go-1", user) for user in ("ann", "bob")]
    assert {issued.coupon.code for issued in redeemed} == {"GO-1"}
    assert capture_refusal(tenant.redeem, "GO-1", "ann") == Reason.ALREADY_REDEEMED
    assert tenant.redeem("GO-2", "ann").coupon.code == "GO-2"
    assert_invariants()


def test_a_creators_code_is_told_to_a_tenant_by_its_definition(
    tenant: TenantFactory,
) -> None:
    definition = define_shared_codes(tenant, ["GO-1"])
    validated = tenant.validate("GO-1", None).definition
    assert validated
    assert validated.definition_id == definition.definition_id


def test_a_revoked_code_is_revoked_for_those_who_hold_it_too(
    tenant: TenantFactory,
) -> None:
    define_shared_codes(tenant, ["GO-1", "GO-2"], per_code_limit=0)
    tenant.redeem("GO-1", "ann")
    revoke_code(tenant, "GO-1")
    for user in ("ann", "bob"):
        assert capture_refusal(tenant.redeem, "GO-1", user) == Reason.REVOKED
    assert get_coupon_status(tenant.find("GO-1", "ann"), NOW) == CouponStatus.REVOKED
    assert tenant.redeem("GO-2", "ann").coupon.redemption_count == 1


def test_shared_codes_are_not_generated(tenant: TenantFactory) -> None:
    definition = define_shared_codes(tenant, ["GO-1"])
    reason = capture_refusal(tenant.generate, definition, ["ann"])
    assert reason == AdminReason.SHARED_CODES_ARE_CLAIMED


def test_the_format_of_given_codes_is_frozen_before_any_coupon(
    tenant: TenantFactory,
) -> None:
    definition = define_shared_codes(tenant, ["GO-1"])
    change = partial(tenant.change, definition, code_format=CodeFormat.RANDOM)
    assert capture_refusal(change, claimable=False) == AdminReason.CODE_RULES_FROZEN


# ---------------------------------------------------------------------- user limits


def test_a_user_uses_the_codes_of_a_definition_up_to_the_limit(
    tenant: TenantFactory,
) -> None:
    define_shared_codes(tenant, ["GO-1", "GO-2", "GO-3"], per_user_limit=2)
    tenant.redeem("GO-1", "ann")
    tenant.redeem("GO-2", "ann")
    assert capture_refusal(tenant.redeem, "GO-3", "ann") == Reason.USER_LIMIT
    assert tenant.validate("GO-3", "ann").decision.reason == Reason.USER_LIMIT
    assert tenant.redeem("GO-3", "bob").coupon.redemption_count == 1
    assert_invariants()


@pytest.mark.parametrize("total", [0, 5])
def test_a_users_limit_is_exact_over_many_codes_at_once(
    tenant: TenantFactory, total: int
) -> None:
    codes = [f"GO-{number}" for number in range(10)]
    define_shared_codes(tenant, codes, per_user_limit=2, total_limit=total)
    outcomes = run_concurrently([partial(tenant.redeem, code) for code in codes])
    assert count_outcomes(outcomes) == {"done": 2, Reason.USER_LIMIT: 8}
    assert_invariants()


def test_an_empty_pool_counts_no_use_of_the_user(tenant: TenantFactory) -> None:
    codes = [f"GO-{number}" for number in range(6)]
    define_shared_codes(tenant, codes, per_user_limit=5, total_limit=3)
    outcomes = run_concurrently([partial(tenant.redeem, code) for code in codes])
    assert count_outcomes(outcomes) == {"done": 3, Reason.POOL_EMPTY: 3}
    assert_invariants()


def test_a_limit_by_user_set_later_counts_what_was_used_before(
    tenant: TenantFactory,
) -> None:
    definition = define_shared_codes(tenant, ["GO-1", "GO-2", "GO-3"])
    tenant.redeem("GO-1", "ann")
    tenant.redeem("GO-2", "ann")
    change = partial(tenant.change, definition)
    assert capture_refusal(change, per_user_limit=1) == AdminReason.LIMIT_BELOW_USES
    change(per_user_limit=2)
    assert capture_refusal(tenant.redeem, "GO-3", "ann") == Reason.USER_LIMIT
    assert_invariants()


# ---------------------------------------------------------------------------- awards


def test_a_coupon_that_is_only_awarded_is_not_for_whoever_types_it(
    tenant: TenantFactory,
) -> None:
    definition = tenant.define(awarded_only=True)
    unassigned_code = tenant.issue_unassigned_code(definition)
    assigned_code = tenant.issue_code(definition, "ann")
    assert (
        capture_refusal(tenant.redeem, unassigned_code, "ann")
        == Reason.COUPON_NOT_FOUND
    )
    assert tenant.redeem(assigned_code, "ann").coupon.redemption_count == 1


def test_awards_are_counted_when_they_are_given_not_when_they_are_used(
    tenant: TenantFactory,
) -> None:
    definition = tenant.define(awarded_only=True, total_limit=2)
    coupons = tenant.generate(definition, ["ann", "bob"])
    assert tenant.reload_definition(definition).used_count == 2
    reason = capture_refusal(tenant.generate, definition, ["cid"])
    assert reason == AdminReason.TOTAL_LIMIT_REACHED
    for issued in coupons:
        tenant.redeem(issued.coupon.code, issued.coupon.user_id)
    assert_invariants()


def test_awards_at_once_stay_within_the_limit(tenant: TenantFactory) -> None:
    definition = tenant.define(awarded_only=True, total_limit=5)
    tasks = [partial(tenant.generate, definition, [f"user-{n}"]) for n in range(12)]
    found = count_outcomes(run_concurrently(tasks))
    assert found == {"done": 5, AdminReason.TOTAL_LIMIT_REACHED: 7}
    assert_invariants()


def test_unassigned_coupons_are_no_awards(tenant: TenantFactory) -> None:
    definition = tenant.define(awarded_only=True, total_limit=1)
    tenant.generate(definition, [UNASSIGNED] * 3)
    assert tenant.reload_definition(definition).used_count == 0
    assert_invariants()


# ---------------------------------------------------------------------------- copies


def test_of_several_copies_the_first_that_may_be_is_used(tenant: TenantFactory) -> None:
    definition = tenant.define_custom("SAVE10", awarded_only=True)
    give_copies(definition, 3)
    for number in (1, 2, 3):
        assert tenant.redeem("SAVE10", "ann").coupon.copy_number == number
    assert capture_refusal(tenant.redeem, "SAVE10", "ann") == Reason.ALREADY_REDEEMED
    assert_invariants()


def test_copies_at_once_are_each_used_once(tenant: TenantFactory) -> None:
    give_copies(tenant.define_custom("SAVE10", awarded_only=True), 3)
    outcomes = run_concurrently([partial(tenant.redeem, "SAVE10")] * 10)
    assert count_outcomes(outcomes) == {"done": 3, Reason.ALREADY_REDEEMED: 7}
    assert_invariants()


def test_an_expired_copy_does_not_stand_before_a_good_one(
    tenant: TenantFactory,
) -> None:
    definition = tenant.define_custom("SAVE10", awarded_only=True)
    give_copies(definition, 1, expires_in=timedelta(days=-1))
    assert capture_refusal(tenant.redeem, "SAVE10", "ann") == Reason.EXPIRED
    give_copies(definition, 1, first=2)
    assert tenant.redeem("SAVE10", "ann").coupon.copy_number == 2


def give_copies(
    definition: Definition,
    count: int,
    first: int = 1,
    expires_in: timedelta | None = None,
) -> None:
    """Assign copies of a custom code to the user "ann"."""
    code = definition.custom_code
    expires_at = NOW + expires_in if expires_in else None
    for number in range(first, first + count):
        coupon = code_assignment.build_coupon(definition, "ann", code, NOW, expires_at)
        copy = replace(coupon, copy_number=number)
        with transaction():
            assert coupon_repository.insert_new([copy], definition) == [copy]
