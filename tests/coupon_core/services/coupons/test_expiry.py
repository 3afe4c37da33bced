"""Tests of the announcement of expired coupons, also by concurrent processes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest

from coupon_core.domain.models import Reason, utc_now
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.domain.models.inventory import CodeTarget
from coupon_core.domain.models.purchases import Action
from coupon_core.persistence.database import execute
from coupon_core.services.codes import bulk_changes, inventory
from coupon_core.services.coupons import administration, corrections, expiry
from coupon_core.settings.loader import Settings
from tests.factories.offers import OfferFactory
from tests.factories.tenant import TenantFactory, create_tenant
from tests.support.concurrency import run_concurrently, run_concurrently_in_processes
from tests.support.invariants import list_events


@pytest.fixture(autouse=True)
def _no_commit_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Include coupons that are only seconds old in the sweep."""
    monkeypatch.setattr(expiry, "MAX_COMMIT_DELAY", timedelta(days=-1))


def list_announced_codes(tenant: TenantFactory) -> list[str]:
    """Return the codes of the tenant's `coupon.expired` events."""
    announced = [
        data
        for tenant_id, data in list_events("coupon.expired")
        if tenant_id == tenant.tenant_id
    ]
    assert {data["coupon"]["status"] for data in announced} <= {"expired"}
    return sorted(data["coupon"]["code"] for data in announced)


def sweep_all(tenant: TenantFactory, now: datetime | None = None) -> None:
    while expiry.announce_expired(tenant.tenant_id, now or utc_now()):
        pass


def soon() -> datetime:
    return utc_now() + timedelta(hours=1)


def test_coupons_with_an_expiry_of_their_own_are_told_once(
    tenant: TenantFactory,
) -> None:
    definition = tenant.define()
    expiring = tenant.generate(definition, ["a", "b", ""], expires_at=soon())
    tenant.issue_code(definition, "c")
    sweep_all(tenant)
    assert list_announced_codes(tenant) == []
    for _ in range(2):
        sweep_all(tenant, soon() + timedelta(hours=1))
    assert list_announced_codes(tenant) == sorted(
        issued.coupon.code for issued in expiring
    )


def test_coupons_that_end_with_their_definition_are_told_once(
    tenant: TenantFactory,
) -> None:
    definition = tenant.define(expires_at=soon())
    expiring = tenant.generate(definition, ["a", "b", ""])
    longer = tenant.generate(definition, ["c"], expires_at=soon() + timedelta(days=9))
    for _ in range(2):
        sweep_all(tenant, soon() + timedelta(hours=1))
    assert list_announced_codes(tenant) == sorted(
        issued.coupon.code for issued in expiring
    )
    sweep_all(tenant, soon() + timedelta(days=10))
    assert len(list_announced_codes(tenant)) == len(expiring) + len(longer)


def test_a_definition_that_ends_again_is_told_again(tenant: TenantFactory) -> None:
    definition = tenant.define(expires_at=soon())
    code = tenant.issue_code(definition)
    sweep_all(tenant, soon() + timedelta(hours=1))
    tenant.change(definition, expires_at=soon() + timedelta(days=2))
    sweep_all(tenant, soon() + timedelta(hours=1))
    assert list_announced_codes(tenant) == [code]
    sweep_all(tenant, soon() + timedelta(days=3))
    assert list_announced_codes(tenant) == [code, code]


def test_used_and_revoked_coupons_have_not_expired(tenant: TenantFactory) -> None:
    definition = tenant.define(expires_at=soon())
    used, revoked, left = (tenant.issue_code(definition, user) for user in "abc")
    tenant.redeem(used, "a")
    tenant.revoke(revoked)
    own = tenant.generate(tenant.define(), ["a"], expires_at=soon())[0].coupon.code
    tenant.redeem(own, "a")
    sweep_all(tenant, soon() + timedelta(hours=1))
    assert list_announced_codes(tenant) == [left]


def move_expiry(
    tenant: TenantFactory, code: str, expires_at: datetime | None, now: datetime
) -> None:
    coupon_filter = CouponFilter(code=code)
    inventory.change(tenant.tenant_id, coupon_filter, {"expires_at": expires_at}, now)


def move_all_expiries(
    tenant: TenantFactory, code: str, expires_at: datetime | None, now: datetime
) -> None:
    target = CodeTarget(definition_id=tenant.find(code).definition.definition_id)
    bulk_changes.change_expiry(tenant.tenant_id, target, expires_at, "", now)


@pytest.mark.parametrize("move", [move_expiry, move_all_expiries])
@pytest.mark.parametrize("own", [True, False])
def test_an_expired_coupon_that_is_made_valid_again_is_told_again(
    tenant: TenantFactory, own: bool, move: Callable[..., None]
) -> None:
    definition = tenant.define(expires_at=None if own else soon())
    (issued,) = tenant.generate(
        definition, ["a"], **({"expires_at": soon()} if own else {})
    )
    code, now = issued.coupon.code, soon() + timedelta(hours=1)
    sweep_all(tenant, now)
    move(tenant, code, now + timedelta(hours=1), now)
    assert tenant.validate(code, "a", now).decision.is_allowed
    for hours in (0, 2, 3):
        sweep_all(tenant, now + timedelta(hours=hours))
    assert list_announced_codes(tenant) == [code, code]


