"""Batches in the database: chunks are claimed once, batches end once."""

from __future__ import annotations

from datetime import datetime, timedelta

from coupon_core.domain.models import Definition, Page
from coupon_core.domain.models.batches import (
    Batch,
    BatchKind,
    BatchState,
    Chunk,
)
from coupon_core.persistence.id_generation import new_id
from coupon_core.persistence.repositories import batches as store
from tests.shop import NOW, Shop

MINUTE = timedelta(minutes=1)


def new_batch(shop: Shop, definition: Definition, chunks: int = 2) -> Batch:
    """A batch of chunks of ten coupons that nobody holds."""
    ids = shop.tenant_id, new_id(), definition.definition_id
    counts = 10 * chunks, 0, chunks, 0
    times = NOW, None, NOW, None
    kind, state = BatchKind.COUNT, BatchState.PENDING
    batch = Batch(*ids, kind, state, *counts, None, "", *times)
    numbers = range(1, chunks + 1)
    store.insert(batch, [Chunk(*ids[:2], number, 10) for number in numbers])
    return batch


def revived(shop: Shop, now: datetime, *times: datetime) -> list[str]:
    """The ids of this tenant's batches that are to be made anew."""
    found = store.revive(now, *times)
    return [one.batch_id for one in found if one.tenant_id == shop.tenant_id]


def test_what_is_stored_is_what_is_found(shop: Shop) -> None:
    batch = new_batch(shop, shop.define())
    assert store.get(shop.tenant_id, batch.batch_id) == batch
    assert store.listed(shop.tenant_id, Page()) == ([batch], 1)
    assert store.unfinished_chunks(batch) == [1, 2]


def test_a_chunk_is_claimed_once(shop: Shop) -> None:
    batch = new_batch(shop, shop.define())
    key = shop.tenant_id, batch.batch_id, 1
    assert [store.claim(key, NOW) for _ in range(2)] == [True, False]
    assert store.chunk(key) is None
    assert store.unfinished_chunks(batch) == [2]


def test_the_last_chunk_completes_a_batch(shop: Shop) -> None:
    batch = new_batch(shop, shop.define())
    keys = [(shop.tenant_id, batch.batch_id, number) for number in (1, 2)]
    states = []
    for key in keys:
        store.claim(key, NOW)
        after = store.advance(key, 10, NOW + MINUTE)
        assert after is not None
        states.append((after.state, after.generated_count, after.finished_at))
    first, last = states
    assert first == (BatchState.RUNNING, 10, None)
    assert last == (BatchState.COMPLETED, 20, NOW + MINUTE)


def test_a_batch_that_has_ended_gets_no_further(shop: Shop) -> None:
    batch = new_batch(shop, shop.define())
    ids = shop.tenant_id, batch.batch_id
    assert store.end(*ids, BatchState.CANCELLED, "", NOW)
    assert store.end(*ids, BatchState.FAILED, "late", NOW) is None
    assert store.advance((*ids, 1), 10, NOW) is None


def test_unfinished_batches_keep_room_for_their_coupons(shop: Shop) -> None:
    definition = shop.define()
    batch = new_batch(shop, definition)
    ids = shop.tenant_id, definition.definition_id
    store.advance((shop.tenant_id, batch.batch_id, 1), 10, NOW)
    assert store.reserved(*ids) == 10
    store.end(shop.tenant_id, batch.batch_id, BatchState.CANCELLED, "", NOW)
    assert store.reserved(*ids) == 0


def test_a_batch_that_lies_still_is_revived_once(shop: Shop) -> None:
    batch = new_batch(shop, shop.define())
    times = NOW + MINUTE, NOW + MINUTE / 2, NOW - MINUTE
    assert revived(shop, *times) == [batch.batch_id]
    assert revived(shop, *times) == []


def test_a_paused_definition_lets_its_batches_lie(shop: Shop) -> None:
    definition = shop.define()
    new_batch(shop, definition)
    shop.pause(definition)
    assert revived(shop, NOW + MINUTE, NOW + MINUTE / 2, NOW + MINUTE) == []


def test_a_batch_waits_its_turn_while_another_gets_on(shop: Shop) -> None:
    definition = shop.define()
    still, moving = new_batch(shop, definition), new_batch(shop, definition)
    store.advance((shop.tenant_id, moving.batch_id, 1), 10, NOW + MINUTE)
    now = NOW + MINUTE
    assert revived(shop, now, now - MINUTE / 2, NOW - MINUTE) == []
    found = revived(shop, now, now - MINUTE / 2, now - MINUTE / 2)
    assert found == [still.batch_id]
    store.end(shop.tenant_id, moving.batch_id, BatchState.CANCELLED, "", now)
