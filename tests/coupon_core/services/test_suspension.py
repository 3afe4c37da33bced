"""Tests of suspended definitions and batches: nothing is lost, nothing is redeemed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from coupon_core.domain.models import (
    AdminReason,
    Definition,
    Page,
    Reason,
    UsagePeriod,
    utc_now,
)
from coupon_core.domain.models.batches import Batch, BatchState
from coupon_core.persistence import database
from coupon_core.persistence.repositories import bulk_coupons
from coupon_core.persistence.tables import CouponTable
from coupon_core.services import batches, suspension
from coupon_core.services.batches import BatchRequest
from coupon_core.services.catalog import definitions
from coupon_core.services.coupons import redemption
from coupon_core.services.coupons.redemption import RedeemRequest, StaleDecision
from tests.factories.campaigns import CAMPAIGN_ID, CampaignFactory
from tests.factories.tenant import NOW, TenantFactory
from tests.support.concurrency import count_outcomes, run_concurrently
from tests.support.invariants import assert_invariants
from tests.support.refusals import capture_refusal
from tests.workers.milestones import (
    STREAK_DATA,
    cloud,
    count_held_coupons,
    define_streak_trigger,
    process_event,
)

CHUNK_SIZE = 20
UNKNOWN_ID = "01890000-0000-7000-8000-000000000000"


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_coupons, "POSTGRESQL_CHUNK_SIZE", CHUNK_SIZE)
    monkeypatch.setattr(bulk_coupons, "SQLITE_CHUNK_SIZE", CHUNK_SIZE)


def request_batch(definition: Definition, count: int) -> Batch:
    """Request unassigned coupons."""
    return batches.request(
        definition.tenant_id, definition.definition_id, BatchRequest(count), NOW
    )


def generate_chunks(batch: Batch) -> Batch:
    """Try each chunk once, and return the batch afterwards."""
    for number in range(1, batch.chunk_count + 1):
        batches.generate_chunk((batch.tenant_id, batch.batch_id, number), NOW)
    return batches.get(batch.tenant_id, batch.batch_id)


def list_codes(batch: Batch) -> list[str]:
    """Return the codes of a batch."""
    query = CouponTable.select(CouponTable.code).where(
        CouponTable.tenant_id == batch.tenant_id, CouponTable.batch_id == batch.batch_id
    )
    return [code for (code,) in query.tuples()]


def change_batch(action: Any, batch: Batch) -> Batch:
    """Suspend or resume a batch."""
    changed: Batch = action(suspension.BATCHES, batch.tenant_id, batch.batch_id, NOW)
    return changed


def assert_suspended(tenant: TenantFactory, code: str) -> None:
    """Check that a code is refused as suspended, with and without a user."""
    for user_id in ("ann", None):
        assert tenant.validate(code, user_id).decision.reason == Reason.SUSPENDED
    assert capture_refusal(tenant.redeem, code) == Reason.SUSPENDED


def test_a_suspended_definition_refuses_its_codes(tenant: TenantFactory) -> None:
    definition = tenant.define_claimable("SAVE10")
    other_code = tenant.create_code()
    tenant.suspend(definition)
    assert_suspended(tenant, "SAVE10")
    tenant.redeem(other_code)
    tenant.resume(definition)
    tenant.redeem("SAVE10")
    assert_invariants()


def test_a_suspended_batch_refuses_its_codes_alone(tenant: TenantFactory) -> None:
    definition = tenant.define()
    first, second = (generate_chunks(request_batch(definition, 2)) for _ in range(2))
    assert change_batch(suspension.suspend, first).suspended_at == NOW
    (code, *_), (other_code, *_) = list_codes(first), list_codes(second)
    assert_suspended(tenant, code)
    tenant.redeem(other_code)
    assert change_batch(suspension.resume, first).suspended_at is None
    tenant.redeem(code)
    assert_invariants()


def create_campaign_code(tenant: TenantFactory, **members: Any) -> tuple[str, str]:
    """Return the ID of a campaign, and the code of one of its definitions."""
    campaign_id = CampaignFactory(tenant).create_campaign()
    code = tenant.create_code(campaign_id=campaign_id, **members)
    return campaign_id, code


def change_campaign(action: Any, tenant: TenantFactory) -> Any:
    """Suspend or resume the campaign."""
    return action(suspension.CAMPAIGNS, tenant.tenant_id, CAMPAIGN_ID, NOW)


def test_a_suspended_campaign_refuses_the_codes_of_its_definitions(
    tenant: TenantFactory,
) -> None:
    factory = CampaignFactory(tenant)
    _, code = create_campaign_code(tenant)
    factory.create_creator()
    offer = factory.create_package()
    factory.assign_codes(offer, "GO-1")
    other_code = tenant.create_code()
    assert change_campaign(suspension.suspend, tenant).suspended_at == NOW
    for campaign_code in (code, "GO-1"):
        assert_suspended(tenant, campaign_code)
    tenant.redeem(other_code)
    definition = tenant.find(code).definition
    assert (definition.suspended_at, definition.campaign_suspended_at) == (None, NOW)
    reason = capture_refusal(tenant.issue_code, definition)
    assert reason == AdminReason.DEFINITION_SUSPENDED
    listed, _ = definitions.list_available(tenant.tenant_id, Page())
    assert definition.definition_id not in {each.definition_id for each in listed}
    assert change_campaign(suspension.resume, tenant).suspended_at is None
    for campaign_code in (code, "GO-1"):
        tenant.redeem(campaign_code)
    assert_invariants()


def test_a_campaign_suspended_after_the_decision_is_not_redeemed(
    tenant: TenantFactory,
) -> None:
    _, code = create_campaign_code(tenant)
    seen = tenant.find(code)
    change_campaign(suspension.suspend, tenant)
    request = RedeemRequest(tenant.tenant_id, code, "ann")
    with pytest.raises(StaleDecision), database.single_statement():
        redemption.apply_redemption(seen, request, NOW, claim=False)
    assert_suspended(tenant, code)
    assert_invariants()


def test_a_milestone_of_a_suspended_campaign_is_counted_as_suspended(
    tenant: TenantFactory,
) -> None:
    CampaignFactory(tenant).create_campaign()
    definition = define_streak_trigger(tenant, campaign_id=CAMPAIGN_ID)
    change_campaign(suspension.suspend, tenant)
    assert process_event(cloud(tenant)) == "suspended"
    assert count_held_coupons(definition) == 0


def test_a_period_is_one_of_the_time_zone_of_the_campaign(
    tenant: TenantFactory,
) -> None:
    factory = CampaignFactory(tenant)
    factory.create_campaign(time_zone="Pacific/Auckland")
    limit = {"user_period_limit": 1, "user_period": UsagePeriod.DAY}
    code = tenant.create_code(campaign_id=CAMPAIGN_ID, per_code_limit=0, **limit)
    noon_in_utc = datetime(2026, 11, 28, 12, tzinfo=UTC)  # a new day began at 11:00
    tenant.redeem(code, now=noon_in_utc - timedelta(hours=2))
    tenant.redeem(code, now=noon_in_utc)
    refused = partial(
        tenant.redeem, code, now=noon_in_utc + timedelta(hours=12, minutes=-1)
    )
    assert capture_refusal(refused) == Reason.USER_PERIOD_LIMIT
    assert_invariants()


def test_a_batch_suspended_after_the_decision_is_not_redeemed(
    tenant: TenantFactory,
) -> None:
    batch = generate_chunks(request_batch(tenant.define(), 1))
    (code,) = list_codes(batch)
    seen = tenant.find(code)
    change_batch(suspension.suspend, batch)
    request = RedeemRequest(tenant.tenant_id, code, "ann")
    with pytest.raises(StaleDecision), database.single_statement():
        redemption.apply_redemption(seen, request, NOW, claim=False)
    assert_suspended(tenant, code)
    assert_invariants()


def test_no_code_of_a_batch_is_redeemed_after_the_answer(tenant: TenantFactory) -> None:
    batch = generate_chunks(request_batch(tenant.define(), 40))
    codes = list_codes(batch)

    def suspend_and_redeem() -> Any:
        change_batch(suspension.suspend, batch)
        return tenant.redeem(codes[-1])

    tasks: list[Any] = [partial(tenant.redeem, code) for code in codes[:-1]]
    tasks[20:20] = [suspend_and_redeem]
    outcomes = run_concurrently(tasks)
    assert outcomes[20] == Reason.SUSPENDED
    assert set(count_outcomes(outcomes)) <= {"done", Reason.SUSPENDED}
    change_batch(suspension.resume, batch)
    rest = [
        partial(tenant.redeem, code)
        for code, outcome in zip(codes, [*outcomes[:20], *outcomes[21:]], strict=False)
        if outcome == Reason.SUSPENDED
    ]
    assert set(count_outcomes(run_concurrently(rest))) <= {"done"}
    assert_invariants()


@pytest.mark.parametrize("suspends_definition", [True, False])
def test_a_running_batch_stops_and_continues(
    tenant: TenantFactory, suspends_definition: bool
) -> None:
    definition = tenant.define()
    batch = request_batch(definition, 2 * CHUNK_SIZE)
    batches.generate_chunk((batch.tenant_id, batch.batch_id, 1), NOW)
    if suspends_definition:
        tenant.suspend(definition)
        assert capture_refusal(request_batch, definition, 1) == (
            AdminReason.DEFINITION_SUSPENDED
        )
    else:
        change_batch(suspension.suspend, batch)
    waiting = generate_chunks(batch)
    assert (waiting.state, waiting.generated_count) == (BatchState.RUNNING, CHUNK_SIZE)
    assert waiting.error.startswith("waiting: ")
    later = NOW + timedelta(minutes=30)
    batches.requeue_stalled_batches(later)
    assert batches.get(batch.tenant_id, batch.batch_id).updated_at == waiting.updated_at
    tenant.resume(definition)
    change_batch(suspension.resume, batch)
    batches.requeue_stalled_batches(later)
    assert batches.get(batch.tenant_id, batch.batch_id).updated_at == later
    after = generate_chunks(batch)
    assert (after.state, after.error) == (BatchState.COMPLETED, "")
    assert after.generated_count == 2 * CHUNK_SIZE


def test_a_milestone_is_counted_as_suspended_and_not_made_up(
    tenant: TenantFactory,
) -> None:
    definition = define_streak_trigger(tenant)
    tenant.suspend(definition)
    assert process_event(cloud(tenant)) == "suspended"
    tenant.resume(definition)
    assert count_held_coupons(definition) == 0
    again = cloud(tenant, data={**STREAK_DATA, "run_id": "2"})
    assert process_event(again) == "earned"
    assert count_held_coupons(definition) == 1


def test_suspending_again_changes_nothing(tenant: TenantFactory) -> None:
    definition = tenant.define()
    first = tenant.suspend(definition)
    assert tenant.suspend(definition) == first
    resumed = tenant.resume(definition)
    assert tenant.resume(definition) == resumed


@pytest.mark.parametrize(
    "kind",
    [suspension.DEFINITIONS, suspension.BATCHES, suspension.CAMPAIGNS],
    ids=lambda kind: kind.noun,
)
def test_what_is_unknown_cannot_be_suspended(tenant: TenantFactory, kind: Any) -> None:
    for action in (suspension.suspend, suspension.resume):
        change = partial(action, kind, tenant.tenant_id, UNKNOWN_ID, utc_now())
        assert capture_refusal(change) == kind.unknown_reason