@pytest.mark.parametrize("move", [move_expiry, move_all_expiries])
def test_a_coupon_that_follows_an_ended_definition_is_told_at_once(
    tenant: TenantFactory, move: Callable[..., None]
) -> None:
    definition = tenant.define(expires_at=soon())
    (issued,) = tenant.generate(definition, ["a"], expires_at=soon() + timedelta(9))
    now = soon() + timedelta(hours=1)
    sweep_all(tenant, now)
    move(tenant, issued.coupon.code, None, now)
    sweep_all(tenant, now)
    assert list_announced_codes(tenant) == [issued.coupon.code]


def test_an_expiry_during_a_revocation_is_told_on_restoration(
    tenant: TenantFactory,
) -> None:
    definition = tenant.define(expires_at=soon())
    before, after = (tenant.issue_code(definition, user) for user in "ab")
    tenant.revoke(before)
    now = soon() + timedelta(hours=1)
    sweep_all(tenant, now)
    coupon_filter = CouponFilter(code=after)
    administration.revoke(tenant.tenant_id, coupon_filter, now + timedelta(hours=1))
    for code in (before, after):
        coupon_filter = CouponFilter(code=code)
        corrections.restore(tenant.tenant_id, coupon_filter, now + timedelta(hours=2))
    assert list_announced_codes(tenant) == sorted([before, after])


@pytest.mark.parametrize("uses", [1, 2])
@pytest.mark.parametrize("own", [True, False])
def test_a_use_given_back_behind_the_sweep_is_told_late(
    tenant: TenantFactory, own: bool, uses: int
) -> None:
    offers = OfferFactory(tenant)
    offers.create_user("ann")
    definition = tenant.define(expires_at=None if own else soon(), per_code_limit=uses)
    expiry = {"expires_at": soon()} if own else {}
    (issued,) = tenant.generate(definition, ["ann"], **expiry)
    code = issued.coupon.code
    for _ in range(uses):
        tenant.redeem(code)
    sweep_all(tenant, soon() + timedelta(hours=1))
    assert list_announced_codes(tenant) == []
    for _ in range(uses):  # by a clock that is behind, or begun before
        offers.perform_activity(Action.REFUND, code)
        assert list_announced_codes(tenant) == [code]
    sweep_all(tenant, soon() + timedelta(hours=2))
    assert list_announced_codes(tenant) == [code]


def test_answers_do_not_wait_for_the_sweep(tenant: TenantFactory) -> None:
    code = tenant.issue_code(tenant.define(expires_at=soon()))
    later = soon() + timedelta(hours=1)
    assert tenant.validate(code, "ann", later).decision.reason == Reason.EXPIRED
    sweep_all(tenant, later)
    assert tenant.validate(code, "ann", later).decision.reason == Reason.EXPIRED
    assert tenant.validate(code, "ann", utc_now()).decision.is_allowed


def test_many_who_sweep_at_once_tell_each_coupon_once(
    core: Settings, tenant: TenantFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "MAX_COUPONS_PER_TRANSACTION", 7)
    own = tenant.define()
    tenant.generate(own, [""] * 60, expires_at=soon())
    tenant.generate(tenant.define(expires_at=soon()), [""] * 60)
    later = soon() + timedelta(hours=1)
    outcomes = run_concurrently([partial(sweep_all, tenant, later)] * 4)
    assert outcomes == [None] * 4
    sweep_all(tenant, later)
    codes = list_announced_codes(tenant)
    assert (len(codes), len(set(codes))) == (120, 120)


def test_processes_that_sweep_at_once_tell_each_coupon_once(core: Settings) -> None:
    tenant = create_tenant()
    tenant.generate(tenant.define(), [""] * 900, expires_at=soon())
    later = soon() + timedelta(hours=1)
    run_concurrently_in_processes(
        core, [partial(sweep_all, tenant, later)] * 4, process_count=2
    )
    sweep_all(tenant, later)
    codes = list_announced_codes(tenant)
    assert (len(codes), len(set(codes))) == (900, 900)


def test_a_sweep_that_was_cut_short_goes_on_where_it_was(
    tenant: TenantFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "MAX_COUPONS_PER_TRANSACTION", 5)
    definition = tenant.define(expires_at=soon())
    tenant.generate(definition, [""] * 12)
    later = soon() + timedelta(hours=1)
    assert expiry.announce_expired(tenant.tenant_id, later) == 5
    sql = "SELECT count(*) FROM coupon WHERE swept_at IS NOT NULL AND tenant_id = :t"
    assert execute(sql, {"t": tenant.tenant_id}).fetchone()[0] == 5
    assert [expiry.announce_expired(tenant.tenant_id, later) for _ in range(3)] == [
        5,
        2,
        0,
    ]
    assert len(list_announced_codes(tenant)) == 12
