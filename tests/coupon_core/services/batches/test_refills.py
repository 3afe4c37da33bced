"""Tests of refills: one batch each time that the unassigned codes run out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest

from coupon_core.domain import serialization
from coupon_core.domain.codes import ALPHABETS
from coupon_core.domain.models import (
    CodeAlphabet,
    CodeFormat,
    Definition,
    IssuedCoupon,
    Page,
    Refused,
    utc_now,
)
from coupon_core.domain.models.audit import AuditFilter
from coupon_core.domain.models.batches import Batch, BatchKind, BatchState
from coupon_core.domain.models.campaigns import CampaignStatus
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.services import audit, batches, suspension
from coupon_core.services.batches import BatchRequest, refills
from coupon_core.services.catalog import definition_warnings
from tests.factories.campaigns import CAMPAIGN_ID, CampaignFactory
from tests.factories.tenant import TenantFactory
from tests.support.concurrency import run_concurrently
from tests.support.invariants import list_events

COUNT, BELOW = 5, 2


def define(tenant: TenantFactory, **members: object) -> Definition:
    return tenant.define(refill_count=COUNT, refill_below=BELOW, **members)


def refill(tenant: TenantFactory, now: datetime | None = None) -> int:
    return batches.refill(tenant.tenant_id, now or utc_now())


def list_batches(tenant: TenantFactory) -> list[Batch]:
    """Return the tenant's batches, newest first."""
    return batches.list_batches(tenant.tenant_id, Page())[0]


def generate_latest(tenant: TenantFactory) -> Batch:
    batch = list_batches(tenant)[0]
    batches.generate_chunk((batch.tenant_id, batch.batch_id, 1), utc_now())
    return batches.get(batch.tenant_id, batch.batch_id)


def batch_coupons(tenant: TenantFactory, batch: Batch) -> list[IssuedCoupon]:
    filters = CouponFilter(batch_id=batch.batch_id)
    coupons, _ = coupon_repository.list_coupons(
        tenant.tenant_id, filters, Page(), utc_now()
    )
    return coupons


def test_codes_that_run_out_are_refilled_once(tenant: TenantFactory) -> None:
    definition = define(tenant)
    code, _ = [tenant.issue_unassigned_code(definition) for _ in range(BELOW)]
    assert refill(tenant) == 0
    tenant.redeem(code)
    assert [refill(tenant), refill(tenant)] == [1, 0]
    batch = generate_latest(tenant)
    assert (batch.kind, batch.state) == (BatchKind.REFILL, BatchState.COMPLETED)
    assert (batch.definition_id, batch.generated_count) == (
        definition.definition_id,
        COUNT,
    )
    assert refill(tenant) == 0
    entries, _ = audit.list_entries(tenant.tenant_id, AuditFilter(), Page())
    (entry,) = [entry for entry in entries if entry.action == "definition.refilled"]
    assert entry.object_id == definition.definition_id
    assert entry.detail == {"batch_id": batch.batch_id, "count": COUNT}


def test_each_time_that_they_run_out_is_a_refill(tenant: TenantFactory) -> None:
    define(tenant)
    for expected in (1, 2, 3):
        assert refill(tenant) == 1
        batch = generate_latest(tenant)
        assert len(list_batches(tenant)) == expected
        for issued in batch_coupons(tenant, batch):
            tenant.redeem(issued.coupon.code)


def test_of_concurrent_sweeps_one_refills(tenant: TenantFactory) -> None:
    define(tenant)
    run_concurrently([partial(refill, tenant)] * 6)
    assert len(list_batches(tenant)) == 1


def test_a_sweep_that_was_overtaken_refills_nothing(tenant: TenantFactory) -> None:
    definition = define(tenant)
    for expected in (True, False):
        batch = refills._try_refill(
            tenant.tenant_id, definition.definition_id, utc_now()
        )
        assert (batch is not None) == expected
    generate_latest(tenant)
    assert not refills._try_refill(
        tenant.tenant_id, definition.definition_id, utc_now()
    )


