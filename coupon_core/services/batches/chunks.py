"""Generation of a chunk of a batch in one short transaction, exactly once."""

import json
from collections.abc import Sequence
from datetime import datetime

from coupon_core.domain import codes
from coupon_core.domain.models import (
    UNASSIGNED,
    AdminReason,
    CodeFormat,
    Definition,
    DefinitionStatus,
    Event,
    Refused,
)
from coupon_core.domain.models.batches import (
    ACTIVE_STATES,
    Batch,
    BatchChunk,
    BatchState,
)
from coupon_core.domain.report_counts import Counts, ReportCounts, get_quarter
from coupon_core.domain.rules import generation as generation_rules
from coupon_core.persistence.database import transaction
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories import batches as batch_repository
from coupon_core.persistence.repositories import bulk_coupons
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.persistence.repositories.batches import ChunkKey
from coupon_core.persistence.repositories.report_counts import raise_counts
from coupon_core.services import outbox, reserved_prefixes
from coupon_core.services.batches.requests import fail
from coupon_core.services.coupons import code_assignment, generation
from coupon_core.services.errors import require_found

COMPLETED_EVENT_TYPE = "batch.completed"
REASON_DEFINITION_PAUSED = "waiting: the definition is paused"
REASON_DEFINITION_SUSPENDED = "waiting: the definition or its campaign is suspended"
REASON_BATCH_SUSPENDED = "waiting: the batch is suspended"


def generate_chunk(key: ChunkKey, now: datetime) -> bool:
    """Generate the coupons of a chunk (idempotent).

    Return False if there is nothing to generate: the chunk is finished, the batch has
    ended, or it waits. A refusal fails the batch and is stored as its
    error. Errors of the database are raised, and the chunk must be tried again.
    """
    tenant_id, batch_id, _ = key
    batch = batch_repository.get(tenant_id, batch_id)
    chunk = batch_repository.get_unfinished_chunk(key)
    if batch is None or chunk is None or batch.state not in ACTIVE_STATES:
        return False
    try:
        return _try_generate(batch, chunk, now)
    except Refused as refused:
        reason = refused.detail or refused.reason.value.replace("_", " ")
        fail(batch.tenant_id, batch.batch_id, reason, now)
        return False


class _AlreadyEnded(Exception):
    """The batch or the chunk ended while the chunk was being generated."""


def _try_generate(batch: Batch, chunk: BatchChunk, now: datetime) -> bool:
    try:
        with transaction():
            definition = require_found(
                generation.lock_for_generation(batch.tenant_id, batch.definition_id),
                AdminReason.DEFINITION_NOT_FOUND,
            )
            if wait_reason := _find_wait_reason(batch, definition):
                batch_repository.set_wait_reason(
                    batch.tenant_id, batch.batch_id, wait_reason
                )
                return False
            for reason in generation_rules.generation_violations(
                definition, not chunk.user_ids
            ):
                raise Refused(reason)
            _write_chunk(batch, chunk, definition, now)
    except _AlreadyEnded:
        return False
    return True


def _find_wait_reason(batch: Batch, definition: Definition) -> str:
    """Return why the batch waits, or "".

    The caller's transaction has announced a coupon write, so that no suspension is
    missed that was confirmed before.
    """
    if definition.status == DefinitionStatus.PAUSED:
        return REASON_DEFINITION_PAUSED
    if definition.is_suspended:
        return REASON_DEFINITION_SUSPENDED
    current = batch_repository.get(batch.tenant_id, batch.batch_id)
    return REASON_BATCH_SUSPENDED if current and current.suspended_at else ""


def _write_chunk(
    batch: Batch, chunk: BatchChunk, definition: Definition, now: datetime
) -> None:
    """Claim the chunk, insert its coupons and count the progress."""
    key = chunk.tenant_id, chunk.batch_id, chunk.chunk_number
    if not batch_repository.claim_chunk(key, now):
        raise _AlreadyEnded
    new_count = _insert_coupons(batch, chunk, definition, now)
    after = batch_repository.count_finished_chunk(key, new_count, now)
    if after is None:
        raise _AlreadyEnded
    if after.state == BatchState.COMPLETED:
        outbox.add([_build_completed_event(after, now)])
    # Listed codes are counted as generated when they are listed.
    is_listed = definition.code_format == CodeFormat.LISTED
    counts = ReportCounts(
        definition.definition_id,
        get_quarter(now),
        counts=Counts(
            generated=0 if is_listed else new_count,
            assigned=new_count if chunk.user_ids else 0,
        ),
    )
    raise_counts(batch.tenant_id, [counts])


