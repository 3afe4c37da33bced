"""Tests of corrections of single coupons while others use or correct them."""

from __future__ import annotations

from functools import partial

import pytest

from coupon_core.domain.models import (
    CouponStatus,
    Page,
    Reason,
    utc_now,
)
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.domain.rules.redemption import get_coupon_status
from coupon_core.services.coupons import administration, corrections
from tests.factories.tenant import TenantFactory
from tests.support.concurrency import count_outcomes, run_concurrently
from tests.support.invariants import assert_invariants


def reissue(tenant: TenantFactory, code: str) -> str:
    coupon_filter = CouponFilter(code=code)
    new = corrections.reissue(tenant.tenant_id, coupon_filter, utc_now())
    return new.coupon.code


@pytest.mark.usefixtures("core")
def test_of_twenty_reissues_one_issues_a_coupon(tenant: TenantFactory) -> None:
    code = tenant.create_code()
    assert len(set(run_concurrently([partial(reissue, tenant, code)] * 20))) == 1
    coupons, total = administration.list_coupons(
        tenant.tenant_id, CouponFilter(user_id="ann"), Page(), utc_now()
    )
    statuses = sorted(get_coupon_status(issued, utc_now()) for issued in coupons)
    assert (total, statuses) == (2, [CouponStatus.ACTIVE, CouponStatus.REVOKED])
    assert_invariants()


@pytest.mark.usefixtures("core")
def test_a_coupon_is_used_or_revoked_by_its_reissue_but_not_both(
    tenant: TenantFactory,
) -> None:
    definition = tenant.define(total_limit=100)
    for number in range(10):
        code = tenant.issue_code(definition, f"user-{number}")
        redeem = partial(tenant.redeem, code, f"user-{number}")
        outcomes = run_concurrently([redeem, partial(reissue, tenant, code)])
        status = get_coupon_status(tenant.find(code), utc_now())
        is_used = Reason.REVOKED not in count_outcomes(outcomes)
        assert status == (CouponStatus.REDEEMED if is_used else CouponStatus.REVOKED)
    assert_invariants()
