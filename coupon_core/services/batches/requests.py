"""Asking for batches: accepted at once, looked at, cancelled, driven on."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from coupon_core.domain.models import (
    NOBODY,
    AdminReason,
    Definition,
    Event,
    Page,
    Refused,
)
from coupon_core.domain.models.batches import (
    Batch,
    BatchKind,
    BatchState,
    Chunk,
)
from coupon_core.domain.rules import generation as generation_rules
from coupon_core.domain.rules import redemption as redemption_rules
from coupon_core.messaging.topology import CHUNK
from coupon_core.persistence.database import transaction
from coupon_core.persistence.id_generation import new_id
from coupon_core.persistence.repositories import batches as store
from coupon_core.persistence.repositories import bulk_coupons
from coupon_core.services import audit, outbox
from coupon_core.services.coupons import code_capacity, generation

MOST_COUPONS, MOST_USERS = 10_000_000, 1_000_000
# A batch that has not got on for so long is given to the workers anew; one that only
# waits behind others, after so much longer.
STILL, LONG_STILL = timedelta(seconds=60), timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a batch shall make: coupons that nobody holds, or one for each user."""

    count: int
    user_ids: Sequence[str] = ()
    expires_at: datetime | None = None

    @property
    def is_small(self) -> bool:
        """Whether it is made while the caller waits."""
        return self.count <= generation.MOST_INLINE

    @property
    def holders(self) -> Sequence[str]:
        """Who shall hold each coupon."""
        return self.user_ids or [NOBODY] * self.count


def request(tenant_id: str, definition_id: str, wanted: Wanted, now: datetime) -> Batch:
    """Accept a batch; durable when this returns, and made by workers then.

    Refused as generating is: definition unknown or not active, too few codes.
    """
    batch = _new(tenant_id, definition_id, wanted, now)
    chunks = list(_chunks(batch, wanted.user_ids))
    with transaction():
        definition = generation.hold(tenant_id, definition_id)
        if definition is None:
            raise Refused(AdminReason.DEFINITION_NOT_FOUND)
        for reason in generation_rules.against_generating(
            definition, not wanted.user_ids
        ):
            raise Refused(reason)
        code_capacity.check(definition, wanted.count)
        _check_awards(definition, len(wanted.user_ids))
        store.insert(batch, chunks)
        outbox.add(_wanted_event(batch, chunk.chunk_number, now) for chunk in chunks)
        audit.record(tenant_id, "batch.requested", batch.batch_id, count=wanted.count)
    return batch


def _new(tenant_id: str, definition_id: str, wanted: Wanted, now: datetime) -> Batch:
    kind = BatchKind.USERS if wanted.user_ids else BatchKind.COUNT
    chunk_count = -(-wanted.count // bulk_coupons.chunk_size())
    return Batch(
        tenant_id=tenant_id,
        batch_id=new_id(),
        definition_id=definition_id,
        kind=kind,
        state=BatchState.PENDING,
        requested_count=wanted.count,
        generated_count=0,
        chunk_count=chunk_count,
        finished_chunk_count=0,
        expires_at=wanted.expires_at,
        error="",
        created_at=now,
        started_at=None,
        updated_at=now,
        finished_at=None,
    )


def _chunks(batch: Batch, user_ids: Sequence[str]) -> Iterator[Chunk]:
    size = bulk_coupons.chunk_size()
    for number, start in enumerate(range(0, batch.requested_count, size), start=1):
        count = min(size, batch.requested_count - start)
        users = tuple(user_ids[start : start + size])
        yield Chunk(batch.tenant_id, batch.batch_id, number, count, users)


def _check_awards(definition: Definition, count: int) -> None:
    """Refuse what can be seen to end in a failure; each chunk counts its own."""
    if not count or not redemption_rules.counts_awards(definition):
        return
    ids = definition.tenant_id, definition.definition_id
    given = definition.used_count + store.reserved(*ids)
    if given + count > definition.total_limit:
        raise Refused(AdminReason.TOTAL_LIMIT_REACHED)


def _wanted_event(batch: Batch, number: int, now: datetime) -> Event:
    data = {
        "tenant_id": batch.tenant_id,
        "batch_id": batch.batch_id,
        "chunk_number": number,
    }
    return Event(batch.tenant_id, new_id(), CHUNK, "", now, json.dumps(data))


def get(tenant_id: str, batch_id: str) -> Batch:
    """One batch. Refused when there is none."""
    batch = store.get(tenant_id, batch_id)
    if batch is None:
        raise Refused(AdminReason.BATCH_NOT_FOUND)
    return batch


def listed(
    tenant_id: str,
    page: Page,
    state: BatchState | None = None,
    definition_id: str | None = None,
) -> tuple[list[Batch], int]:
    """A tenant's batches, newest first, and how many match in all."""
    return store.listed(tenant_id, page, state, definition_id)


def cancel(tenant_id: str, batch_id: str, now: datetime) -> Batch:
    """Make no more coupons of a batch; those made stay. Again changes nothing.

    After this has returned none is added. Refused when it has completed or failed.
    """
    with transaction():
        ended = store.end(tenant_id, batch_id, BatchState.CANCELLED, "", now)
        if ended:
            audit.record(tenant_id, "batch.cancelled", batch_id)
    if ended is None:
        ended = get(tenant_id, batch_id)
        if ended.state != BatchState.CANCELLED:
            raise Refused(AdminReason.BATCH_FINISHED)
    return ended


def fail(tenant_id: str, batch_id: str, why: str, now: datetime) -> None:
    """End a batch that cannot be made to its end; the coupons made stay."""
    with transaction():
        store.end(tenant_id, batch_id, BatchState.FAILED, why, now)


def redrive(now: datetime) -> int:
    """Ask anew for the chunks of batches that lie still; gives how many.

    So a message that got lost costs time, never a coupon; a repeated one makes none.
    """
    with transaction():
        still = store.revive(now, now - STILL, now - LONG_STILL)
        events = [
            _wanted_event(batch, number, now)
            for batch in still
            for number in store.unfinished_chunks(batch)
        ]
        outbox.add(events)
    return len(events)


def pace(batch: Batch) -> tuple[float | None, float | None]:
    """How many coupons a second were made, and in how many seconds it will be done.

    None where that cannot be told: hardly begun, or at its end.
    """
    # Both times are those at which a chunk was begun: the last one is not counted.
    chunks = batch.finished_chunk_count - 1
    if batch.started_at is None or chunks < 1:
        return None, None
    seconds = max(0.001, (batch.updated_at - batch.started_at).total_seconds())
    rate = batch.generated_count * chunks / batch.finished_chunk_count / seconds
    left = batch.chunk_count - batch.finished_chunk_count
    eta = seconds / chunks * left
    return rate, eta if batch.state == BatchState.RUNNING else None
