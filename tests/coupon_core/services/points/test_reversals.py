"""Tests that a reversal gives back exactly what a redemption raised, once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from coupon_core.domain.models import (
    AdminReason,
    Reason,
    Refused,
    UsagePeriod,
    UserUsage,
    utc_now,
)
from coupon_core.domain.models.filters import CouponFilter, RedemptionFilter
from coupon_core.domain.models.offers import UsageMode
from coupon_core.domain.models.purchases import Action
from coupon_core.persistence.repositories import user_usage
from coupon_core.services.coupons import corrections, expiry, redemption_records
from coupon_core.services.points import reversals
from coupon_core.services.privacy import personal_data
from coupon_core.settings.loader import Settings
from tests.factories.offers import OfferFactory
from tests.factories.tenant import TenantFactory
from tests.support.concurrency import (
    Task,
    count_outcomes,
    run_concurrently,
    run_concurrently_in_processes,
)
from tests.support.invariants import assert_invariants, list_events

Race = Callable[[Sequence[Task]], list[Any]]
LIMITS = {"per_code_limit": 2, "per_user_limit": 2, "total_limit": 2}
PERIOD = {"user_period_limit": 2, "user_period": UsagePeriod.MONTH}


def list_redemption_ids(tenant: TenantFactory) -> list[int]:
    """Return the IDs of the tenant's redemptions, oldest first."""
    rows, _ = redemption_records.list_redemptions(
        tenant.tenant_id, RedemptionFilter(), 100
    )
    return [row.redemption_id for row in rows][::-1]


def list_own_events(tenant: TenantFactory, event_type: str) -> list[dict[str, Any]]:
    """Return the data of the tenant's events of a type."""
    events = list_events(event_type)
    return [data for tenant_id, data in events if tenant_id == tenant.tenant_id]


def reverse(tenant: TenantFactory, redemption_id: int, reason: str = "") -> Any:
    return reversals.reverse(tenant.tenant_id, redemption_id, reason, utc_now())


@pytest.fixture(params=["threads", "processes"])
def race(request: pytest.FixtureRequest, core: Settings) -> Race:
    """Return a function that runs tasks concurrently, in threads or in processes."""
    if request.param == "threads":
        return run_concurrently
    return partial(run_concurrently_in_processes, core)


def test_of_fifty_reversals_one_gives_the_use_back(
    tenant: TenantFactory, race: Race
) -> None:
    definition = tenant.define(**LIMITS)
    code = tenant.issue_code(definition)
    for _ in range(2):
        tenant.redeem(code)
    first, _ = list_redemption_ids(tenant)
    outcomes = race([partial(reverse, tenant, first, "mistake")] * 50)
    assert len(set(map(repr, outcomes))) == 1
    assert outcomes[0].reversal_reason == "mistake"
    assert tenant.reload_definition(definition).used_count == 1
    assert tenant.find(code).coupon.redemption_count == 1
    counts = count_outcomes(race([partial(tenant.redeem, code)] * 10))
    assert counts["done"] == 1
    assert_invariants()


def test_each_counter_is_lowered_by_the_use(tenant: TenantFactory) -> None:
    definition = tenant.define(**LIMITS, **PERIOD)
    code = tenant.issue_code(definition)
    before = tenant.redeem(code, now=tenant.get_now())
    tenant.redeem(code, now=tenant.get_now() + timedelta(seconds=1))
    with pytest.raises(Refused):
        tenant.redeem(code)
    record = reverse(tenant, list_redemption_ids(tenant)[1])
    after = tenant.find(code).coupon
    assert (after.redemption_count, after.refund_count) == (1, 1)
    assert after.redeemed_at == before.coupon.redeemed_at
    usage = user_usage.get_usage(definition, "ann", "2026-05")
    assert (usage, record.reversal_reason) == (UserUsage(1, 1), None)
    (data,) = list_own_events(tenant, "redemption.reversed")
    assert (data["redemption_id"], data["use_number"], data["points"]) == (
        record.redemption_id,
        2,
        None,
    )
    tenant.redeem(code)
    assert_invariants()


