"""Validate, redeem, revoke and list, through the use cases, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from coupon_core.domain.models import (
    AdminReason,
    CouponStatus,
    IssuedCoupon,
    Page,
    Reason,
)
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.persistence.id_generation import new_number
from coupon_core.services.catalog import definitions
from coupon_core.services.coupons import administration
from tests.invariants import assert_invariants, rows
from tests.shop import NOW, Shop, new_shop, refusal

MOMENT = timedelta(milliseconds=1)
LATER = NOW + timedelta(days=1)


def everything(shop: Shop) -> list[Any]:
    """All that is stored of a tenant and could change."""
    of_tenant = f"WHERE tenant_id = '{shop.tenant_id}'"
    tables = "definition", "coupon", "redemption", "outbox"
    return [sorted(rows(f"SELECT * FROM {t} {of_tenant}"), key=repr) for t in tables]


# ------------------------------------------------------------------ whose coupon


def test_ones_own_coupon_is_redeemed(shop: Shop) -> None:
    code = shop.give(shop.define())
    redeemed = shop.redeem(code, now=NOW)
    assert redeemed.coupon.redemption_count == 1
    assert redeemed.coupon.redeemed_at == NOW
    assert redeemed == shop.find(code)
    assert_invariants()


def test_another_users_coupon_is_not_found(shop: Shop) -> None:
    code = shop.give(shop.define(), "ann")
    before = everything(shop)
    assert refusal(shop.redeem, code, "bob") == Reason.COUPON_NOT_FOUND
    assert shop.validate(code, "bob").decision.reason == Reason.COUPON_NOT_FOUND
    assert everything(shop) == before


def test_another_tenants_coupon_is_not_found(shop: Shop) -> None:
    code = shop.give(shop.define())
    assert refusal(new_shop().redeem, code) == Reason.COUPON_NOT_FOUND
    assert new_shop().validate(code, None).decision.reason == Reason.COUPON_NOT_FOUND


def test_an_unassigned_coupon_is_whose_who_redeems_it_first(shop: Shop) -> None:
    code = shop.loose(shop.define(per_code_limit=2))
    assert shop.redeem(code, "bob").coupon.user_id == "bob"
    assert refusal(shop.redeem, code, "ann") == Reason.COUPON_NOT_FOUND
    assert shop.redeem(code, "bob").coupon.redemption_count == 2


def test_an_unassigned_coupon_is_valid_for_anybody(shop: Shop) -> None:
    code = shop.loose(shop.define())
    assert shop.validate(code, "bob").decision.allowed
    assert shop.find(code).coupon.user_id == ""


def test_a_shared_code_is_not_found_by_those_who_never_got_it(shop: Shop) -> None:
    shop.give(shop.share("SAVE10"), "ann")
    assert refusal(shop.redeem, "SAVE10", "bob") == Reason.COUPON_NOT_FOUND
    assert shop.redeem("SAVE10", "ann").coupon.user_id == "ann"


def test_a_claimable_code_makes_the_users_coupon(shop: Shop) -> None:
    shop.open("SAVE10")
    claimed = shop.redeem("SAVE10", "bob", NOW)
    assert claimed == shop.find("SAVE10", "bob")
    assert claimed.coupon.generated_at == NOW
    assert_invariants()


def test_a_claimable_code_is_claimed_once_by_each_user(shop: Shop) -> None:
    shop.open("SAVE10")
    assert shop.redeem("SAVE10", "ann") != shop.redeem("SAVE10", "bob")
    assert refusal(shop.redeem, "SAVE10", "ann") == Reason.ALREADY_REDEEMED


def test_validating_a_claimable_code_tells_its_definition_only(shop: Shop) -> None:
    definition = shop.open("SAVE10")
    found = shop.validate("SAVE10", "bob")
    assert found.decision.allowed
    assert (found.issued, found.definition) == (None, definition)
    assert everything(shop)[1] == []


def test_a_claimable_code_may_be_claimed_while_paused(shop: Shop) -> None:
    definition = shop.open("SAVE10")
    shop.pause(definition)
    assert shop.validate("SAVE10", "bob").decision.allowed
    assert shop.redeem("SAVE10", "bob").coupon.redemption_count == 1


def test_a_revoked_claim_is_not_claimed_again(shop: Shop) -> None:
    definition = shop.open("SAVE10")
    shop.give(definition, "ann")
    shop.revoke("SAVE10", "ann")
    assert refusal(shop.redeem, "SAVE10", "ann") == Reason.REVOKED


# -------------------------------------------------------------- how codes compare


@pytest.mark.parametrize("typed", ["SAVE10", "save10", "Save10", " save10\t"])
def test_case_and_blanks_do_not_matter_unless_asked_for(shop: Shop, typed: str) -> None:
    shop.give(shop.share("SAVE10"))
    assert shop.validate(typed).decision.allowed
    assert shop.redeem(typed).coupon.code == "SAVE10"


@pytest.mark.parametrize("typed", ["save10", "SAVE10", "sAVE10"])
def test_case_matters_where_asked_for(shop: Shop, typed: str) -> None:
    shop.give(shop.share("Save10", case_sensitive=True))
    assert refusal(shop.redeem, typed) == Reason.COUPON_NOT_FOUND
    assert shop.redeem("Save10").coupon.redemption_count == 1


def test_codes_that_differ_by_case_are_two(shop: Shop) -> None:
    upper = shop.share("REWARD10", case_sensitive=True)
    lower = shop.share("reward10", case_sensitive=True)
    shop.give(upper)
    shop.give(lower)
    assert shop.redeem("reward10").definition.definition_id == lower.definition_id
    assert shop.redeem("REWARD10").definition.definition_id == upper.definition_id
    assert refusal(shop.redeem, "Reward10") == Reason.COUPON_NOT_FOUND


def test_case_matters_for_random_codes_where_asked_for(shop: Shop) -> None:
    code = shop.give(shop.define(case_sensitive=True, code_prefix="Aa"))
    assert refusal(shop.redeem, code.lower()) == Reason.COUPON_NOT_FOUND
    assert shop.redeem(code).coupon.code == code


@pytest.mark.parametrize("typed", ["ſave10", "", "SAVE\x00", "S" * 65, "a/b"])
@pytest.mark.parametrize("user_id", ["ann", None])
def test_what_is_no_code_is_not_found(
    shop: Shop, typed: str, user_id: str | None
) -> None:
    assert shop.validate(typed, user_id).decision.reason == Reason.COUPON_NOT_FOUND
    assert refusal(shop.redeem, typed) == Reason.COUPON_NOT_FOUND


# ------------------------------------------------------- validate without a user


def test_a_code_that_one_holds_tells_the_coupon(shop: Shop) -> None:
    shop.give(shop.share("SAVE10"), "ann")
    found = shop.validate("save10", None)
    assert found.issued == shop.find("SAVE10")


def test_a_code_that_several_hold_tells_the_definition(shop: Shop) -> None:
    definition = shop.share("SAVE10")
    shop.generate(definition, ["ann", "bob"])
    shop.redeem("SAVE10", "ann")
    found = shop.validate("SAVE10", None)
    assert (found.issued, found.definition) == (None, definition)
    assert found.decision.allowed


def test_a_claimable_code_that_nobody_holds_tells_the_definition(shop: Shop) -> None:
    definition = shop.open("SAVE10")
    assert shop.validate("SAVE10", None).definition == definition


def test_a_shared_code_that_nobody_holds_is_not_found(shop: Shop) -> None:
    shop.share("SAVE10")
    assert shop.validate("SAVE10", None).decision.reason == Reason.COUPON_NOT_FOUND


@pytest.mark.parametrize("user_id", ["ann", None])
def test_validate_says_what_redeem_would(shop: Shop, user_id: str | None) -> None:
    definition = shop.open("SAVE10", total_limit=1, per_code_limit=0)
    shop.generate(definition, ["ann", "bob"])
    shop.redeem("SAVE10", "bob")
    assert shop.validate("SAVE10", user_id).decision.reason == Reason.POOL_EMPTY
    assert refusal(shop.redeem, "SAVE10", "ann") == Reason.POOL_EMPTY


# ------------------------------------------------------------- limits and dates


def test_an_archived_definitions_coupons_are_not_redeemed(shop: Shop) -> None:
    definition = shop.define()
    code = shop.give(definition)
    shop.archive(definition)
    before = everything(shop)
    assert refusal(shop.redeem, code) == Reason.ARCHIVED
    assert everything(shop) == before


def test_a_paused_definitions_coupons_are_redeemed(shop: Shop) -> None:
    definition = shop.define()
    code = shop.give(definition)
    shop.pause(definition)
    assert shop.redeem(code).coupon.redemption_count == 1


def test_a_total_limit_spans_all_coupons(shop: Shop) -> None:
    definition = shop.define(total_limit=2)
    codes = [shop.give(definition, user) for user in ("ann", "bob", "cat")]
    shop.redeem(codes[0], "ann")
    shop.redeem(codes[1], "bob")
    assert refusal(shop.redeem, codes[2], "cat") == Reason.POOL_EMPTY
    assert shop.definition(definition).used_count == 2
    assert_invariants()


def test_uses_are_not_counted_without_a_total_limit(shop: Shop) -> None:
    definition = shop.define()
    shop.redeem(shop.give(definition))
    assert shop.definition(definition).used_count == 0


@pytest.mark.parametrize(
    ("moment", "reason"),
    [
        (NOW - MOMENT, Reason.NOT_YET_ACTIVE),
        (NOW, None),
        (LATER, None),
        (LATER + MOMENT, Reason.EXPIRED),
    ],
)
def test_dates_hold_to_the_millisecond(
    shop: Shop, moment: datetime, reason: Reason | None
) -> None:
    code = shop.give(shop.define(starts_at=NOW, expires_at=LATER))
    assert shop.validate(code, now=moment).decision.reason == reason


def test_a_coupons_own_end_is_told(shop: Shop) -> None:
    definition = shop.define(expires_at=LATER)
    [issued] = shop.generate(definition, ["ann"], expires_at=NOW)
    assert shop.find(issued.coupon.code).expires_at == NOW
    assert refusal(shop.redeem, issued.coupon.code, "ann", NOW + MOMENT) == (
        Reason.EXPIRED
    )


def test_redemption_ids_fit_a_javascript_number() -> None:
    last = datetime.fromisoformat("2090-01-01T00:00:00Z")
    assert 0 < new_number(NOW) < new_number(last) < 2**53


# ------------------------------------------------------------------------ revoke


def test_a_revoked_coupon_is_not_redeemed(shop: Shop) -> None:
    code = shop.give(shop.define())
    shop.revoke(code)
    assert refusal(shop.redeem, code) == Reason.REVOKED
    assert_invariants()


def test_revoking_again_changes_nothing(shop: Shop) -> None:
    code = shop.give(shop.define())
    first = shop.revoke(code)
    before = everything(shop)
    assert shop.revoke(code) == first
    assert everything(shop) == before


def test_a_coupon_used_in_part_is_revoked(shop: Shop) -> None:
    code = shop.give(shop.define(per_code_limit=2))
    shop.redeem(code)
    shop.revoke(code)
    assert refusal(shop.redeem, code) == Reason.REVOKED


def test_a_coupon_that_is_used_up_is_not_revoked(shop: Shop) -> None:
    code = shop.give(shop.define())
    shop.redeem(code)
    before = everything(shop)
    assert refusal(shop.revoke, code) == AdminReason.REDEEMED_COUPON
    assert everything(shop) == before


def test_a_code_of_several_coupons_is_not_revoked_without_saying_whose(
    shop: Shop,
) -> None:
    shop.generate(shop.share("SAVE10"), ["ann", "bob"])
    assert refusal(shop.revoke, "SAVE10") == AdminReason.SEVERAL_COUPONS
    shop.revoke("SAVE10", "bob")
    assert shop.redeem("SAVE10", "ann").coupon.revoked_at is None


@pytest.mark.parametrize("code", ["NOPE", "SAVE10"])
def test_another_tenants_coupon_is_not_revoked(shop: Shop, code: str) -> None:
    shop.give(shop.share("SAVE10"))
    assert refusal(new_shop().revoke, code) == AdminReason.COUPON_NOT_FOUND


# ------------------------------------------------------------------------- lists


def codes_listed(shop: Shop, page: Page = Page(), **which: Any) -> list[str]:  # noqa: B008
    found, _ = administration.listed(shop.tenant_id, CouponFilter(**which), page, NOW)
    return [one.coupon.code for one in found]


def test_a_users_coupons_are_listed_newest_first(shop: Shop) -> None:
    definition = shop.define()
    codes = [shop.give(definition, user) for user in ("ann", "bob", "ann")]
    assert codes_listed(shop, user_id="ann") == [codes[2], codes[0]]


def test_an_unknown_user_has_no_coupons(shop: Shop) -> None:
    shop.loose(shop.define())
    which = CouponFilter(user_id="nobody-here")
    assert administration.listed(shop.tenant_id, which, Page(), NOW) == ([], 0)


def test_nobodys_id_lists_no_users_coupons(shop: Shop) -> None:
    shop.give(shop.define())
    assert codes_listed(shop, user_id="") == []


def test_the_history_starts_with_the_latest_use(shop: Shop) -> None:
    definition = shop.define(per_code_limit=2)
    codes = [shop.give(definition) for _ in range(4)]
    for minute, place in enumerate([0, 2, 1, 0]):
        shop.redeem(codes[place], now=NOW + timedelta(minutes=minute))
    assert codes_listed(shop, user_id="ann", redeemed=True) == [
        codes[0],
        codes[1],
        codes[2],
    ]


@pytest.mark.parametrize(
    ("limit", "offset"), [(2, 0), (2, 2), (2, 4), (5, 0), (9, 0), (2, 9), (1, 4)]
)
def test_pages_cut_the_list_and_total_counts_all(
    shop: Shop, limit: int, offset: int
) -> None:
    definition = shop.define()
    codes = [shop.give(definition) for _ in range(5)][::-1]
    which = CouponFilter(user_id="ann")
    found, total = administration.listed(
        shop.tenant_id, which, Page(limit, offset), NOW
    )
    assert [one.coupon.code for one in found] == codes[offset : offset + limit]
    assert total == 5


def test_coupons_of_one_definition_are_listed(shop: Shop) -> None:
    wanted, other = shop.define(), shop.define()
    code = shop.give(wanted)
    shop.give(other)
    assert codes_listed(shop, definition_id=wanted.definition_id) == [code]


def test_coupons_of_an_unknown_definition_are_refused(shop: Shop) -> None:
    which = CouponFilter(definition_id=shop.reward_item_id)
    reason = refusal(administration.listed, shop.tenant_id, which, Page(), NOW)
    assert reason == AdminReason.DEFINITION_NOT_FOUND


def test_one_coupon_is_got_only_as_its_users(shop: Shop) -> None:
    code = shop.give(shop.define())
    coupon_id = shop.find(code).coupon.coupon_id

    def get(user_id: str) -> IssuedCoupon:
        which = CouponFilter(coupon_id=coupon_id, user_id=user_id)
        return administration.get(shop.tenant_id, which, NOW)

    assert get("ann").coupon.code == code
    assert refusal(get, "bob") == Reason.COUPON_NOT_FOUND


def test_stats_count_coupons_by_status_and_all_uses(shop: Shop) -> None:
    definition = shop.define(per_code_limit=2)
    codes = [shop.give(definition) for _ in range(3)]
    for code in (codes[0], codes[0], codes[1]):
        shop.redeem(code)
    shop.revoke(codes[2])
    stats = definitions.stats(shop.tenant_id, definition.definition_id, NOW)
    assert stats.redemption_count == 3
    assert dict(stats.coupon_counts) == {
        CouponStatus.ACTIVE: 1,
        CouponStatus.REDEEMED: 1,
        CouponStatus.EXPIRED: 0,
        CouponStatus.REVOKED: 1,
    }
