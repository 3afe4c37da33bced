"""Tests of validation, redemption, revocation and lists of coupons."""

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
from coupon_core.persistence.id_generation import generate_integer_id
from coupon_core.services.catalog import definitions
from coupon_core.services.coupons import administration
from tests.factories.tenant import NOW, TenantFactory, create_tenant
from tests.support.invariants import assert_invariants, fetch_rows
from tests.support.refusals import capture_refusal

MILLISECOND = timedelta(milliseconds=1)
LATER = NOW + timedelta(days=1)


def fetch_all_rows(tenant: TenantFactory) -> list[Any]:
    """Return all rows of a tenant that use cases change."""
    condition = f"WHERE tenant_id = '{tenant.tenant_id}'"
    tables = "definition", "coupon", "redemption", "outbox"
    return [
        sorted(fetch_rows(f"SELECT * FROM {table} {condition}"), key=repr)
        for table in tables
    ]


# --------------------------------------------------------------------- ownership


def test_ones_own_coupon_is_redeemed(tenant: TenantFactory) -> None:
    code = tenant.issue_code(tenant.define())
    redeemed = tenant.redeem(code, now=NOW)
    assert redeemed.coupon.redemption_count == 1
    assert redeemed.coupon.redeemed_at == NOW
    assert redeemed == tenant.find(code)
    assert_invariants()


def test_another_users_coupon_is_not_found(tenant: TenantFactory) -> None:
    code = tenant.issue_code(tenant.define(), "ann")
    before = fetch_all_rows(tenant)
    assert capture_refusal(tenant.redeem, code, "bob") == Reason.COUPON_NOT_FOUND
    assert tenant.validate(code, "bob").decision.reason == Reason.COUPON_NOT_FOUND
    assert fetch_all_rows(tenant) == before


def test_another_tenants_coupon_is_not_found(tenant: TenantFactory) -> None:
    code = tenant.issue_code(tenant.define())
    assert capture_refusal(create_tenant().redeem, code) == Reason.COUPON_NOT_FOUND
    assert (
        create_tenant().validate(code, None).decision.reason == Reason.COUPON_NOT_FOUND
    )


def test_an_unassigned_coupon_is_whose_who_redeems_it_first(
    tenant: TenantFactory,
) -> None:
    code = tenant.issue_unassigned_code(tenant.define(per_code_limit=2))
    assert tenant.redeem(code, "bob").coupon.user_id == "bob"
    assert capture_refusal(tenant.redeem, code, "ann") == Reason.COUPON_NOT_FOUND
    assert tenant.redeem(code, "bob").coupon.redemption_count == 2


def test_an_unassigned_coupon_is_valid_for_anybody(tenant: TenantFactory) -> None:
    code = tenant.issue_unassigned_code(tenant.define())
    assert tenant.validate(code, "bob").decision.is_allowed
    assert tenant.find(code).coupon.user_id == ""


def test_a_shared_code_is_not_found_by_those_who_never_got_it(
    tenant: TenantFactory,
) -> None:
    tenant.issue_code(tenant.define_custom("SAVE10"), "ann")
    assert capture_refusal(tenant.redeem, "SAVE10", "bob") == Reason.COUPON_NOT_FOUND
    assert tenant.redeem("SAVE10", "ann").coupon.user_id == "ann"


def test_a_claimable_code_makes_the_users_coupon(tenant: TenantFactory) -> None:
    tenant.define_claimable("SAVE10")
    claimed = tenant.redeem("SAVE10", "bob", NOW)
    assert claimed == tenant.find("SAVE10", "bob")
    assert claimed.coupon.generated_at == NOW
    assert_invariants()


def test_a_claimable_code_is_claimed_once_by_each_user(tenant: TenantFactory) -> None:
    tenant.define_claimable("SAVE10")
    assert tenant.redeem("SAVE10", "ann") != tenant.redeem("SAVE10", "bob")
    assert capture_refusal(tenant.redeem, "SAVE10", "ann") == Reason.ALREADY_REDEEMED


def test_validating_a_claimable_code_tells_its_definition_only(
    tenant: TenantFactory,
) -> None:
    definition = tenant.define_claimable("SAVE10")
    found = tenant.validate("SAVE10", "bob")
    assert found.decision.is_allowed
    assert (found.issued, found.definition) == (None, definition)
    assert fetch_all_rows(tenant)[1] == []


def test_a_claimable_code_may_be_claimed_while_paused(tenant: TenantFactory) -> None:
    definition = tenant.define_claimable("SAVE10")
    tenant.pause(definition)
    assert tenant.validate("SAVE10", "bob").decision.is_allowed
    assert tenant.redeem("SAVE10", "bob").coupon.redemption_count == 1