@pytest.mark.parametrize("usage", UsageMode)
def test_points_come_back_with_the_last_use(
    tenant: TenantFactory, usage: UsageMode
) -> None:
    offers = OfferFactory(tenant)
    offers.create_offer("SHIP", usage=usage)
    offers.create_user(gold=10)
    offers.perform_activity(Action.BUY, "SHIP")
    use_count = 1 if usage == UsageMode.SINGLE else 2
    for _ in range(use_count):
        offers.perform_activity(Action.REDEEM, "SHIP")
    for number, redemption_id in enumerate(list_redemption_ids(tenant), start=1):
        for _ in range(2):
            reverse(tenant, redemption_id)
        assert offers.get_balance() == (10 if number == use_count else 0)
    assert list_own_events(tenant, "coupon.refunded") == []
    assert tenant.find("SHIP").coupon.returned_at is not None
    assert_invariants()


def test_a_refunded_use_is_not_given_back_again(tenant: TenantFactory) -> None:
    offers = OfferFactory(tenant)
    offers.create_offer("SHIP")
    offers.create_user(gold=10)
    for action in (Action.BUY, Action.REDEEM, Action.REFUND):
        offers.perform_activity(action, "SHIP")
    record = reverse(tenant, list_redemption_ids(tenant)[0], "again")
    assert record.reversed_at is not None
    assert record.reversal_reason is None
    assert offers.get_balance() == 10
    assert list_own_events(tenant, "redemption.reversed") == []
    assert_invariants()


def test_a_reversed_coupon_stays_revoked_or_archived(tenant: TenantFactory) -> None:
    definition = tenant.define(per_code_limit=2)
    revoked, archived = (tenant.issue_code(definition, user) for user in ("a", "b"))
    tenant.redeem(revoked, "a")
    tenant.redeem(archived, "b")
    tenant.revoke(revoked)
    tenant.archive(definition)
    for redemption_id in list_redemption_ids(tenant):
        reverse(tenant, redemption_id)
    reasons = {
        code: tenant.validate(code, user).decision.reason
        for code, user in ((revoked, "a"), (archived, "b"))
    }
    assert reasons == {revoked: Reason.REVOKED, archived: Reason.ARCHIVED}
    assert_invariants()


def test_a_use_of_an_erased_person_is_given_back(tenant: TenantFactory) -> None:
    definition = tenant.define_claimable("OPEN", **LIMITS, **PERIOD)
    tenant.redeem("OPEN", "ann", now=tenant.get_now())
    erasure = personal_data.erase(tenant.tenant_id, "ann", utc_now())
    record = reverse(tenant, list_redemption_ids(tenant)[0], "mistake")
    assert record.user_id == erasure.pseudonym
    for user_id in (erasure.pseudonym, "ann"):
        usage = user_usage.get_usage(definition, user_id, "2026-05")
        assert usage == UserUsage(0, 0)
    assert tenant.reload_definition(definition).used_count == 0
    assert_invariants()


def test_a_replaced_coupon_is_not_valid_beside_its_replacement(
    tenant: TenantFactory,
) -> None:
    code = tenant.create_code()
    tenant.redeem(code)
    corrections.reissue(tenant.tenant_id, CouponFilter(code=code), utc_now())
    reverse(tenant, list_redemption_ids(tenant)[0])
    assert tenant.validate(code).decision.reason == Reason.REVOKED
    assert_invariants()


def test_a_use_given_back_after_the_expiry_is_told(
    tenant: TenantFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "MAX_COMMIT_DELAY", timedelta(days=-1))
    code = tenant.create_code(expires_at=utc_now() + timedelta(hours=1))
    tenant.redeem(code)
    later = utc_now() + timedelta(hours=2)
    while expiry.announce_expired(tenant.tenant_id, later):
        pass
    assert list_own_events(tenant, "coupon.expired") == []
    (redemption_id,) = list_redemption_ids(tenant)
    reversals.reverse(tenant.tenant_id, redemption_id, "", later)
    assert len(list_own_events(tenant, "coupon.expired")) == 1
    assert_invariants()


def test_an_unknown_redemption_is_not_found(tenant: TenantFactory) -> None:
    with pytest.raises(Refused) as refused:
        reverse(tenant, 1)
    assert refused.value.reason == AdminReason.REDEMPTION_NOT_FOUND
