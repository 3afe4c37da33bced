"""Tests that the status filter in SQL agrees with the rule in the domain."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coupon_core.domain.models import CouponStatus, IssuedCoupon, Page
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.domain.rules import redemption as redemption_rules
from coupon_core.persistence.tables import CouponTable, DefinitionTable
from coupon_core.services.coupons import administration
from tests.factories.tenant import NOW, TenantFactory, create_tenant

# Around the time of the query, including whole seconds: SQLite compares them as text.
MOMENTS = [NOW + timedelta(milliseconds=ms) for ms in (-1000, -1, 0, 1, 1000)]
ENDS = [None, *MOMENTS]
COUNTS = [(0, 0), (0, 3), (1, 0), (1, 1), (3, 2), (3, 3), (2, 3)]


def listed(tenant: TenantFactory, status: CouponStatus | None) -> list[IssuedCoupon]:
    filters = CouponFilter(status=status)
    coupons, _ = administration.list_coupons(
        tenant.tenant_id, filters, page=Page(500), now=NOW
    )
    return coupons


def assert_filters_agree(tenant: TenantFactory) -> None:
    all_coupons = listed(tenant, None)
    for status in CouponStatus:
        expected = [
            issued
            for issued in all_coupons
            if redemption_rules.get_coupon_status(issued, NOW) == status
        ]
        assert listed(tenant, status) == expected


@pytest.mark.parametrize("counts", COUNTS, ids=str)
def test_filters_tell_every_combination_as_the_rule_does(
    tenant: TenantFactory, counts: tuple[int, int]
) -> None:
    limit, used = counts
    for definition_end in ENDS:
        definition = tenant.define(per_code_limit=limit, expires_at=definition_end)
        coupons = tenant.generate(definition, ["ann"] * len(ENDS) * 2)
        cases = product(ENDS, (None, NOW))
        for issued, (end, revoked) in zip(coupons, cases, strict=True):
            CouponTable.update(
                redemption_count=used, expires_at=end, revoked_at=revoked
            ).where(CouponTable.coupon_id == issued.coupon.coupon_id).execute()
    assert len(listed(tenant, None)) == len(ENDS) * len(ENDS) * 2
    assert_filters_agree(tenant)


instants = st.none() | st.datetimes(
    min_value=NOW.replace(tzinfo=None) - timedelta(days=365),
    max_value=NOW.replace(tzinfo=None) + timedelta(days=365),
).map(lambda moment: moment.replace(tzinfo=NOW.tzinfo))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    end=instants,
    own_end=instants,
    now=instants.filter(bool),
    limit=st.integers(0, 3),
    used=st.integers(0, 4),
    revoked=instants,
)
def test_any_coupon_is_filtered_as_the_rule_says(
    tenant: TenantFactory, end, own_end, now, limit, used, revoked
) -> None:
    tenant = create_tenant()
    definition = tenant.define(per_code_limit=limit)
    tenant.issue_code(definition)
    of_tenant = DefinitionTable.tenant_id == tenant.tenant_id
    DefinitionTable.update(expires_at=end).where(of_tenant).execute()
    change = {"expires_at": own_end, "revoked_at": revoked, "redemption_count": used}
    CouponTable.update(**change).where(
        CouponTable.tenant_id == tenant.tenant_id
    ).execute()
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)
    [issued] = listed(tenant, None)
    status = redemption_rules.get_coupon_status(issued, now)
    for filter_status in CouponStatus:
        filters = CouponFilter(status=filter_status)
        coupons, total = administration.list_coupons(
            tenant.tenant_id, filters, page=Page(), now=now
        )
        assert total == len(coupons) == (filter_status == status)