def test_a_refill_prevents_the_warning(tenant: TenantFactory) -> None:
    tenant.redeem(tenant.issue_unassigned_code(define(tenant)))
    refill(tenant)
    definition_warnings.announce(tenant.tenant_id, utc_now())
    assert not [
        data
        for tenant_id, data in list_events("definition.exhausted")
        if tenant_id == tenant.tenant_id
    ]


def use_up(tenant: TenantFactory, definition: Definition) -> None:
    tenant.change(definition, total_limit=1)
    tenant.redeem(tenant.issue_code(definition))


def expire(tenant: TenantFactory, definition: Definition) -> None:
    tenant.change(definition, expires_at=utc_now() - timedelta(minutes=1))


def suspend_campaign(tenant: TenantFactory, _: Definition) -> None:
    suspension.suspend(
        suspension.CAMPAIGNS, tenant.tenant_id, CAMPAIGN_ID, now=utc_now()
    )


def end_campaign(tenant: TenantFactory, _: Definition) -> None:
    CampaignFactory(tenant).update_campaign(status=CampaignStatus.COMPLETED)


def request_batch(tenant: TenantFactory, definition: Definition) -> None:
    request = BatchRequest(2_000)
    batches.request(tenant.tenant_id, definition.definition_id, request, utc_now())


def stop_refill(tenant: TenantFactory, definition: Definition) -> None:
    tenant.change(definition, refill_count=0, refill_below=0)


@pytest.mark.parametrize(
    "prevent",
    [
        TenantFactory.suspend,
        TenantFactory.pause,
        TenantFactory.archive,
        use_up,
        expire,
        suspend_campaign,
        end_campaign,
        request_batch,
        stop_refill,
    ],
)
def test_what_gives_out_no_codes_is_not_refilled(
    tenant: TenantFactory, prevent: Callable[[TenantFactory, Definition], object]
) -> None:
    CampaignFactory(tenant).create_campaign()
    definition = define(tenant, campaign_id=CAMPAIGN_ID)
    prevent(tenant, definition)
    assert refill(tenant) == 0


def test_a_resumed_definition_is_refilled(tenant: TenantFactory) -> None:
    definition = define(tenant)
    tenant.suspend(definition)
    assert refill(tenant) == 0
    tenant.resume(definition)
    assert refill(tenant) == 1


def cancel_latest(tenant: TenantFactory) -> None:
    batches.cancel(tenant.tenant_id, list_batches(tenant)[0].batch_id, utc_now())


def test_a_cancelled_refill_is_not_repeated(tenant: TenantFactory) -> None:
    define(tenant)
    refill(tenant)
    cancel_latest(tenant)
    assert refill(tenant) == 0


def test_a_change_of_the_definition_repeats_a_cancelled_refill(
    tenant: TenantFactory,
) -> None:
    definition = define(tenant)
    refill(tenant)
    cancel_latest(tenant)
    tenant.pause(definition)
    tenant.set_status(definition, definition.status)
    assert refill(tenant) == 1


def test_the_next_shortage_after_a_cancelled_refill_is_refilled(
    tenant: TenantFactory,
) -> None:
    definition = define(tenant)
    refill(tenant)
    cancel_latest(tenant)
    made_by_hand = [tenant.issue_unassigned_code(definition) for _ in range(BELOW)]
    assert refill(tenant) == 0
    tenant.redeem(made_by_hand[0])
    assert refill(tenant) == 1


def test_a_code_space_that_is_too_small_stops_no_other_refill(
    tenant: TenantFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ALPHABETS, CodeAlphabet.UNAMBIGUOUS, "ABCD")
    tenant.define(refill_count=200, refill_below=1, code_length=4)
    define(tenant)
    assert refill(tenant) == 1
    assert [batch.requested_count for batch in list_batches(tenant)] == [COUNT]


def test_only_random_codes_are_refilled(tenant: TenantFactory) -> None:
    with pytest.raises(Refused, match="refill_needs_random"):
        define(tenant, code_format=CodeFormat.CUSTOM, custom_code="SAVE10")


def test_players_are_not_shown_a_refill(tenant: TenantFactory) -> None:
    definition = define(tenant)
    assert serialization.serialize_definition_config(definition)["refill"] == {
        "count": COUNT,
        "below": BELOW,
    }
    assert "refill" not in serialization.serialize_definition(definition)["config"]
