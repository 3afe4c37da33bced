"""Batch requests: accept, show, cancel and requeue batches."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from coupon_core.domain.entered_times import EnteredTime
from coupon_core.domain.metadata import Metadata
from coupon_core.domain.models import (
    UNASSIGNED,
    AdminReason,
    Definition,
    Event,
    Page,
    Refused,
)
from coupon_core.domain.models.batches import (
    Batch,
    BatchChunk,
    BatchKind,
    BatchState,
)
from coupon_core.domain.rules import generation as generation_rules
from coupon_core.domain.rules import redemption as redemption_rules
from coupon_core.messaging.topology import BATCH_CHUNK_EVENT_TYPE
from coupon_core.persistence.database import transaction
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories import batches as batch_repository
from coupon_core.persistence.repositories import bulk_coupons
from coupon_core.persistence.repositories.definition_notices import mark_stocked
from coupon_core.services import audit, outbox, time_zones
from coupon_core.services.coupons import code_capacity, generation
from coupon_core.services.errors import require_found

MAX_COUPONS = 10_000_000
MAX_USERS = 1_000_000
# Chunks of a batch without progress for this time are published again. A batch that
# only waits behind others in the queue gets more time.
STALLED_AFTER = timedelta(seconds=60)
STALLED_WHILE_QUEUED_AFTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """What to generate: a number of unassigned coupons, or a coupon for each user."""

    count: int
    user_ids: Sequence[str] = ()
    expires_at: EnteredTime | None = None
    metadata: Metadata = field(default_factory=dict)
    kind: BatchKind = BatchKind.COUNT

    @property
    def is_small(self) -> bool:
        """True if the coupons are generated within the request."""
        return self.count <= generation.MAX_INLINE_COUPONS

    @property
    def recipients(self) -> Sequence[str]:
        """The user ID of each coupon; UNASSIGNED for unassigned coupons."""
        return self.user_ids or [UNASSIGNED] * self.count


def request(
    tenant_id: str, definition_id: str, batch_request: BatchRequest, now: datetime
) -> Batch:
    """Accept a batch that workers will generate; it is durable on return.

    Raises:
        Refused: The definition is unknown or not active, its code space is too small,
            or its total limit of awards would be exceeded.
    """
    with transaction():
        definition = require_found(
            generation.lock_for_generation(tenant_id, definition_id),
            AdminReason.DEFINITION_NOT_FOUND,
        )
        for reason in generation_rules.generation_violations(
            definition, not batch_request.user_ids
        ):
            raise Refused(reason)
        code_capacity.require_capacity(definition, batch_request.count)
        _require_award_capacity(definition, len(batch_request.user_ids))
        expires_at = time_zones.resolve_expiry(
            definition, batch_request.expires_at, now
        )
        batch = _build_batch(definition, batch_request, expires_at, now)
        chunks = list(_split_into_chunks(batch, batch_request.user_ids))
        batch_repository.insert(batch, chunks)
        if not batch_request.user_ids:
            mark_stocked(tenant_id, [definition_id])
        outbox.add(
            _build_chunk_event(batch, chunk.chunk_number, now) for chunk in chunks
        )
        audit.record(
            tenant_id, "batch.requested", batch.batch_id, count=batch_request.count
        )
    return batch


def _build_batch(
    definition: Definition,
    batch_request: BatchRequest,
    expires_at: datetime | None,
    now: datetime,
) -> Batch:
    kind = BatchKind.USERS if batch_request.user_ids else batch_request.kind
    chunk_count = -(-batch_request.count // bulk_coupons.get_chunk_size())
    return Batch(
        tenant_id=definition.tenant_id,
        batch_id=generate_id(),
        definition_id=definition.definition_id,
        kind=kind,
        state=BatchState.PENDING,
        requested_count=batch_request.count,
        generated_count=0,
        chunk_count=chunk_count,
        finished_chunk_count=0,
        expires_at=expires_at,
        error="",
        created_at=now,
        started_at=None,
        updated_at=now,
        finished_at=None,
        metadata=batch_request.metadata,
    )


def _split_into_chunks(batch: Batch, user_ids: Sequence[str]) -> Iterator[BatchChunk]:
    size = bulk_coupons.get_chunk_size()
    for chunk_number, start in enumerate(
        range(0, batch.requested_count, size), start=1
    ):
        count = min(size, batch.requested_count - start)
        yield BatchChunk(
            tenant_id=batch.tenant_id,
            batch_id=batch.batch_id,
            chunk_number=chunk_number,
            coupon_count=count,
            user_ids=tuple(user_ids[start : start + size]),
        )


def _require_award_capacity(definition: Definition, count: int) -> None:
    """Refuse a batch that is certain to fail; the chunks count the awards exactly."""
    if not count or not redemption_rules.total_limit_counts_awards(definition):
        return
    reserved_count = batch_repository.count_reserved(
        definition.tenant_id, definition.definition_id
    )
    if definition.used_count + reserved_count + count > definition.total_limit:
        raise Refused(AdminReason.TOTAL_LIMIT_REACHED)


def _build_chunk_event(batch: Batch, chunk_number: int, now: datetime) -> Event:
    data = {
        "tenant_id": batch.tenant_id,
        "batch_id": batch.batch_id,
        "chunk_number": chunk_number,
    }
    return Event(
        tenant_id=batch.tenant_id,
        event_id=generate_id(),
        event_type=BATCH_CHUNK_EVENT_TYPE,
        subject="",
        occurred_at=now,
        data=json.dumps(data),
    )


def get(tenant_id: str, batch_id: str) -> Batch:
    """Return one batch.

    Raises:
        Refused: The batch is unknown.
    """
    batch = batch_repository.get(tenant_id, batch_id)
    return require_found(batch, AdminReason.BATCH_NOT_FOUND)


def list_batches(
    tenant_id: str,
    page: Page,
    state: BatchState | None = None,
    definition_id: str | None = None,
) -> tuple[list[Batch], int]:
    """Return a page of a tenant's batches, newest first, and the number of matches."""
    return batch_repository.list_batches(tenant_id, page, state, definition_id)


