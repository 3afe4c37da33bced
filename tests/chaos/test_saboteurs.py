"""What guards the core catches it when it is broken, and only then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import pytest

from coupon_core.domain.models import IssuedCoupon, Refused
from coupon_core.persistence import database
from coupon_core.services.coupons import redemption
from coupon_core.services.coupons.redemption import RaceLost, RedeemRequest
from tests.chaos import saboteurs
from tests.cores import started
from tests.invariants import assert_invariants
from tests.settings import settings_for
from tests.shop import NOW, Shop, new_shop

Sabotage = Callable[[], AbstractContextManager[Any]]
Act = Callable[[Shop], None]


@pytest.fixture
def own_shop(database_url: str, tmp_path: Path) -> Iterator[Shop]:
    with started(settings_for(database_url, tmp_path)):
        yield new_shop()


def look(shop: Shop, code: str, user: str = "ann") -> IssuedCoupon:
    """What a request decides on; others may come before it writes."""
    request = RedeemRequest(shop.tenant_id, code, user)
    issued, _ = redemption._redeemable(request, NOW)
    return issued


def write(shop: Shop, seen: IssuedCoupon, user: str = "ann") -> None:
    """Write a use of what was seen; a lost race or a refusal is a good outcome."""
    request = RedeemRequest(shop.tenant_id, seen.coupon.code, user)
    with suppress(RaceLost), database.transaction():
        redemption.use(seen, request, NOW, claim=False)


def two_at_once(shop: Shop) -> None:
    code = shop.give(shop.define())
    seen = look(shop, code), look(shop, code)
    for one in seen:
        write(shop, one)


def use_a_pool(shop: Shop) -> None:
    definition = shop.define(total_limit=2)
    for user in "ann", "bob", "eve":
        code = shop.give(definition, user)
        try_to_redeem(shop, code, user)


def use_all_codes(shop: Shop) -> None:
    definition = shop.define(per_user_limit=2)
    for _ in range(3):
        try_to_redeem(shop, shop.give(definition))


def try_to_redeem(shop: Shop, code: str, user: str = "ann") -> None:
    with suppress(Refused):
        shop.redeem(code, user, NOW)


def revoke_one(shop: Shop) -> None:
    shop.revoke(shop.give(shop.define()))


def use_and_revoke(shop: Shop) -> None:
    code = shop.give(shop.define())
    seen = look(shop, code)
    shop.revoke(code)
    write(shop, seen)
    assert shop.find(code).coupon.redemption_count == 0, "used after it was revoked"


SABOTEURS: dict[str, tuple[Sabotage, Act, str]] = {
    "check, then write": (saboteurs.check_then_write, two_at_once, "I1"),
    "a pool without a count": (saboteurs.pool_is_not_counted, use_a_pool, "I1"),
    "users without a count": (
        saboteurs.uses_of_users_are_not_counted,
        use_all_codes,
        "I1",
    ),
    "an outbox beside": (saboteurs.event_is_lost, revoke_one, "I4"),
    "a revoke that does not wait": (
        saboteurs.revoked_coupons_are_used,
        use_and_revoke,
        "used after it was revoked",
    ),
}


@pytest.mark.parametrize(("sabotage", "act", "rule"), SABOTEURS.values(), ids=SABOTEURS)
def test_each_saboteur_is_caught(
    own_shop: Shop, sabotage: Sabotage, act: Act, rule: str
) -> None:
    with sabotage(), pytest.raises(AssertionError, match=rule):
        act_and_check(own_shop, act)


def act_and_check(shop: Shop, act: Act) -> None:
    act(shop)
    assert_invariants()


ACTS = [act for _, act, _ in SABOTEURS.values()]


@pytest.mark.parametrize("act", ACTS, ids=SABOTEURS)
def test_nothing_is_caught_where_nobody_is(own_shop: Shop, act: Act) -> None:
    act_and_check(own_shop, act)
