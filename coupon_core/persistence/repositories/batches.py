"""Batches and their chunks; each chunk is claimed and counted exactly once."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from coupon_core.domain.models import Page
from coupon_core.domain.models.batches import Batch, BatchChunk, BatchState
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import execute, execute_many
from coupon_core.persistence.pages import read_page
from coupon_core.persistence.tables import (
    BatchTable,
    ChunkTable,
    parse_json,
    to_datetime,
)

ChunkKey = tuple[str, str, int]  # the tenant, the batch and the chunk number

COLUMNS = ", ".join(field.name for field in fields(Batch))
KEY_CONDITION = "tenant_id = :tenant_id AND batch_id = :batch_id"
UNFINISHED_CONDITION = "state IN ('pending', 'running')"

INSERT_CHUNK = """
    INSERT INTO chunk (tenant_id, batch_id, chunk_number, coupon_count, user_ids)
    VALUES (:tenant_id, :batch_id, :chunk_number, :coupon_count, :user_ids)
"""
SELECT_UNFINISHED_CHUNK = f"""
    SELECT coupon_count, user_ids FROM chunk
    WHERE {KEY_CONDITION} AND chunk_number = :chunk_number AND finished_at IS NULL
"""
# The row lock makes a second worker wait for the first; then no row matches.
CLAIM_CHUNK = f"""
    UPDATE chunk SET finished_at = :now, user_ids = ''
    WHERE {KEY_CONDITION} AND chunk_number = :chunk_number AND finished_at IS NULL
"""
COUNT_FINISHED_CHUNK = f"""
    UPDATE batch SET generated_count = generated_count + :made,
        finished_chunk_count = finished_chunk_count + 1,
        state = CASE WHEN finished_chunk_count + 1 = chunk_count
            THEN 'completed' ELSE 'running' END,
        finished_at = CASE WHEN finished_chunk_count + 1 = chunk_count
            THEN :now ELSE finished_at END,
        started_at = COALESCE(started_at, :now), updated_at = :now, error = ''
    WHERE {KEY_CONDITION} AND {UNFINISHED_CONDITION} RETURNING {COLUMNS}
"""
END_EARLY = f"""
    UPDATE batch SET state = :state, error = :error, updated_at = :now,
        finished_at = :now
    WHERE {KEY_CONDITION} AND {UNFINISHED_CONDITION} RETURNING {COLUMNS}
"""
SET_WAIT_REASON = (
    f"UPDATE batch SET error = :error WHERE {KEY_CONDITION} AND {UNFINISHED_CONDITION}"
)
COUNT_RESERVED = f"""
    SELECT COALESCE(sum(requested_count - generated_count), 0) FROM batch
    WHERE tenant_id = :tenant_id AND definition_id = :definition_id
    AND {UNFINISHED_CONDITION}
"""
# While other batches make progress, the chunks of this one may only be queued, so it is
# reclaimed later. Batches that wait for an administrator are left alone.
SELECT_STALLED_OF_ALL_TENANTS = f"""
    SELECT tenant_id, batch_id FROM batch
    WHERE {UNFINISHED_CONDITION} AND updated_at < :before
    AND (updated_at < :long_before OR NOT EXISTS (SELECT 1 FROM batch other
        WHERE other.{UNFINISHED_CONDITION} AND other.updated_at >= :before))
    AND suspended_at IS NULL AND NOT EXISTS (SELECT 1 FROM definition d
        WHERE d.tenant_id = batch.tenant_id
        AND d.definition_id = batch.definition_id
        AND (d.status = 'paused' OR d.suspended_at IS NOT NULL))
"""
RECLAIM_STALLED = f"""
    UPDATE batch SET updated_at = :now
    WHERE {KEY_CONDITION} AND {UNFINISHED_CONDITION} AND updated_at < :before
    RETURNING {COLUMNS}
