"""Expired coupons are told of once, however many sweep; no answer depends on it."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import pytest

from coupon_core.domain.models import Reason, utc_now
from coupon_core.domain.models.purchases import Action
from coupon_core.persistence.database import execute
from coupon_core.services.coupons import expiry as sweeping
from coupon_core.settings.loader import Settings
from tests.bargains import Bargains
from tests.cores import at_once, at_once_in_processes
from tests.invariants import events
from tests.shop import Shop, new_shop


@pytest.fixture(autouse=True)
def _settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """The coupons of a test are seconds old."""
    monkeypatch.setattr(sweeping, "SETTLED", timedelta(days=-1))


def told(shop: Shop) -> list[str]:
    """The codes of which it was told that they have expired."""
    mine = [
        data for tenant, data in events("coupon.expired") if tenant == shop.tenant_id
    ]
    assert {data["coupon"]["status"] for data in mine} <= {"expired"}
    return sorted(data["coupon"]["code"] for data in mine)


def sweep_all(shop: Shop, now: datetime | None = None) -> None:
    while sweeping.sweep(shop.tenant_id, now or utc_now()):
        pass


def soon() -> datetime:
    return utc_now() + timedelta(hours=1)


def test_coupons_with_an_expiry_of_their_own_are_told_once(shop: Shop) -> None:
    definition = shop.define()
    expiring = shop.generate(definition, ["a", "b", ""], expires_at=soon())
    shop.give(definition, "c")
    sweep_all(shop)
    assert told(shop) == []
    for _ in range(2):
        sweep_all(shop, soon() + timedelta(hours=1))
    assert told(shop) == sorted(one.coupon.code for one in expiring)


def test_coupons_that_end_with_their_definition_are_told_once(shop: Shop) -> None:
    definition = shop.define(expires_at=soon())
    made = shop.generate(definition, ["a", "b", ""])
    longer = shop.generate(definition, ["c"], expires_at=soon() + timedelta(days=9))
    for _ in range(2):
        sweep_all(shop, soon() + timedelta(hours=1))
    assert told(shop) == sorted(one.coupon.code for one in made)
    sweep_all(shop, soon() + timedelta(days=10))
    assert len(told(shop)) == len(made) + len(longer)


def test_a_definition_that_ends_again_is_told_again(shop: Shop) -> None:
    definition = shop.define(expires_at=soon())
    code = shop.give(definition)
    sweep_all(shop, soon() + timedelta(hours=1))
    shop.change(definition, expires_at=soon() + timedelta(days=2))
    sweep_all(shop, soon() + timedelta(hours=1))
    assert told(shop) == [code]
    sweep_all(shop, soon() + timedelta(days=3))
    assert told(shop) == [code, code]


def test_used_and_revoked_coupons_have_not_expired(shop: Shop) -> None:
    definition = shop.define(expires_at=soon())
    used, revoked, left = (shop.give(definition, user) for user in "abc")
    shop.redeem(used, "a")
    shop.revoke(revoked)
    own = shop.generate(shop.define(), ["a"], expires_at=soon())[0].coupon.code
    shop.redeem(own, "a")
    sweep_all(shop, soon() + timedelta(hours=1))
    assert told(shop) == [left]


@pytest.mark.parametrize("uses", [1, 2])
@pytest.mark.parametrize("own", [True, False])
def test_a_use_given_back_behind_the_sweep_is_told_late(
    shop: Shop, own: bool, uses: int
) -> None:
    bargains = Bargains(shop)
    bargains.user("ann")
    definition = shop.define(expires_at=None if own else soon(), per_code_limit=uses)
    expiry = {"expires_at": soon()} if own else {}
    (issued,) = shop.generate(definition, ["ann"], **expiry)
    code = issued.coupon.code
    for _ in range(uses):
        shop.redeem(code)
    sweep_all(shop, soon() + timedelta(hours=1))
    assert told(shop) == []
    for _ in range(uses):  # by a clock that is behind, or begun before
        bargains.act(Action.REFUND, code)
        assert told(shop) == [code]
    sweep_all(shop, soon() + timedelta(hours=2))
    assert told(shop) == [code]


def test_answers_do_not_wait_for_the_sweep(shop: Shop) -> None:
    code = shop.give(shop.define(expires_at=soon()))
    later = soon() + timedelta(hours=1)
    assert shop.validate(code, "ann", later).decision.reason == Reason.EXPIRED
    sweep_all(shop, later)
    assert shop.validate(code, "ann", later).decision.reason == Reason.EXPIRED
    assert shop.validate(code, "ann", utc_now()).decision.allowed


def test_many_who_sweep_at_once_tell_each_coupon_once(
    core: Settings, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "AT_ONCE", 7)
    own = shop.define()
    shop.generate(own, [""] * 60, expires_at=soon())
    shop.generate(shop.define(expires_at=soon()), [""] * 60)
    later = soon() + timedelta(hours=1)
    outcomes = at_once([partial(sweep_all, shop, later)] * 4)
    assert outcomes == [None] * 4
    sweep_all(shop, later)
    codes = told(shop)
    assert (len(codes), len(set(codes))) == (120, 120)


def test_processes_that_sweep_at_once_tell_each_coupon_once(core: Settings) -> None:
    shop = new_shop()
    shop.generate(shop.define(), [""] * 900, expires_at=soon())
    later = soon() + timedelta(hours=1)
    at_once_in_processes(core, [partial(sweep_all, shop, later)] * 4, count=2)
    sweep_all(shop, later)
    codes = told(shop)
    assert (len(codes), len(set(codes))) == (900, 900)


def test_a_sweep_that_was_cut_short_goes_on_where_it_was(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "AT_ONCE", 5)
    definition = shop.define(expires_at=soon())
    shop.generate(definition, [""] * 12)
    later = soon() + timedelta(hours=1)
    assert sweeping.sweep(shop.tenant_id, later) == 5
    sql = "SELECT count(*) FROM coupon WHERE swept_at IS NOT NULL AND tenant_id = :t"
    assert execute(sql, {"t": shop.tenant_id}).fetchone()[0] == 5
    assert [sweeping.sweep(shop.tenant_id, later) for _ in range(3)] == [5, 2, 0]
    assert len(told(shop)) == 12
