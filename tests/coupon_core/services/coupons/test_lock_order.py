"""Tests of the order in which transactions lock rows (ARCHITECTURE.md section 5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from coupon_core.domain.models import Definition, UsagePeriod
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.domain.models.inventory import CodeTarget
from coupon_core.domain.models.purchases import Action
from coupon_core.services.codes import bulk_changes, inventory
from coupon_core.services.coupons import corrections, reservation_endings
from coupon_core.services.privacy import personal_data
from tests.factories.offers import OfferFactory
from tests.factories.tenant import NOW, TenantFactory
from tests.support.hot_codes import list_redemption_ids, reverse
from tests.support.invariants import assert_invariants
from tests.support.lock_recorder import (
    LOCK_ORDER,
    find_violations,
    list_locked,
    recorded_transactions,
)
from tests.support.reservations import LATER, confirm, release, reserve

pytestmark = pytest.mark.parametrize("migrated_template", ["postgresql"], indirect=True)
LIMITS: dict[str, Any] = {
    "per_code_limit": 0,
    "per_user_limit": 3,
    "user_period_limit": 3,
    "user_period": UsagePeriod.DAY,
}


@dataclass(frozen=True)
class Scene:
    """A user with two coupons, whose limits are used up until reservations end."""

    tenant: TenantFactory
    definition: Definition
    codes: list[str]
    held: list[str]

    @property
    def first(self) -> CouponFilter:
        """Select the first coupon."""
        return CouponFilter(code=self.codes[0])


def redeem_for_another_user(scene: Scene) -> None:
    code = scene.tenant.issue_code(scene.definition, "bob")
    scene.tenant.redeem(code, "bob", LATER)


def trade(scene: Scene) -> None:
    """Buy, redeem and refund a code of a list."""
    offers = OfferFactory(scene.tenant)
    codes = tuple(f"{scene.tenant.tenant_id}-{number}".upper() for number in "123")
    offers.create_offer("", codes=codes)
    offers.create_user("ann", gold=100)
    for action in (Action.BUY, Action.REDEEM, Action.REFUND):
        offers.perform_activity(action, codes[0])


def redeem_in_mambo(scene: Scene) -> None:
    offers = OfferFactory(scene.tenant)
    offers.create_user("ann")
    offers.perform_activity(Action.REDEEM, scene.codes[0])


def change_codes(scene: Scene) -> Any:
    target = CodeTarget(definition_id=scene.definition.definition_id)
    return bulk_changes.revoke(scene.tenant.tenant_id, target, "", LATER)


def assign_code(scene: Scene) -> Any:
    code = scene.tenant.issue_unassigned_code(scene.definition)
    return inventory.assign(scene.tenant.tenant_id, code, "bob", "", NOW)


def revoke_and_restore(scene: Scene) -> Any:
    scene.tenant.revoke(scene.codes[0])
    return corrections.restore(scene.tenant.tenant_id, scene.first, NOW)


ACTIONS: dict[str, Callable[[Scene], Any]] = {
    "redeem": lambda scene: scene.tenant.redeem(scene.codes[0], now=LATER),
    "redeem what another user held": redeem_for_another_user,
    "reserve": lambda scene: reserve(scene.tenant, scene.codes[0], now=LATER),
    "confirm": lambda scene: confirm(scene.tenant, scene.held[1]),
    "confirm late": lambda scene: confirm(scene.tenant, scene.held[1], LATER),
    "release": lambda scene: release(scene.tenant, scene.held[0]),
    "sweep": lambda scene: reservation_endings.announce_expired(
        scene.tenant.tenant_id, LATER
    ),
    "reverse": lambda scene: reverse(
        scene.definition, list_redemption_ids(scene.definition)[0]
    ),
    "trade": trade,
    "redeem in Mambo": redeem_in_mambo,
    "revoke and restore": revoke_and_restore,
    "reissue": lambda scene: corrections.reissue(
        scene.tenant.tenant_id, scene.first, NOW
    ),
    "change a coupon": lambda scene: inventory.change(
        scene.tenant.tenant_id, scene.first, {"expires_at": None}, NOW
    ),
    "change many": change_codes,
    "assign": assign_code,
    "change the limit": lambda scene: scene.tenant.change(
        scene.definition, total_limit=50
    ),
    "erase": lambda scene: personal_data.erase(scene.tenant.tenant_id, "ann", LATER),
}


@pytest.fixture
def scene(tenant: TenantFactory, limits: dict[str, Any]) -> Scene:
    """Return a user who has redeemed once and reserved twice."""
    definition = tenant.define(**LIMITS, **limits)
    codes = [tenant.issue_code(definition) for _ in range(2)]
    tenant.redeem(codes[0], now=NOW)
    held = [reserve(tenant, code) for code in codes]
    return Scene(tenant, definition, codes, held)


@pytest.mark.parametrize(
    "limits", [{"total_limit": 3}, {"hot": True, "total_limit": 3}], ids=["cold", "hot"]
)
@pytest.mark.parametrize("action", ACTIONS)
def test_rows_are_locked_in_one_order(scene: Scene, action: str) -> None:
    with recorded_transactions() as transactions:
        ACTIONS[action](scene)
    assert [late for one in transactions if (late := find_violations(one))] == []
    for one in transactions:
        locked = [name for sql, _ in one for name in list_locked(sql)]
        if any("FOR UPDATE OF c" in sql for sql, _ in one):
            assert locked[0] == LOCK_ORDER[0]
    assert_invariants()


@pytest.mark.parametrize(
    ("statements", "late"),
    [
        (["SELECT 1 FROM coupon c FOR UPDATE OF c", "UPDATE user_usage SET x"], 1),
        (["INSERT INTO user_usage (x)", "UPDATE coupon SET x"], 0),
        (["SELECT 1 FROM definition FOR NO KEY UPDATE", "UPDATE wallet SET x"], 0),
        (["UPDATE coupon SET x", "LOCK TABLE coupon IN ROW EXCLUSIVE MODE"], 1),
        (["UPDATE wallet SET x", 'SELECT 1 FROM "definition" AS t1 FOR SHARE'], 1),
        (
            ["INSERT INTO coupon (x) ON CONFLICT (x) DO UPDATE SET y", "DELETE FROM x"],
            0,
        ),
    ],
)
def test_the_recorder_finds_locks_in_another_order(
    migrated_template: str, statements: list[str], late: int
) -> None:
    assert len(find_violations([(sql, "ann") for sql in statements])) == late