def test_a_revoked_claim_is_not_claimed_again(tenant: TenantFactory) -> None:
    definition = tenant.define_claimable("SAVE10")
    tenant.issue_code(definition, "ann")
    tenant.revoke("SAVE10", "ann")
    assert capture_refusal(tenant.redeem, "SAVE10", "ann") == Reason.REVOKED


# -------------------------------------------------------------- code comparison


@pytest.mark.parametrize("typed", ["SAVE10", "save10", "Save10", " save10\t"])
def test_case_and_blanks_do_not_matter_unless_asked_for(
    tenant: TenantFactory, typed: str
) -> None:
    tenant.issue_code(tenant.define_custom("SAVE10"))
    assert tenant.validate(typed).decision.is_allowed
    assert tenant.redeem(typed).coupon.code == "SAVE10"


@pytest.mark.parametrize("typed", ["save10", "SAVE10", "sAVE10"])
def test_case_matters_where_asked_for(tenant: TenantFactory, typed: str) -> None:
    tenant.issue_code(tenant.define_custom("Save10", case_sensitive=True))
    assert capture_refusal(tenant.redeem, typed) == Reason.COUPON_NOT_FOUND
    assert tenant.redeem("Save10").coupon.redemption_count == 1


def test_codes_that_differ_by_case_are_two(tenant: TenantFactory) -> None:
    upper = tenant.define_custom("REWARD10", case_sensitive=True)
    lower = tenant.define_custom("reward10", case_sensitive=True)
    tenant.issue_code(upper)
    tenant.issue_code(lower)
    assert tenant.redeem("reward10").definition.definition_id == lower.definition_id
    assert tenant.redeem("REWARD10").definition.definition_id == upper.definition_id
    assert capture_refusal(tenant.redeem, "Reward10") == Reason.COUPON_NOT_FOUND


def test_case_matters_for_random_codes_where_asked_for(tenant: TenantFactory) -> None:
    code = tenant.issue_code(tenant.define(case_sensitive=True, code_prefix="Aa"))
    assert capture_refusal(tenant.redeem, code.lower()) == Reason.COUPON_NOT_FOUND
    assert tenant.redeem(code).coupon.code == code


@pytest.mark.parametrize("typed", ["ſave10", "", "SAVE\x00", "S" * 65, "a/b"])
@pytest.mark.parametrize("user_id", ["ann", None])
def test_what_is_no_code_is_not_found(
    tenant: TenantFactory, typed: str, user_id: str | None
) -> None:
    assert tenant.validate(typed, user_id).decision.reason == Reason.COUPON_NOT_FOUND
    assert capture_refusal(tenant.redeem, typed) == Reason.COUPON_NOT_FOUND


# ------------------------------------------------------- validate without a user


def test_a_code_that_one_holds_tells_the_coupon(tenant: TenantFactory) -> None:
    tenant.issue_code(tenant.define_custom("SAVE10"), "ann")
    found = tenant.validate("save10", None)
    assert found.issued == tenant.find("SAVE10")


def test_a_code_that_several_hold_tells_the_definition(tenant: TenantFactory) -> None:
    definition = tenant.define_custom("SAVE10")
    tenant.generate(definition, ["ann", "bob"])
    tenant.redeem("SAVE10", "ann")
    found = tenant.validate("SAVE10", None)
    assert (found.issued, found.definition) == (None, definition)
    assert found.decision.is_allowed


def test_a_claimable_code_that_nobody_holds_tells_the_definition(
    tenant: TenantFactory,
) -> None:
    definition = tenant.define_claimable("SAVE10")
    assert tenant.validate("SAVE10", None).definition == definition


def test_a_shared_code_that_nobody_holds_is_not_found(tenant: TenantFactory) -> None:
    tenant.define_custom("SAVE10")
    assert tenant.validate("SAVE10", None).decision.reason == Reason.COUPON_NOT_FOUND


@pytest.mark.parametrize("user_id", ["ann", None])
def test_validate_says_what_redeem_would(
    tenant: TenantFactory, user_id: str | None
) -> None:
    definition = tenant.define_claimable("SAVE10", total_limit=1, per_code_limit=0)
    tenant.generate(definition, ["ann", "bob"])
    tenant.redeem("SAVE10", "bob")
    assert tenant.validate("SAVE10", user_id).decision.reason == Reason.POOL_EMPTY
    assert capture_refusal(tenant.redeem, "SAVE10", "ann") == Reason.POOL_EMPTY


