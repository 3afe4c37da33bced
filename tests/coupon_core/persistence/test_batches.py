"""Tests of the batch repository: chunks are claimed once, batches end once."""

from __future__ import annotations

from datetime import datetime, timedelta

from coupon_core.domain.models import Definition, Page
from coupon_core.domain.models.batches import (
    Batch,
    BatchChunk,
    BatchKind,
    BatchState,
)
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories import batches as batch_repository
from tests.factories.tenant import NOW, TenantFactory

MINUTE = timedelta(minutes=1)


def new_batch(tenant: TenantFactory, definition: Definition, chunks: int = 2) -> Batch:
    """Insert a batch with chunks of ten unassigned coupons."""
    batch = Batch(
        tenant_id=tenant.tenant_id,
        batch_id=generate_id(),
        definition_id=definition.definition_id,
        kind=BatchKind.COUNT,
        state=BatchState.PENDING,
        requested_count=10 * chunks,
        generated_count=0,
        chunk_count=chunks,
        finished_chunk_count=0,
        expires_at=None,
        error="",
        created_at=NOW,
        started_at=None,
        updated_at=NOW,
        finished_at=None,
    )
    batch_repository.insert(
        batch,
        [
            BatchChunk(
                batch.tenant_id, batch.batch_id, chunk_number=number, coupon_count=10
            )
            for number in range(1, chunks + 1)
        ],
    )
    return batch


def cancel(batch: Batch, now: datetime = NOW) -> Batch | None:
    """End a batch as cancelled."""
    return batch_repository.end_early(
        batch.tenant_id,
        batch.batch_id,
        state=BatchState.CANCELLED,
        error="",
        now=now,
    )


def finish_first_chunk(batch: Batch, now: datetime = NOW) -> Batch | None:
    """Count the first chunk of a batch as finished."""
    key = batch.tenant_id, batch.batch_id, 1
    return batch_repository.count_finished_chunk(key, 10, now=now)


def reclaimed_ids(
    tenant: TenantFactory, now: datetime, before: datetime, long_before: datetime
) -> list[str]:
    """Return the ids of the reclaimed batches of this tenant."""
    return [
        batch.batch_id
        for key in batch_repository.list_stalled(before, long_before)
        if key[0] == tenant.tenant_id
        and (batch := batch_repository.reclaim_stalled(*key, now, before))
    ]


def test_what_is_stored_is_what_is_found(tenant: TenantFactory) -> None:
    batch = new_batch(tenant, tenant.define())
    assert batch_repository.get(tenant.tenant_id, batch.batch_id) == batch
    assert batch_repository.list_batches(tenant.tenant_id, Page()) == ([batch], 1)
    assert batch_repository.list_unfinished_chunk_numbers(batch) == [1, 2]


def test_a_chunk_is_claimed_once(tenant: TenantFactory) -> None:
    batch = new_batch(tenant, tenant.define())
    key = tenant.tenant_id, batch.batch_id, 1
    assert [batch_repository.claim_chunk(key, NOW) for _ in range(2)] == [True, False]
    assert batch_repository.get_unfinished_chunk(key) is None
    assert batch_repository.list_unfinished_chunk_numbers(batch) == [2]


def test_the_last_chunk_completes_a_batch(tenant: TenantFactory) -> None:
    batch = new_batch(tenant, tenant.define())
    keys = [(tenant.tenant_id, batch.batch_id, number) for number in (1, 2)]
    states = []
    for key in keys:
        batch_repository.claim_chunk(key, NOW)
        after = batch_repository.count_finished_chunk(key, 10, now=NOW + MINUTE)
        assert after is not None
        states.append((after.state, after.generated_count, after.finished_at))
    first, last = states
    assert first == (BatchState.RUNNING, 10, None)
    assert last == (BatchState.COMPLETED, 20, NOW + MINUTE)


def test_a_batch_that_has_ended_gets_no_further(tenant: TenantFactory) -> None:
    batch = new_batch(tenant, tenant.define())
    assert cancel(batch)
    assert cancel(batch) is None
    assert finish_first_chunk(batch) is None


def test_unfinished_batches_keep_room_for_their_coupons(tenant: TenantFactory) -> None:
    definition = tenant.define()
    batch = new_batch(tenant, definition)
    finish_first_chunk(batch)
    definition_id = definition.definition_id
    assert batch_repository.count_reserved(tenant.tenant_id, definition_id) == 10
    cancel(batch)
    assert batch_repository.count_reserved(tenant.tenant_id, definition_id) == 0


def test_a_batch_that_lies_still_is_revived_once(tenant: TenantFactory) -> None:
    batch = new_batch(tenant, tenant.define())
    limits = {"before": NOW + MINUTE / 2, "long_before": NOW - MINUTE}
    assert reclaimed_ids(tenant, NOW + MINUTE, **limits) == [batch.batch_id]
    assert reclaimed_ids(tenant, NOW + MINUTE, **limits) == []


def test_a_paused_definition_lets_its_batches_lie(tenant: TenantFactory) -> None:
    definition = tenant.define()
    new_batch(tenant, definition)
    tenant.pause(definition)
    now = NOW + MINUTE
    before = now - MINUTE / 2
    assert reclaimed_ids(tenant, now, before=before, long_before=now) == []


def test_a_batch_waits_its_turn_while_another_gets_on(tenant: TenantFactory) -> None:
    definition = tenant.define()
    stalled, active = new_batch(tenant, definition), new_batch(tenant, definition)
    now = NOW + MINUTE
    before = now - MINUTE / 2
    finish_first_chunk(active, now)
    assert reclaimed_ids(tenant, now, before=before, long_before=NOW - MINUTE) == []
    batch_ids = reclaimed_ids(tenant, now, before=before, long_before=before)
    assert batch_ids == [stalled.batch_id]
    cancel(active, now)
