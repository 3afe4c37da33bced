"""What the dialects ask of coupons: limits by user, creators' codes, awards, copies."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from coupon_core.domain.models import (
    NOBODY,
    AdminReason,
    CodeFormat,
    CouponStatus,
    Definition,
    Reason,
    utc_now,
)
from coupon_core.domain.rules.redemption import coupon_status
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import code_lookup as code_store
from coupon_core.persistence.repositories import coupons as coupon_store
from coupon_core.persistence.tables import SharedCode
from coupon_core.services.coupons import generation
from tests.cores import at_once, tally
from tests.invariants import assert_invariants
from tests.shop import NOW, Shop, refusal


def creators(shop: Shop, codes: list[str], **members: object) -> Definition:
    """A claimable definition whose codes creators hand out."""
    made = shop.define(code_format=CodeFormat.SHARED, claimable=True, **members)
    with transaction():
        code_store.add_shared(made, codes, "ABC12")
    return made


def revoke_code(shop: Shop, code: str) -> None:
    here = (SharedCode.tenant_id == shop.tenant_id) & (SharedCode.code == code)
    SharedCode.update(revoked_at=utc_now()).where(here).execute()


# ------------------------------------------------------------------- creators' codes


def test_a_creators_code_is_claimed_by_any_number_of_users(shop: Shop) -> None:
    creators(shop, ["GO-1", "GO-2"])
    used = [shop.redeem("go-1", user) for user in ("ann", "bob")]
    assert {one.coupon.code for one in used} == {"GO-1"}
    assert refusal(shop.redeem, "GO-1", "ann") == Reason.ALREADY_REDEEMED
    assert shop.redeem("GO-2", "ann").coupon.code == "GO-2"
    assert_invariants()


def test_a_creators_code_is_told_to_a_tenant_by_its_definition(shop: Shop) -> None:
    definition = creators(shop, ["GO-1"])
    told = shop.validate("GO-1", None).definition
    assert told
    assert told.definition_id == definition.definition_id


def test_a_revoked_code_is_revoked_for_those_who_hold_it_too(shop: Shop) -> None:
    creators(shop, ["GO-1", "GO-2"], per_code_limit=0)
    shop.redeem("GO-1", "ann")
    revoke_code(shop, "GO-1")
    for user in ("ann", "bob"):
        assert refusal(shop.redeem, "GO-1", user) == Reason.REVOKED
    assert coupon_status(shop.find("GO-1", "ann"), NOW) == CouponStatus.REVOKED
    assert shop.redeem("GO-2", "ann").coupon.redemption_count == 1


def test_shared_codes_are_not_generated(shop: Shop) -> None:
    definition = creators(shop, ["GO-1"])
    reason = refusal(shop.generate, definition, ["ann"])
    assert reason == AdminReason.SHARED_CODES_ARE_CLAIMED


def test_the_format_of_given_codes_is_frozen_before_any_coupon(shop: Shop) -> None:
    definition = creators(shop, ["GO-1"])
    change = partial(shop.change, definition, code_format=CodeFormat.RANDOM)
    assert refusal(change, claimable=False) == AdminReason.CODE_RULES_FROZEN


# -------------------------------------------------------------------- limits by user


def test_a_user_uses_the_codes_of_a_definition_up_to_the_limit(shop: Shop) -> None:
    creators(shop, ["GO-1", "GO-2", "GO-3"], per_user_limit=2)
    shop.redeem("GO-1", "ann")
    shop.redeem("GO-2", "ann")
    assert refusal(shop.redeem, "GO-3", "ann") == Reason.USER_LIMIT
    assert shop.validate("GO-3", "ann").decision.reason == Reason.USER_LIMIT
    assert shop.redeem("GO-3", "bob").coupon.redemption_count == 1
    assert_invariants()


@pytest.mark.parametrize("total", [0, 5])
def test_a_users_limit_is_exact_over_many_codes_at_once(shop: Shop, total: int) -> None:
    codes = [f"GO-{number}" for number in range(10)]
    creators(shop, codes, per_user_limit=2, total_limit=total)
    outcomes = at_once([partial(shop.redeem, code) for code in codes])
    assert tally(outcomes) == {"done": 2, Reason.USER_LIMIT: 8}
    assert_invariants()


def test_an_empty_pool_counts_no_use_of_the_user(shop: Shop) -> None:
    codes = [f"GO-{number}" for number in range(6)]
    creators(shop, codes, per_user_limit=5, total_limit=3)
    outcomes = at_once([partial(shop.redeem, code) for code in codes])
    assert tally(outcomes) == {"done": 3, Reason.POOL_EMPTY: 3}
    assert_invariants()


def test_a_limit_by_user_set_later_counts_what_was_used_before(shop: Shop) -> None:
    definition = creators(shop, ["GO-1", "GO-2", "GO-3"])
    shop.redeem("GO-1", "ann")
    shop.redeem("GO-2", "ann")
    change = partial(shop.change, definition)
    assert refusal(change, per_user_limit=1) == AdminReason.LIMIT_BELOW_USES
    change(per_user_limit=2)
    assert refusal(shop.redeem, "GO-3", "ann") == Reason.USER_LIMIT
    assert_invariants()


# ---------------------------------------------------------------------------- awards


def test_a_coupon_that_is_only_awarded_is_not_for_whoever_types_it(shop: Shop) -> None:
    definition = shop.define(awarded_only=True)
    loose, given = shop.loose(definition), shop.give(definition, "ann")
    assert refusal(shop.redeem, loose, "ann") == Reason.COUPON_NOT_FOUND
    assert shop.redeem(given, "ann").coupon.redemption_count == 1


def test_awards_are_counted_when_they_are_given_not_when_they_are_used(
    shop: Shop,
) -> None:
    definition = shop.define(awarded_only=True, total_limit=2)
    made = shop.generate(definition, ["ann", "bob"])
    assert shop.definition(definition).used_count == 2
    reason = refusal(shop.generate, definition, ["cid"])
    assert reason == AdminReason.TOTAL_LIMIT_REACHED
    for one in made:
        shop.redeem(one.coupon.code, one.coupon.user_id)
    assert_invariants()


def test_awards_at_once_stay_within_the_limit(shop: Shop) -> None:
    definition = shop.define(awarded_only=True, total_limit=5)
    tasks = [partial(shop.generate, definition, [f"user-{n}"]) for n in range(12)]
    found = tally(at_once(tasks))
    assert found == {"done": 5, AdminReason.TOTAL_LIMIT_REACHED: 7}
    assert_invariants()


def test_unassigned_coupons_are_no_awards(shop: Shop) -> None:
    definition = shop.define(awarded_only=True, total_limit=1)
    shop.generate(definition, [NOBODY] * 3)
    assert shop.definition(definition).used_count == 0
    assert_invariants()


# ---------------------------------------------------------------------------- copies


def test_of_several_copies_the_first_that_may_be_is_used(shop: Shop) -> None:
    definition = shop.share("SAVE10", awarded_only=True)
    give_copies(definition, 3)
    for number in (1, 2, 3):
        assert shop.redeem("SAVE10", "ann").coupon.copy_number == number
    assert refusal(shop.redeem, "SAVE10", "ann") == Reason.ALREADY_REDEEMED
    assert_invariants()


def test_copies_at_once_are_each_used_once(shop: Shop) -> None:
    give_copies(shop.share("SAVE10", awarded_only=True), 3)
    outcomes = at_once([partial(shop.redeem, "SAVE10")] * 10)
    assert tally(outcomes) == {"done": 3, Reason.ALREADY_REDEEMED: 7}
    assert_invariants()


def test_an_expired_copy_does_not_stand_before_a_good_one(shop: Shop) -> None:
    definition = shop.share("SAVE10", awarded_only=True)
    give_copies(definition, 1, expires_in=timedelta(days=-1))
    assert refusal(shop.redeem, "SAVE10", "ann") == Reason.EXPIRED
    give_copies(definition, 1, first=2)
    assert shop.redeem("SAVE10", "ann").coupon.copy_number == 2


def give_copies(
    definition: Definition,
    count: int,
    first: int = 1,
    expires_in: timedelta | None = None,
) -> None:
    """Put copies of a code into Ann's hands."""
    code, expires_at = definition.custom_code, NOW + expires_in if expires_in else None
    for number in range(first, first + count):
        one = generation.draft(definition, "ann", code, NOW, expires_at)
        copy = replace(one, copy_number=number)
        with transaction():
            assert coupon_store.insert_new([copy], definition) == [copy]