"""


def insert(batch: Batch, chunks: Iterable[BatchChunk]) -> None:
    """Insert a batch with all its chunks."""
    BatchTable.insert(asdict(batch)).execute()
    execute_many(INSERT_CHUNK, [_to_chunk_row(chunk) for chunk in chunks])


def _to_chunk_row(chunk: BatchChunk) -> dict[str, Any]:
    user_ids = json.dumps(chunk.user_ids, ensure_ascii=False) if chunk.user_ids else ""
    return {
        "tenant_id": chunk.tenant_id,
        "batch_id": chunk.batch_id,
        "chunk_number": chunk.chunk_number,
        "coupon_count": chunk.coupon_count,
        "user_ids": user_ids,
    }


def get(tenant_id: str, batch_id: str) -> Batch | None:
    """Return a batch, or None."""
    key_condition = BatchTable.match_key(tenant_id, batch_id)
    row = BatchTable.select().where(key_condition).tuples().first()
    return to_batch(row) if row else None


def list_batches(
    tenant_id: str,
    page: Page,
    state: BatchState | None = None,
    definition_id: str | None = None,
) -> tuple[list[Batch], int]:
    """Return the batches of a tenant, newest first, and the total of all matches."""
    query = BatchTable.select().where(BatchTable.tenant_id == tenant_id)
    if state:
        query = query.where(BatchTable.state == state)
    if definition_id:
        query = query.where(BatchTable.definition_id == definition_id)
    rows, total = read_page(query, page, BatchTable.batch_id)
    return [to_batch(row) for row in rows], total


def count_reserved(tenant_id: str, definition_id: str) -> int:
    """Return how many coupons the unfinished batches of a definition will generate."""
    parameters = {"tenant_id": tenant_id, "definition_id": definition_id}
    return int(execute(COUNT_RESERVED, parameters).fetchone()[0])


def get_unfinished_chunk(key: ChunkKey) -> BatchChunk | None:
    """Return a chunk if it is unfinished, otherwise None."""
    row = execute(SELECT_UNFINISHED_CHUNK, _to_key_parameters(key)).fetchone()
    if row is None:
        return None
    coupon_count, user_ids = row
    tenant_id, batch_id, chunk_number = key
    return BatchChunk(
        tenant_id,
        batch_id,
        chunk_number=chunk_number,
        coupon_count=coupon_count,
        user_ids=tuple(json.loads(user_ids)) if user_ids else (),
    )


def claim_chunk(key: ChunkKey, now: datetime) -> bool:
    """Mark a chunk as finished; return False if another transaction has done so."""
    parameters = {**_to_key_parameters(key), "now": format_timestamp_milliseconds(now)}
    return bool(execute(CLAIM_CHUNK, parameters).rowcount == 1)


def count_finished_chunk(
    key: ChunkKey, generated_count: int, now: datetime
) -> Batch | None:
    """Count a finished chunk; return None if the batch has ended in the meantime."""
    parameters = {
        **_to_key_parameters(key),
        "made": generated_count,
        "now": format_timestamp_milliseconds(now),
    }
    row = execute(COUNT_FINISHED_CHUNK, parameters).fetchone()
    return to_batch(row) if row else None


def end_early(
    tenant_id: str, batch_id: str, state: BatchState, error: str, now: datetime
) -> Batch | None:
    """End a batch before it is complete; return None if it has already ended."""
    parameters = {
        "tenant_id": tenant_id,
        "batch_id": batch_id,
        "state": state.value,
        "error": error,
        "now": format_timestamp_milliseconds(now),
    }
    row = execute(END_EARLY, parameters).fetchone()
    return to_batch(row) if row else None


def set_wait_reason(tenant_id: str, batch_id: str, reason: str) -> None:
    """Store the reason why an unfinished batch waits."""
    execute(
        SET_WAIT_REASON, {"tenant_id": tenant_id, "batch_id": batch_id, "error": reason}
    )


def list_stalled(before: datetime, long_before: datetime) -> list[tuple[str, str]]:
    """Return tenant and id of the batches without progress since `before`.

    Batches that are suspended, or whose definition is paused or suspended, are left
    out. While other batches make progress, a batch is returned only if it has had none
    since `long_before`.
    """
    parameters = {
        "before": format_timestamp_milliseconds(before),
        "long_before": format_timestamp_milliseconds(long_before),
    }
    rows = execute(SELECT_STALLED_OF_ALL_TENANTS, parameters).fetchall()
    return [(tenant_id, batch_id) for tenant_id, batch_id in rows]


def reclaim_stalled(
    tenant_id: str, batch_id: str, now: datetime, before: datetime
) -> Batch | None:
    """Return a batch without progress since `before`, and mark it as updated.

    Returns None if it has made progress, or another worker has reclaimed it.
    """
    parameters = {
        "tenant_id": tenant_id,
        "batch_id": batch_id,
        "now": format_timestamp_milliseconds(now),
        "before": format_timestamp_milliseconds(before),
    }
    row = execute(RECLAIM_STALLED, parameters).fetchone()
    return to_batch(row) if row else None


def list_unfinished_chunk_numbers(batch: Batch) -> list[int]:
    """Return the numbers of the unfinished chunks of a batch."""
    rows = ChunkTable.select(ChunkTable.chunk_number).where(
        ChunkTable.tenant_id == batch.tenant_id,
        ChunkTable.batch_id == batch.batch_id,
        ChunkTable.finished_at.is_null(),
    )
    return [number for (number,) in rows.order_by(ChunkTable.chunk_number).tuples()]


def to_batch(row: Sequence[Any]) -> Batch:
    """Return the value of a row whose columns are in field order."""
    values = dict(zip((field.name for field in fields(Batch)), row, strict=True))
    values["state"] = BatchState(values["state"])
    for name, value in values.items():
        if name.endswith("_at") and value is not None:
            values[name] = to_datetime(value)
    values["metadata"] = parse_json(values["metadata"])
    return Batch(**values)


def _to_key_parameters(key: ChunkKey) -> dict[str, Any]:
    tenant_id, batch_id, chunk_number = key
    return {
        "tenant_id": tenant_id,
        "batch_id": batch_id,
        "chunk_number": chunk_number,
    }