def _insert_coupons(
    batch: Batch, chunk: BatchChunk, definition: Definition, now: datetime
) -> int:
    """Insert the coupons of a chunk and return how many are new."""
    if definition.awarded_only and chunk.user_ids:
        return _insert_awarded(batch, chunk, definition, now)
    is_custom = definition.code_format == CodeFormat.CUSTOM
    insert = _insert_with_custom_code if is_custom else _insert_with_random_codes
    new_count = insert(batch, chunk, definition, now)
    if chunk.user_ids:
        generation.count_awards(definition, new_count)
    return new_count


def _insert_awarded(
    batch: Batch, chunk: BatchChunk, definition: Definition, now: datetime
) -> int:
    """Award each user one more coupon; its expiry may follow from the offer."""
    _, new_coupons = generation.generate_without_events(
        definition, chunk.user_ids, now, batch.expires_at
    )
    bulk_coupons.set_batch(batch, [coupon.coupon_id for coupon in new_coupons])
    return len(new_coupons)


def _insert_with_random_codes(
    batch: Batch, chunk: BatchChunk, definition: Definition, now: datetime
) -> int:
    """Insert coupons with random codes; replace codes that are taken."""
    reserved_prefixes.require_unreserved_prefix(definition)
    count = chunk.coupon_count
    unused = _filter_unused_codes(
        definition, codes.generate_codes(definition, count), is_crowded=False
    )
    for _ in range(code_assignment.MAX_COLLISION_RETRIES):
        if len(unused) == count and bulk_coupons.insert(
            batch, unused, chunk.user_ids, now
        ):
            return count
        unused = _replace_used_codes(definition, unused, count)
    raise Refused(AdminReason.CODE_SPACE_TOO_SMALL)


def _replace_used_codes(
    definition: Definition, candidates: Sequence[str], count: int
) -> list[str]:
    """Return the candidates that are unused, and new codes in place of the others."""
    kept = _filter_unused_codes(definition, candidates, is_crowded=True)
    missing = count - len(kept)
    extra: Sequence[str] = []
    if missing:
        extra = codes.generate_codes(
            definition, missing + code_assignment.EXTRA_CODES_PER_RETRY
        )
    unique = dict.fromkeys(
        [*kept, *_filter_unused_codes(definition, extra, is_crowded=True)]
    )
    return list(unique)[:count]


def _filter_unused_codes(
    definition: Definition, candidates: Sequence[str], is_crowded: bool
) -> list[str]:
    """Return the candidates that are not shared codes.

    In a crowded code space, codes of existing coupons are left out as well.
    """
    unique = list(dict.fromkeys(candidates))
    used = bulk_coupons.find_taken_codes(definition, unique, include_owned=is_crowded)
    return [code for code in unique if code not in used] if used else unique


def _insert_with_custom_code(
    batch: Batch, chunk: BatchChunk, definition: Definition, now: datetime
) -> int:
    """Insert coupons with the custom code for users who do not have it yet."""
    drafts = [
        code_assignment.build_coupon(
            definition,
            user_id,
            code=definition.custom_code,
            now=now,
            expires_at=batch.expires_at,
        )
        for user_id in chunk.user_ids
    ]
    new_coupons = coupon_repository.insert_new(drafts, definition)
    bulk_coupons.set_batch(batch, [coupon.coupon_id for coupon in new_coupons])
    return len(new_coupons)


def _build_completed_event(batch: Batch, now: datetime) -> Event:
    data = {
        "batch_id": batch.batch_id,
        "definition_id": batch.definition_id,
        "requested": batch.requested_count,
        "generated": batch.generated_count,
    }
    return Event(
        tenant_id=batch.tenant_id,
        event_id=generate_id(),
        event_type=COMPLETED_EVENT_TYPE,
        subject=UNASSIGNED,
        occurred_at=now,
        data=json.dumps(data),
    )
