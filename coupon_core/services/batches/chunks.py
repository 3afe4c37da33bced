"""Making a chunk: one short transaction that happens once, whoever tries how often."""

import json
from collections.abc import Sequence
from datetime import datetime

from coupon_core.domain import codes
from coupon_core.domain.models import (
    NOBODY,
    AdminReason,
    CodeFormat,
    Definition,
    DefinitionStatus,
    Event,
    Refused,
)
from coupon_core.domain.models.batches import (
    UNFINISHED,
    Batch,
    BatchState,
    Chunk,
)
from coupon_core.domain.rules import generation as generation_rules
from coupon_core.persistence.database import transaction
from coupon_core.persistence.id_generation import new_id
from coupon_core.persistence.repositories import batches as store
from coupon_core.persistence.repositories import bulk_coupons
from coupon_core.persistence.repositories import coupons as coupon_store
from coupon_core.persistence.repositories.batches import Key
from coupon_core.services import outbox
from coupon_core.services.batches.requests import fail
from coupon_core.services.coupons import generation

COMPLETED = "batch.completed"
PAUSED = "waits: the definition is paused"


def make_chunk(key: Key, now: datetime) -> bool:
    """Make the coupons of a chunk; False when there is nothing to make (any more).

    What the database cannot do now passes through: the chunk must be tried again. All
    else that goes wrong ends the batch, which says why.
    """
    batch, chunk = store.get(*key[:2]), store.chunk(key)
    if batch is None or chunk is None or batch.state not in UNFINISHED:
        return False
    try:
        return _make(batch, chunk, now)
    except Refused as refused:
        reason = refused.detail or refused.reason.value.replace("_", " ")
        fail(batch.tenant_id, batch.batch_id, reason, now)
        return False


class _Ended(Exception):
    """The batch or the chunk has come to its end while this one was made."""


def _make(batch: Batch, chunk: Chunk, now: datetime) -> bool:
    try:
        with transaction():
            definition = generation.hold(batch.tenant_id, batch.definition_id)
            if definition is None:
                raise Refused(AdminReason.DEFINITION_NOT_FOUND)
            if definition.status == DefinitionStatus.PAUSED:
                store.wait(batch.tenant_id, batch.batch_id, PAUSED)
                return False
            for reason in generation_rules.against_generating(
                definition, not chunk.user_ids
            ):
                raise Refused(reason)
            _write(batch, chunk, definition, now)
    except _Ended:
        return False
    return True


def _write(batch: Batch, chunk: Chunk, definition: Definition, now: datetime) -> None:
    """The chunk, its coupons and the progress: all or, if it has ended, nothing."""
    key = chunk.tenant_id, chunk.batch_id, chunk.chunk_number
    if not store.claim(key, now):
        raise _Ended
    made = _coupons(batch, chunk, definition, now)
    after = store.advance(key, made, now)
    if after is None:
        raise _Ended
    if after.state == BatchState.COMPLETED:
        outbox.add([_completed_event(after, now)])


def _coupons(batch: Batch, chunk: Chunk, definition: Definition, now: datetime) -> int:
    """Add the coupons of a chunk; gives how many are new. Refused."""
    if definition.awarded_only and chunk.user_ids:
        return _award(batch, chunk, definition, now)
    shares = definition.code_format == CodeFormat.CUSTOM
    made = (_share if shares else _randomize)(batch, chunk, definition, now)
    if chunk.user_ids:
        generation.count_awards(definition, made)
    return made


def _award(batch: Batch, chunk: Chunk, definition: Definition, now: datetime) -> int:
    """Give each user one more coupon on the definition's own terms."""
    _, new = generation.make_untold(definition, chunk.user_ids, now, batch.expires_at)
    bulk_coupons.mark(batch, [coupon.coupon_id for coupon in new])
    return len(new)


def _randomize(
    batch: Batch, chunk: Chunk, definition: Definition, now: datetime
) -> int:
    """Add coupons with codes of their own; those that are taken are drawn anew."""
    count = chunk.coupon_count
    free = _free(definition, codes.draw(definition, count), crowded=False)
    for _ in range(generation.TOP_UPS):
        if len(free) == count and bulk_coupons.insert(batch, free, chunk.user_ids, now):
            return count
        free = _topped_up(definition, free, count)
    raise Refused(AdminReason.CODE_SPACE_TOO_SMALL)


def _topped_up(definition: Definition, drawn: Sequence[str], count: int) -> list[str]:
    """What is free of the codes, and others in place of what is not."""
    kept = _free(definition, drawn, crowded=True)
    missing = count - len(kept)
    more = codes.draw(definition, missing + generation.SPARE) if missing else []
    both = dict.fromkeys([*kept, *_free(definition, more, crowded=True)])
    return list(both)[:count]


def _free(definition: Definition, drawn: Sequence[str], crowded: bool) -> list[str]:
    """Codes that nobody shares; in a crowded space, only those that none owns."""
    once = list(dict.fromkeys(drawn))
    taken = bulk_coupons.taken(definition, once, owned=crowded)
    return [code for code in once if code not in taken] if taken else once


def _share(batch: Batch, chunk: Chunk, definition: Definition, now: datetime) -> int:
    """Add coupons of the custom code for users who hold none yet."""
    drafts = [
        generation.draft(
            definition, user, definition.custom_code, now, batch.expires_at
        )
        for user in chunk.user_ids
    ]
    new = coupon_store.insert_new(drafts, definition)
    bulk_coupons.mark(batch, [coupon.coupon_id for coupon in new])
    return len(new)


def _completed_event(batch: Batch, now: datetime) -> Event:
    data = {
        "batch_id": batch.batch_id,
        "definition_id": batch.definition_id,
        "requested": batch.requested_count,
        "generated": batch.generated_count,
    }
    ids = batch.tenant_id, new_id()
    return Event(*ids, COMPLETED, NOBODY, now, json.dumps(data))
