"""Reports count each coupon once when it is generated, and when a user is given it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from coupon_core.domain.models import (
    UNASSIGNED,
    CodeFormat,
    Milestone,
    Trigger,
)
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.domain.models.inventory import ImportRow
from coupon_core.domain.models.offers import UsageMode
from coupon_core.domain.models.purchases import Action
from coupon_core.services import batches
from coupon_core.services.batches import BatchRequest
from coupon_core.services.codes import csv_import, inventory
from coupon_core.services.coupons import corrections
from coupon_core.services.events import earned_coupons
from tests.factories.campaigns import CampaignFactory
from tests.factories.offers import OfferFactory
from tests.factories.tenant import NOW, TenantFactory
from tests.support.report_invariants import count_all, read_gifts


def generate(tenant: TenantFactory) -> None:
    tenant.generate(tenant.define(), ["ann", "bob", UNASSIGNED])


def assign(tenant: TenantFactory) -> None:
    code = tenant.create_unassigned_code()
    for _ in range(2):
        inventory.assign(tenant.tenant_id, code, "ann", actor="", now=NOW)


def generate_batch(tenant: TenantFactory, *user_ids: str, **members: Any) -> None:
    definition = tenant.define(**members)
    batch = batches.request(
        tenant.tenant_id,
        definition.definition_id,
        BatchRequest(len(user_ids) or 4, user_ids),
        NOW,
    )
    for _ in range(2):
        batches.generate_chunk((tenant.tenant_id, batch.batch_id, 1), NOW)
    assert batches.get(tenant.tenant_id, batch.batch_id).state == "completed"


def generate_unassigned_batch(tenant: TenantFactory) -> None:
    generate_batch(tenant)


def generate_batch_for_users(tenant: TenantFactory) -> None:
    generate_batch(tenant, "ann", "bob")


def generate_batch_of_a_custom_code(tenant: TenantFactory) -> None:
    generate_batch(
        tenant, "ann", "bob", code_format=CodeFormat.CUSTOM, custom_code="SAVE10"
    )


def import_codes(tenant: TenantFactory) -> None:
    csv_import.import_codes(
        tenant.tenant_id,
        tenant.define().definition_id,
        [
            ImportRow(line, f"A-{line}", user_id=user_id, expires_at=None)
            for line, user_id in enumerate(("ann", "", ""))
        ],
        partial=False,
        actor="",
        clock=lambda: NOW,
    )


def buy(tenant: TenantFactory) -> None:
    offers = OfferFactory(tenant)
    offers.create_offer("OFFER", usage=UsageMode.MULTI)
    offers.create_user(gold=100)
    for _ in range(2):
        offers.perform_activity(Action.BUY, "OFFER")


def buy_a_listed_code(tenant: TenantFactory) -> None:
    offers = OfferFactory(tenant)
    offers.create_offer("", codes=("L-1", "L-2", "L-3"))
    offers.create_user(gold=100)
    offers.perform_activity(Action.BUY, "L-1")


def earn(tenant: TenantFactory) -> None:
    tenant.define(
        trigger_kind=Trigger.STREAK_MILESTONE,
        trigger_enabled=True,
        trigger_source="daily",
        trigger_threshold=7,
    )
    milestone = Milestone(
        tenant.tenant_id,
        "ann",
        event_id="e-1",
        trigger_kind=Trigger.STREAK_MILESTONE,
        source_id="daily",
        value=7,
        occurrence="",
        occurred_at=NOW,
    )
    for _ in range(2):
        earned_coupons.process_milestones([milestone], NOW)
        earned_coupons.process_milestone(milestone, NOW)


def reissue(tenant: TenantFactory) -> None:
    code_filter = CouponFilter(code=tenant.create_code())
    for _ in range(2):
        corrections.reissue(tenant.tenant_id, code_filter, NOW)


def redeem_without_assignment(tenant: TenantFactory) -> None:
    """The user is given the coupon by using it."""
    tenant.redeem(tenant.create_unassigned_code())
    tenant.define_claimable("SHARED")
    tenant.redeem("SHARED")
    tenant.redeem(CampaignFactory(tenant).create_redeemable_code(), "bob")


@pytest.mark.usefixtures("core")
@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (generate, (3, 2)),
        (assign, (1, 1)),
        (generate_unassigned_batch, (4, 0)),
        (generate_batch_for_users, (2, 2)),
        (generate_batch_of_a_custom_code, (2, 2)),
        (import_codes, (3, 1)),
        (buy, (2, 2)),
        (buy_a_listed_code, (3, 1)),
        (earn, (1, 1)),
        (reissue, (2, 2)),
        (redeem_without_assignment, (1, 0)),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_each_coupon_is_counted_once(
    tenant: TenantFactory,
    act: Callable[[TenantFactory], None],
    expected: tuple[int, int],
) -> None:
    act(tenant)
    count_all()
    assert read_gifts(tenant) == expected