def cancel(tenant_id: str, batch_id: str, now: datetime) -> Batch:
    """Cancel a batch (idempotent); the coupons it has generated remain.

    No coupon is added after this function has returned.

    Raises:
        Refused: The batch is unknown, or has completed or failed.
    """
    with transaction():
        ended = batch_repository.end_early(
            tenant_id, batch_id, state=BatchState.CANCELLED, error="", now=now
        )
        if ended:
            audit.record(tenant_id, "batch.cancelled", batch_id)
    if ended is None:
        ended = get(tenant_id, batch_id)
        if ended.state != BatchState.CANCELLED:
            raise Refused(AdminReason.BATCH_FINISHED)
    return ended


def fail(tenant_id: str, batch_id: str, reason: str, now: datetime) -> None:
    """Mark a batch as failed; the coupons it has generated remain."""
    with transaction():
        batch_repository.end_early(
            tenant_id, batch_id, state=BatchState.FAILED, error=reason, now=now
        )


def requeue_stalled_batches(now: datetime) -> int:
    """Publish the unfinished chunks of stalled batches again, and return their number.

    A lost message therefore only delays coupons, and a repeated message adds none.
    """
    stalled_keys = batch_repository.list_stalled(
        now - STALLED_AFTER, now - STALLED_WHILE_QUEUED_AFTER
    )
    return sum(_requeue_stalled(key, now) for key in stalled_keys)


def _requeue_stalled(key: tuple[str, str], now: datetime) -> int:
    with transaction():
        batch = batch_repository.reclaim_stalled(*key, now, now - STALLED_AFTER)
        if batch is None:
            return 0
        events = [
            _build_chunk_event(batch, chunk_number, now)
            for chunk_number in batch_repository.list_unfinished_chunk_numbers(batch)
        ]
        outbox.add(events)
    return len(events)
