"""The status that SQL filters by is the one that the rule tells."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coupon_core.domain.models import CouponStatus, IssuedCoupon, Page
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.domain.rules import redemption as redemption_rules
from coupon_core.persistence.tables import Coupon, Definition
from coupon_core.services.coupons import administration
from tests.shop import NOW, Shop, new_shop

# Around the moment that is asked about, and whole seconds: text sorts as time does.
MOMENTS = [NOW + timedelta(milliseconds=ms) for ms in (-1000, -1, 0, 1, 1000)]
ENDS = [None, *MOMENTS]
COUNTS = [(0, 0), (0, 3), (1, 0), (1, 1), (3, 2), (3, 3), (2, 3)]


def listed(shop: Shop, status: CouponStatus | None) -> list[IssuedCoupon]:
    which = CouponFilter(status=status)
    return administration.listed(shop.tenant_id, which, Page(500), NOW)[0]


def assert_filters_agree(shop: Shop) -> None:
    everything = listed(shop, None)
    for status in CouponStatus:
        wanted = [
            one
            for one in everything
            if redemption_rules.coupon_status(one, NOW) == status
        ]
        assert listed(shop, status) == wanted


@pytest.mark.parametrize("counts", COUNTS, ids=str)
def test_filters_tell_every_combination_as_the_rule_does(
    shop: Shop, counts: tuple[int, int]
) -> None:
    limit, used = counts
    for definition_end in ENDS:
        definition = shop.define(per_code_limit=limit, expires_at=definition_end)
        made = shop.generate(definition, ["ann"] * len(ENDS) * 2)
        for one, (end, revoked) in zip(made, product(ENDS, (None, NOW)), strict=True):
            here = Coupon.coupon_id == one.coupon.coupon_id
            change = {"expires_at": end, "revoked_at": revoked}
            Coupon.update(redemption_count=used, **change).where(here).execute()
    assert len(listed(shop, None)) == len(ENDS) * len(ENDS) * 2
    assert_filters_agree(shop)


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
    shop: Shop, end, own_end, now, limit, used, revoked
) -> None:
    shop = new_shop()
    definition = shop.define(per_code_limit=limit)
    shop.give(definition)
    of_tenant = Definition.tenant_id == shop.tenant_id
    Definition.update(expires_at=end).where(of_tenant).execute()
    change = {"expires_at": own_end, "revoked_at": revoked, "redemption_count": used}
    Coupon.update(**change).where(Coupon.tenant_id == shop.tenant_id).execute()
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)
    [issued] = listed(shop, None)
    status = redemption_rules.coupon_status(issued, now)
    for asked in CouponStatus:
        found, total = administration.listed(
            shop.tenant_id, CouponFilter(status=asked), Page(), now
        )
        assert total == len(found) == (asked == status)