# ------------------------------------------------------------- limits and dates


def test_an_archived_definitions_coupons_are_not_redeemed(
    tenant: TenantFactory,
) -> None:
    definition = tenant.define()
    code = tenant.issue_code(definition)
    tenant.archive(definition)
    before = fetch_all_rows(tenant)
    assert capture_refusal(tenant.redeem, code) == Reason.ARCHIVED
    assert fetch_all_rows(tenant) == before


def test_a_paused_definitions_coupons_are_redeemed(tenant: TenantFactory) -> None:
    definition = tenant.define()
    code = tenant.issue_code(definition)
    tenant.pause(definition)
    assert tenant.redeem(code).coupon.redemption_count == 1


def test_a_total_limit_spans_all_coupons(tenant: TenantFactory) -> None:
    definition = tenant.define(total_limit=2)
    codes = [tenant.issue_code(definition, user) for user in ("ann", "bob", "cat")]
    tenant.redeem(codes[0], "ann")
    tenant.redeem(codes[1], "bob")
    assert capture_refusal(tenant.redeem, codes[2], "cat") == Reason.POOL_EMPTY
    assert tenant.reload_definition(definition).used_count == 2
    assert_invariants()


def test_uses_are_not_counted_without_a_total_limit(tenant: TenantFactory) -> None:
    definition = tenant.define()
    tenant.redeem(tenant.issue_code(definition))
    assert tenant.reload_definition(definition).used_count == 0


@pytest.mark.parametrize(
    ("moment", "reason"),
    [
        (NOW - MILLISECOND, Reason.NOT_YET_ACTIVE),
        (NOW, None),
        (LATER, None),
        (LATER + MILLISECOND, Reason.EXPIRED),
    ],
)
def test_dates_hold_to_the_millisecond(
    tenant: TenantFactory, moment: datetime, reason: Reason | None
) -> None:
    code = tenant.issue_code(tenant.define(starts_at=NOW, expires_at=LATER))
    assert tenant.validate(code, now=moment).decision.reason == reason


def test_a_coupons_own_end_is_told(tenant: TenantFactory) -> None:
    definition = tenant.define(expires_at=LATER)
    [issued] = tenant.generate(definition, ["ann"], expires_at=NOW)
    assert tenant.find(issued.coupon.code).expires_at == NOW
    assert capture_refusal(
        tenant.redeem, issued.coupon.code, "ann", NOW + MILLISECOND
    ) == (Reason.EXPIRED)


def test_redemption_ids_fit_a_javascript_number() -> None:
    last = datetime.fromisoformat("2090-01-01T00:00:00Z")
    assert 0 < generate_integer_id(NOW) < generate_integer_id(last) < 2**53


# ------------------------------------------------------------------------ revoke


def test_a_revoked_coupon_is_not_redeemed(tenant: TenantFactory) -> None:
    code = tenant.issue_code(tenant.define())
    tenant.revoke(code)
    assert capture_refusal(tenant.redeem, code) == Reason.REVOKED
    assert_invariants()


def test_revoking_again_changes_nothing(tenant: TenantFactory) -> None:
    code = tenant.issue_code(tenant.define())
    first = tenant.revoke(code)
    before = fetch_all_rows(tenant)
    assert tenant.revoke(code) == first
    assert fetch_all_rows(tenant) == before


def test_a_coupon_used_in_part_is_revoked(tenant: TenantFactory) -> None:
    code = tenant.issue_code(tenant.define(per_code_limit=2))
    tenant.redeem(code)
    tenant.revoke(code)
    assert capture_refusal(tenant.redeem, code) == Reason.REVOKED


def test_a_coupon_that_is_used_up_is_not_revoked(tenant: TenantFactory) -> None:
    code = tenant.issue_code(tenant.define())
    tenant.redeem(code)
    before = fetch_all_rows(tenant)
    assert capture_refusal(tenant.revoke, code) == AdminReason.REDEEMED_COUPON
    assert fetch_all_rows(tenant) == before


def test_a_code_of_several_coupons_is_not_revoked_without_saying_whose(
    tenant: TenantFactory,
) -> None:
    tenant.generate(tenant.define_custom("SAVE10"), ["ann", "bob"])
    assert capture_refusal(tenant.revoke, "SAVE10") == AdminReason.SEVERAL_COUPONS
    tenant.revoke("SAVE10", "bob")
    assert tenant.redeem("SAVE10", "ann").coupon.revoked_at is None


