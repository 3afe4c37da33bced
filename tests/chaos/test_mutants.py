"""The checks of the core detect each mutation, and pass without one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import pytest

from coupon_core.domain.models import IssuedCoupon, Refused
from coupon_core.persistence import database
from coupon_core.services.coupons import code_use, redemption
from coupon_core.services.coupons.redemption import RedeemRequest, StaleDecision
from tests.chaos import mutants
from tests.factories.tenant import NOW, TenantFactory, create_tenant
from tests.support.concurrency import started_core
from tests.support.invariants import assert_invariants
from tests.support.settings import build_settings

Sabotage = Callable[[], AbstractContextManager[Any]]
Act = Callable[[TenantFactory], None]


@pytest.fixture
def own_shop(database_url: str, tmp_path: Path) -> Iterator[TenantFactory]:
    """Yield a tenant on a database of the test's own."""
    with started_core(build_settings(database_url, tmp_path)):
        yield create_tenant()


def read_snapshot(tenant: TenantFactory, code: str, user: str = "ann") -> IssuedCoupon:
    """Return the snapshot that a request decides on; others may write meanwhile."""
    request = RedeemRequest(tenant.tenant_id, code, user)
    issued, _ = code_use.require_redeemable(request, NOW)
    return issued


def write_redemption(
    tenant: TenantFactory, seen: IssuedCoupon, user: str = "ann"
) -> None:
    """Write a redemption of a snapshot; a lost race or a refusal is acceptable."""
    request = RedeemRequest(tenant.tenant_id, seen.coupon.code, user)
    with suppress(StaleDecision), database.transaction():
        redemption.apply_redemption(seen, request, NOW, claim=False)


def two_at_once(tenant: TenantFactory) -> None:
    """Redeem a code twice on the same snapshot."""
    code = tenant.issue_code(tenant.define())
    snapshots = read_snapshot(tenant, code), read_snapshot(tenant, code)
    for snapshot in snapshots:
        write_redemption(tenant, snapshot)


def use_a_pool(tenant: TenantFactory) -> None:
    """Redeem more coupons than a total limit allows."""
    definition = tenant.define(total_limit=2)
    for user in "ann", "bob", "eve":
        code = tenant.issue_code(definition, user)
        try_to_redeem(tenant, code, user)


def use_all_codes(tenant: TenantFactory) -> None:
    """Redeem more coupons than a limit per user allows."""
    definition = tenant.define(per_user_limit=2)
    for _ in range(3):
        try_to_redeem(tenant, tenant.issue_code(definition))


def try_to_redeem(tenant: TenantFactory, code: str, user: str = "ann") -> None:
    """Redeem a code, which may be refused."""
    with suppress(Refused):
        tenant.redeem(code, user, NOW)


def revoke_one(tenant: TenantFactory) -> None:
    """Revoke a coupon."""
    tenant.revoke(tenant.issue_code(tenant.define()))


def use_and_revoke(tenant: TenantFactory) -> None:
    """Revoke a coupon between a redeem's snapshot and its write."""
    code = tenant.issue_code(tenant.define())
    seen = read_snapshot(tenant, code)
    tenant.revoke(code)
    write_redemption(tenant, seen)
    assert tenant.find(code).coupon.redemption_count == 0, "used after it was revoked"


SABOTEURS: dict[str, tuple[Sabotage, Act, str]] = {
    "check, then write": (mutants.check_then_write, two_at_once, "I1"),
    "a pool without a count": (mutants.skip_pool_count, use_a_pool, "I1"),
    "users without a count": (
        mutants.skip_user_count,
        use_all_codes,
        "I1",
    ),
    "an outbox beside": (mutants.drop_events, revoke_one, "I4"),
    "a revoke that does not wait": (
        mutants.redeem_revoked,
        use_and_revoke,
        "used after it was revoked",
    ),
}


@pytest.mark.parametrize(("sabotage", "act", "rule"), SABOTEURS.values(), ids=SABOTEURS)
def test_each_saboteur_is_caught(
    own_shop: TenantFactory, sabotage: Sabotage, act: Act, rule: str
) -> None:
    with sabotage(), pytest.raises(AssertionError, match=rule):
        act_and_check(own_shop, act)


def act_and_check(tenant: TenantFactory, act: Act) -> None:
    """Run a scenario, then check the invariants."""
    act(tenant)
    assert_invariants()


ACTS = [act for _, act, _ in SABOTEURS.values()]


@pytest.mark.parametrize("act", ACTS, ids=SABOTEURS)
def test_nothing_is_caught_where_nobody_is(own_shop: TenantFactory, act: Act) -> None:
    act_and_check(own_shop, act)
