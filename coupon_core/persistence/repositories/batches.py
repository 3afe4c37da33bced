"""Batches and their chunks: each is claimed, made and counted once."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from coupon_core.domain.models import Page
from coupon_core.domain.models.batches import Batch, BatchState, Chunk
from coupon_core.persistence.database import execute, execute_many
from coupon_core.persistence.tables import Batch as Table
from coupon_core.persistence.tables import Chunk as ChunkTable
from coupon_core.persistence.tables import as_stored_time, as_time

Key = tuple[str, str, int]  # tenant, batch, number of the chunk

COLUMNS = ", ".join(field.name for field in fields(Batch))
THIS = "tenant_id = :tenant_id AND batch_id = :batch_id"
UNFINISHED = "state IN ('pending', 'running')"

ADD_CHUNK = """
    INSERT INTO chunk (tenant_id, batch_id, chunk_number, coupon_count, user_ids)
    VALUES (:tenant_id, :batch_id, :chunk_number, :coupon_count, :user_ids)
"""
CHUNK = f"""
    SELECT coupon_count, user_ids FROM chunk
    WHERE {THIS} AND chunk_number = :chunk_number AND finished_at IS NULL
"""
# The row lock lets a second worker wait for the first, and then find nothing.
CLAIM = f"""
    UPDATE chunk SET finished_at = :now, user_ids = ''
    WHERE {THIS} AND chunk_number = :chunk_number AND finished_at IS NULL
"""
ADVANCE = f"""
    UPDATE batch SET generated_count = generated_count + :made,
        finished_chunk_count = finished_chunk_count + 1,
        state = CASE WHEN finished_chunk_count + 1 = chunk_count
            THEN 'completed' ELSE 'running' END,
        finished_at = CASE WHEN finished_chunk_count + 1 = chunk_count
            THEN :now ELSE finished_at END,
        started_at = COALESCE(started_at, :now), updated_at = :now, error = ''
    WHERE {THIS} AND {UNFINISHED} RETURNING {COLUMNS}
"""
END = f"""
    UPDATE batch SET state = :state, error = :error, updated_at = :now,
        finished_at = :now
    WHERE {THIS} AND {UNFINISHED} RETURNING {COLUMNS}
"""
WAIT = f"UPDATE batch SET error = :error WHERE {THIS} AND {UNFINISHED}"
RESERVED = f"""
    SELECT COALESCE(sum(requested_count - generated_count), 0) FROM batch
    WHERE tenant_id = :tenant_id AND definition_id = :definition_id AND {UNFINISHED}
"""
# Where others get on, the chunks of this one only wait for their turn; but not for
# ever. Paused definitions let their batches lie.
REVIVE = f"""
    UPDATE batch SET updated_at = :now
    WHERE {UNFINISHED} AND updated_at < :before
    AND (updated_at < :long_before OR NOT EXISTS (SELECT 1 FROM batch other
        WHERE other.{UNFINISHED} AND other.updated_at >= :before))
    AND NOT EXISTS (SELECT 1 FROM definition d
        WHERE d.tenant_id = batch.tenant_id
        AND d.definition_id = batch.definition_id AND d.status = 'paused')
    RETURNING {COLUMNS}
"""


def insert(batch: Batch, chunks: Iterable[Chunk]) -> None:
    """Add a batch with all its chunks."""
    Table.insert(asdict(batch)).execute()
    execute_many(ADD_CHUNK, [_chunk_row(chunk) for chunk in chunks])


def _chunk_row(chunk: Chunk) -> dict[str, Any]:
    users = json.dumps(chunk.user_ids, ensure_ascii=False) if chunk.user_ids else ""
    return {
        "tenant_id": chunk.tenant_id,
        "batch_id": chunk.batch_id,
        "chunk_number": chunk.chunk_number,
        "coupon_count": chunk.coupon_count,
        "user_ids": users,
    }


def get(tenant_id: str, batch_id: str) -> Batch | None:
    """One batch."""
    here = (Table.tenant_id == tenant_id) & (Table.batch_id == batch_id)
    row = Table.select().where(here).tuples().first()
    return batch_of(row) if row else None


def listed(
    tenant_id: str,
    page: Page,
    state: BatchState | None = None,
    definition_id: str | None = None,
) -> tuple[list[Batch], int]:
    """A tenant's batches, newest first, and how many match."""
    query = Table.select().where(Table.tenant_id == tenant_id)
    if state:
        query = query.where(Table.state == state)
    if definition_id:
        query = query.where(Table.definition_id == definition_id)
    newest = query.order_by(Table.batch_id.desc()).limit(page.limit).offset(page.offset)
    return [batch_of(row) for row in newest.tuples()], query.count()