@pytest.mark.parametrize("code", ["NOPE", "SAVE10"])
def test_another_tenants_coupon_is_not_revoked(
    tenant: TenantFactory, code: str
) -> None:
    tenant.issue_code(tenant.define_custom("SAVE10"))
    assert capture_refusal(create_tenant().revoke, code) == AdminReason.COUPON_NOT_FOUND


# ------------------------------------------------------------------------- lists


def list_codes(tenant: TenantFactory, **filter_fields: Any) -> list[str]:
    coupons, _ = administration.list_coupons(
        tenant.tenant_id, CouponFilter(**filter_fields), Page(), NOW
    )
    return [issued.coupon.code for issued in coupons]


def test_a_users_coupons_are_listed_newest_first(tenant: TenantFactory) -> None:
    definition = tenant.define()
    codes = [tenant.issue_code(definition, user) for user in ("ann", "bob", "ann")]
    assert list_codes(tenant, user_id="ann") == [codes[2], codes[0]]


def test_an_unknown_user_has_no_coupons(tenant: TenantFactory) -> None:
    tenant.issue_unassigned_code(tenant.define())
    coupon_filter = CouponFilter(user_id="nobody-here")
    assert administration.list_coupons(
        tenant.tenant_id, coupon_filter, Page(), NOW
    ) == ([], 0)


def test_nobodys_id_lists_no_users_coupons(tenant: TenantFactory) -> None:
    tenant.issue_code(tenant.define())
    assert list_codes(tenant, user_id="") == []


def test_the_history_starts_with_the_latest_use(tenant: TenantFactory) -> None:
    definition = tenant.define(per_code_limit=2)
    codes = [tenant.issue_code(definition) for _ in range(4)]
    for minute, index in enumerate([0, 2, 1, 0]):
        tenant.redeem(codes[index], now=NOW + timedelta(minutes=minute))
    assert list_codes(tenant, user_id="ann", redeemed=True) == [
        codes[0],
        codes[1],
        codes[2],
    ]


@pytest.mark.parametrize(
    ("limit", "offset"), [(2, 0), (2, 2), (2, 4), (5, 0), (9, 0), (2, 9), (1, 4)]
)
def test_pages_cut_the_list_and_total_counts_all(
    tenant: TenantFactory, limit: int, offset: int
) -> None:
    definition = tenant.define()
    codes = [tenant.issue_code(definition) for _ in range(5)][::-1]
    coupon_filter = CouponFilter(user_id="ann")
    coupons, total = administration.list_coupons(
        tenant.tenant_id, coupon_filter, Page(limit, offset), NOW
    )
    assert [issued.coupon.code for issued in coupons] == codes[offset : offset + limit]
    assert total == 5


def test_coupons_of_one_definition_are_listed(tenant: TenantFactory) -> None:
    wanted, other = tenant.define(), tenant.define()
    code = tenant.issue_code(wanted)
    tenant.issue_code(other)
    assert list_codes(tenant, definition_id=wanted.definition_id) == [code]


def test_coupons_of_an_unknown_definition_are_refused(tenant: TenantFactory) -> None:
    coupon_filter = CouponFilter(definition_id=tenant.reward_item_id)
    reason = capture_refusal(
        administration.list_coupons, tenant.tenant_id, coupon_filter, Page(), NOW
    )
    assert reason == AdminReason.DEFINITION_NOT_FOUND


def test_one_coupon_is_got_only_as_its_users(tenant: TenantFactory) -> None:
    code = tenant.issue_code(tenant.define())
    coupon_id = tenant.find(code).coupon.coupon_id

    def get(user_id: str) -> IssuedCoupon:
        coupon_filter = CouponFilter(coupon_id=coupon_id, user_id=user_id)
        return administration.get(tenant.tenant_id, coupon_filter, NOW)

    assert get("ann").coupon.code == code
    assert capture_refusal(get, "bob") == Reason.COUPON_NOT_FOUND


def test_stats_count_coupons_by_status_and_all_uses(tenant: TenantFactory) -> None:
    definition = tenant.define(per_code_limit=2)
    codes = [tenant.issue_code(definition) for _ in range(3)]
    for code in (codes[0], codes[0], codes[1]):
        tenant.redeem(code)
    tenant.revoke(codes[2])
    stats = definitions.get_stats(tenant.tenant_id, definition.definition_id, NOW)
    assert stats.redemption_count == 3
    assert dict(stats.coupon_counts) == {
        CouponStatus.ACTIVE: 1,
        CouponStatus.REDEEMED: 1,
        CouponStatus.EXPIRED: 0,
        CouponStatus.REVOKED: 1,
    }
