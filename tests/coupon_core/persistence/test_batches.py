"""Batches in the database: chunks are claimed once, batches end once."""

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
    """A batch of chunks of ten coupons that nobody holds."""
    ids = tenant.tenant_id, generate_id(), definition.definition_id
    counts = 10 * chunks, 0, chunks, 0
    times = NOW, None, NOW, None
    kind, state = BatchKind.COUNT, BatchState.PENDING
    batch = Batch(*ids, kind, state, *counts, None, "", *times)
    numbers = range(1, chunks + 1)
    batch_repository.insert(
        batch, [BatchChunk(*ids[:2], number, 10) for number in numbers]
    )
    return batch


def revived(tenant: TenantFactory, now: datetime, *times: datetime) -> list[str]:
    """The ids of this tenant's batches that are to be made anew."""
    found = batch_repository.reclaim_stalled(now, *times)
    return [one.batch_id for one in found if one.tenant_id == tenant.tenant_id]


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
        after = batch_repository.count_finished_chunk(key, 10, NOW + MINUTE)
        assert after is not None
        states.append((after.state, after.generated_count, after.finished_at))
    first, last = states
    assert first == (BatchState.RUNNING, 10, None)
    assert last == (BatchState.COMPLETED, 20, NOW + MINUTE)


def test_a_batch_that_has_ended_gets_no_further(tenant: TenantFactory) -> None:
    batch = new_batch(tenant, tenant.define())
    ids = tenant.tenant_id, batch.batch_id
    assert batch_repository.end_early(*ids, BatchState.CANCELLED, "", NOW)
    assert batch_repository.end_early(*ids, BatchState.FAILED, "late", NOW) is None
    assert batch_repository.count_finished_chunk((*ids, 1), 10, NOW) is None


def test_unfinished_batches_keep_room_for_their_coupons(tenant: TenantFactory) -> None:
    definition = tenant.define()
    batch = new_batch(tenant, definition)
    ids = tenant.tenant_id, definition.definition_id
    batch_repository.count_finished_chunk(
        (tenant.tenant_id, batch.batch_id, 1), 10, NOW
    )
    assert batch_repository.count_reserved(*ids) == 10
    batch_repository.end_early(
        tenant.tenant_id, batch.batch_id, BatchState.CANCELLED, "", NOW
    )
    assert batch_repository.count_reserved(*ids) == 0


def test_a_batch_that_lies_still_is_revived_once(tenant: TenantFactory) -> None:
    batch = new_batch(tenant, tenant.define())
    times = NOW + MINUTE, NOW + MINUTE / 2, NOW - MINUTE
    assert revived(tenant, *times) == [batch.batch_id]
    assert revived(tenant, *times) == []


def test_a_paused_definition_lets_its_batches_lie(tenant: TenantFactory) -> None:
    definition = tenant.define()
    new_batch(tenant, definition)
    tenant.pause(definition)
    assert revived(tenant, NOW + MINUTE, NOW + MINUTE / 2, NOW + MINUTE) == []


def test_a_batch_waits_its_turn_while_another_gets_on(tenant: TenantFactory) -> None:
    definition = tenant.define()
    still, moving = new_batch(tenant, definition), new_batch(tenant, definition)
    batch_repository.count_finished_chunk(
        (tenant.tenant_id, moving.batch_id, 1), 10, NOW + MINUTE
    )
    now = NOW + MINUTE
    assert revived(tenant, now, now - MINUTE / 2, NOW - MINUTE) == []
    found = revived(tenant, now, now - MINUTE / 2, now - MINUTE / 2)
    assert found == [still.batch_id]
    batch_repository.end_early(
        tenant.tenant_id, moving.batch_id, BatchState.CANCELLED, "", now
    )
