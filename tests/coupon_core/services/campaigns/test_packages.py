"""Test concurrent changes to packages, their campaign and their codes."""

from __future__ import annotations

from functools import partial

import pytest

from coupon_core.domain.models import (
    AdminReason,
    DefinitionStatus,
    Dialect,
    Reason,
)
from coupon_core.domain.models.campaigns import CampaignStatus
from coupon_core.domain.models.packages import PackageWithDefinition
from coupon_core.services.campaigns import campaigns, creators, packages
from coupon_core.services.catalog import definition_status, definitions
from coupon_core.services.coupons import redemption
from coupon_core.services.coupons.redemption import RedeemRequest
from tests.factories.tenant import NOW, TenantFactory
from tests.support.concurrency import run_concurrently
from tests.support.invariants import assert_invariants

CODE = "GO-1"
OVER = {"status": CampaignStatus.COMPLETED}


@pytest.fixture
def offer(tenant: TenantFactory) -> PackageWithDefinition:
    """Create a package in a campaign, and assign one of its codes to a creator."""
    campaigns.create(tenant.tenant_id, "launch", {"names": {"en": "Launch"}}, NOW)
    creators.create(tenant.tenant_id, "ABC12", {"name": "Jun"}, NOW)
    gems = {"itemId": "gem", "itemQuantity": 100}
    members = {"item_name": {"en": "Gems"}, "rewards": (gems,)}
    created = packages.create(tenant.tenant_id, "launch", members, NOW)
    creators.assign_codes(tenant.tenant_id, "ABC12", created.package.package_id, [CODE])
    return created


def test_whoever_ends_a_campaign_has_the_last_word(
    tenant: TenantFactory, offer: PackageWithDefinition
) -> None:
    ids = tenant.tenant_id, offer.package.definition_id
    active, paused = DefinitionStatus.ACTIVE, DefinitionStatus.PAUSED
    change = partial(definition_status.set_status, *ids, now=NOW)
    end = partial(campaigns.update, tenant.tenant_id, "launch", OVER, NOW)
    outcomes = run_concurrently(
        [partial(change, status=active), end, partial(change, paused)]
    )
    outcomes += run_concurrently([partial(change, status=active)] * 2)
    assert outcomes[-2:] == [AdminReason.PACKAGE_OUT_OF_USE] * 2
    assert definitions.get(*ids).effective_status == DefinitionStatus.ARCHIVED


def test_a_limit_that_comes_while_codes_are_redeemed_holds(
    tenant: TenantFactory, offer: PackageWithDefinition
) -> None:
    def redeem(user_id: str) -> None:
        request = RedeemRequest(tenant.tenant_id, CODE, user_id, Dialect.PLAYCAMP)
        redemption.redeem(request, NOW)

    changes = {"total_limit": 3, "item_name": {"en": "Three"}}
    package_id = offer.package.package_id
    limit = partial(
        packages.update, tenant.tenant_id, package_id, changes=changes, now=NOW
    )
    users = [partial(redeem, f"user-{number}") for number in range(8)]
    outcomes = run_concurrently([*users[:4], limit, *users[4:]])
    is_limited = packages.get(tenant.tenant_id, package_id).definition.total_limit == 3
    use_count = outcomes.count(None)
    assert use_count == 3 if is_limited else outcomes[4] == AdminReason.LIMIT_BELOW_USES
    assert outcomes.count(Reason.POOL_EMPTY) == (8 - use_count if is_limited else 0)
    assert_invariants()