def reserved(tenant_id: str, definition_id: str) -> int:
    """How many coupons of a definition its unfinished batches will still make."""
    parameters = {"tenant_id": tenant_id, "definition_id": definition_id}
    return int(execute(RESERVED, parameters).fetchone()[0])


def chunk(key: Key) -> Chunk | None:
    """A chunk that is not finished."""
    row = execute(CHUNK, _names(key)).fetchone()
    if row is None:
        return None
    count, users = row
    return Chunk(*key, count, tuple(json.loads(users)) if users else ())


def claim(key: Key, now: datetime) -> bool:
    """Finish a chunk with this transaction; False when another has done so."""
    parameters = {**_names(key), "now": as_stored_time(now)}
    return bool(execute(CLAIM, parameters).rowcount == 1)


def advance(key: Key, made: int, now: datetime) -> Batch | None:
    """Count a finished chunk; None when the batch has ended meanwhile."""
    parameters = {**_names(key), "made": made, "now": as_stored_time(now)}
    row = execute(ADVANCE, parameters).fetchone()
    return batch_of(row) if row else None


def end(
    tenant_id: str, batch_id: str, state: BatchState, error: str, now: datetime
) -> Batch | None:
    """End a batch before its time; None when it has ended already."""
    parameters = {
        "tenant_id": tenant_id,
        "batch_id": batch_id,
        "state": state.value,
        "error": error,
        "now": as_stored_time(now),
    }
    row = execute(END, parameters).fetchone()
    return batch_of(row) if row else None


def wait(tenant_id: str, batch_id: str, why: str) -> None:
    """Note what an unfinished batch waits for."""
    execute(WAIT, {"tenant_id": tenant_id, "batch_id": batch_id, "error": why})


def revive(now: datetime, before: datetime, long_before: datetime) -> list[Batch]:
    """The batches that have not got on since `before` though nothing hinders them.

    They count as getting on now. While other batches get on, these are left to wait
    their turn until `long_before`.
    """
    times = {"now": now, "before": before, "long_before": long_before}
    parameters = {name: as_stored_time(time) for name, time in times.items()}
    return [batch_of(row) for row in execute(REVIVE, parameters).fetchall()]


def unfinished_chunks(batch: Batch) -> list[int]:
    """The numbers of a batch's chunks that are still to be made."""
    of_batch = (ChunkTable.tenant_id == batch.tenant_id) & (
        ChunkTable.batch_id == batch.batch_id
    )
    rows = ChunkTable.select(ChunkTable.chunk_number).where(
        of_batch, ChunkTable.finished_at.is_null()
    )
    return [number for (number,) in rows.order_by(ChunkTable.chunk_number).tuples()]


def batch_of(row: Sequence[Any]) -> Batch:
    """The value of a row, whose columns are in the order of the fields."""
    values = dict(zip((field.name for field in fields(Batch)), row, strict=True))
    values["state"] = BatchState(values["state"])
    for name, value in values.items():
        if name.endswith("_at") and value is not None:
            values[name] = as_time(value)
    return Batch(**values)


def _names(key: Key) -> dict[str, Any]:
    tenant_id, batch_id, number = key
    return {"tenant_id": tenant_id, "batch_id": batch_id, "chunk_number": number}
