"""Jobs on many codes, and the processing of one chunk of each kind."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from coupon_core.domain.models import IssuedCoupon, Page
from coupon_core.domain.models.inventory import CodeJob, JobKind, JobState
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import execute, execute_for_values
from coupon_core.persistence.id_generation import MIN_ID
from coupon_core.persistence.row_locks import lock_rows
from coupon_core.persistence.row_mapping import SELECT_ISSUED_COUPONS, to_issued_coupon
from coupon_core.persistence.tables import CodeJobTable

BATCH_CONDITION = "c.batch_id = :batch_id"
# Repeats the condition of the partial index, so that the index is used.
USER_CONDITION = "c.user_id = :user_id AND c.user_id <> ''"
SELECT_NEXT_COUPONS = """
    SELECT c.coupon_id FROM coupon c WHERE c.tenant_id = :tenant_id AND {chosen}
    AND c.coupon_id > :after_id ORDER BY c.coupon_id LIMIT :limit
"""
CHUNK_CONDITION = """
    c.tenant_id = :tenant_id AND {chosen}
    AND c.coupon_id > :after_id AND c.coupon_id <= :last_id
"""
# A concurrent redemption locks the row; afterwards PostgreSQL evaluates the condition
# again. That is correct for a scalar subquery, but not for one that becomes a join,
# such as NOT EXISTS: it would revoke a coupon that was used up in the meantime.
REVOKE_CHUNK = f"""
    UPDATE coupon AS c SET revoked_at = :now
    WHERE {CHUNK_CONDITION} AND c.revoked_at IS NULL AND c.redemption_count < (
        SELECT CASE d.per_code_limit WHEN 0 THEN 2147483647 ELSE d.per_code_limit END
        FROM definition d WHERE d.tenant_id = :tenant_id
        AND d.definition_id = c.definition_id)
    RETURNING coupon_id
"""
# Never shortens a validity; coupons without an expiry keep none.
EXTEND_CHUNK = f"""
    UPDATE coupon AS c SET expires_at = :expires_at, swept_at = NULL
    WHERE {CHUNK_CONDITION} AND c.revoked_at IS NULL AND COALESCE(c.expires_at, (
        SELECT d.expires_at FROM definition d WHERE d.tenant_id = :tenant_id
        AND d.definition_id = c.definition_id)) < :expires_at
    RETURNING coupon_id
"""
# One event per coupon and job, so the job's ID identifies it.
INSERT_EXTENDED_EVENTS = """
    INSERT INTO coupon_event
        (tenant_id, coupon_id, event_id, kind, actor, user_id, occurred_at)
    SELECT c.tenant_id, c.coupon_id, :job_id, 'extended', :actor, '', :now
    FROM coupon c WHERE c.tenant_id = :tenant_id AND c.coupon_id {among}
"""
SELECT_REVOKED = f"""
    {SELECT_ISSUED_COUPONS}
    WHERE {CHUNK_CONDITION} AND c.user_id <> '' AND c.revoked_at = :now
"""


@dataclass(frozen=True, slots=True)
class ChunkResult:
    """The result of a chunk: the coupons after `first_key` up to `last_key`.

    `last_key` is "" if there were none.
    """

    first_key: str
    last_key: str = ""
    examined_count: int = 0
    changed_ids: frozenset[str] = frozenset()


def insert(job: CodeJob) -> None:
    """Insert a job."""
    CodeJobTable.insert(asdict(job)).execute()


def update(job: CodeJob) -> None:
    """Overwrite a job."""
    CodeJobTable.update(asdict(job)).where(
        CodeJobTable.match_key(job.tenant_id, job.job_id)
    ).execute()


def delete(tenant_id: str, job_id: str) -> None:
    """Delete a job."""
    CodeJobTable.delete().where(CodeJobTable.match_key(tenant_id, job_id)).execute()


def get(tenant_id: str, job_id: str, lock: bool = False) -> CodeJob | None:
    """Return a job, or None; with `lock` it is locked until the transaction ends."""
    query = CodeJobTable.select().where(CodeJobTable.match_key(tenant_id, job_id))
    if lock:
        query = lock_rows(query, "FOR UPDATE")
    row = query.tuples().first()
    return to_job(row) if row else None


def list_jobs(tenant_id: str, page: Page) -> tuple[list[CodeJob], int]:
    """Return the jobs of a tenant, newest first, and their total."""
    query = CodeJobTable.select().where(CodeJobTable.tenant_id == tenant_id)
    newest = (
        query.order_by(CodeJobTable.job_id.desc()).limit(page.limit).offset(page.offset)
    )
    return [to_job(row) for row in newest.tuples()], query.count()


def list_by_batch(tenant_id: str, batch_id: str) -> list[CodeJob]:
    """Return the jobs on a batch, oldest first."""
    query = CodeJobTable.select().where(
        CodeJobTable.tenant_id == tenant_id, CodeJobTable.batch_id == batch_id
    )
    return [to_job(row) for row in query.order_by(CodeJobTable.job_id).tuples()]


def find_stalled(state: JobState, before: datetime) -> list[CodeJob]:
    """Return up to 100 jobs, of any tenant, in a state and not updated since a time."""
    query = CodeJobTable.select().where(
        CodeJobTable.state == state, CodeJobTable.updated_at < before
    )
    return [to_job(row) for row in query.limit(100).tuples()]


def to_job(row: Sequence[Any]) -> CodeJob:
    """Return the value of a row whose columns are in field order."""
    values = dict(zip((field.name for field in fields(CodeJob)), row, strict=True))
    kinds = {"kind": JobKind(values["kind"]), "state": JobState(values["state"])}
    return CodeJob(**{**values, **kinds})


def revoke_chunk(job: CodeJob, limit: int, now: datetime) -> ChunkResult:
    """Revoke the coupons of a chunk that are not used up."""
    return _update_chunk(REVOKE_CHUNK, job, limit=limit, now=now)


def extend_chunk(job: CodeJob, limit: int, now: datetime) -> ChunkResult:
    """Extend the expiry of the coupons of a chunk."""
    return _update_chunk(EXTEND_CHUNK, job, limit=limit, now=now)


def _update_chunk(sql: str, job: CodeJob, limit: int, now: datetime) -> ChunkResult:
    condition, parameters = _get_condition(job), _to_parameters(job, now)
    next_rows = execute(
        SELECT_NEXT_COUPONS.format(chosen=condition), parameters | {"limit": limit}
    ).fetchall()
    if not next_rows:
        return ChunkResult(job.after_key)
    last_id = next_rows[-1][0]
    changed_rows = execute(
        sql.format(chosen=condition), parameters | {"last_id": last_id}
    ).fetchall()
    return ChunkResult(
        first_key=job.after_key,
        last_key=last_id,
        examined_count=len(next_rows),
        changed_ids=frozenset(coupon_id for (coupon_id,) in changed_rows),
    )


def _get_condition(job: CodeJob) -> str:
    return BATCH_CONDITION if job.batch_id else USER_CONDITION


def _to_parameters(job: CodeJob, now: datetime) -> dict[str, Any]:
    return {
        "tenant_id": job.tenant_id,
        "batch_id": job.batch_id,
        "user_id": job.user_id,
        "after_id": job.after_key or MIN_ID,
        "expires_at": format_timestamp_milliseconds(job.expires_at),
        "now": format_timestamp_milliseconds(now),
    }


def list_revoked(
    job: CodeJob, result: ChunkResult, now: datetime
) -> list[IssuedCoupon]:
    """Return the assigned coupons that a chunk has just revoked."""
    if not result.changed_ids:
        return []
    sql = SELECT_REVOKED.format(chosen=_get_condition(job))
    id_range = {"after_id": result.first_key or MIN_ID, "last_id": result.last_key}
    parameters = _to_parameters(job, now) | id_range
    issued_coupons = map(to_issued_coupon, execute(sql, parameters).fetchall())
    return [
        issued
        for issued in issued_coupons
        if issued.coupon.coupon_id in result.changed_ids
    ]


def record_extended(job: CodeJob, result: ChunkResult, now: datetime) -> None:
    """Insert an event for each coupon whose expiry a chunk has extended."""
    parameters = {
        "tenant_id": job.tenant_id,
        "job_id": job.job_id,
        "actor": job.actor,
        "now": format_timestamp_milliseconds(now),
    }
    coupon_ids = sorted(result.changed_ids)
    execute_for_values(INSERT_EXTENDED_EVENTS, "uuid", coupon_ids, parameters)


INSERT_IMPORTED_COUPONS = """
    INSERT INTO coupon (tenant_id, coupon_id, definition_id, user_id, code,
        generated_at, expires_at, redemption_count, code_key, code_scope, batch_id)
    SELECT tenant_id, coupon_id, :definition_id, user_id, code,
        :now, expires_at, 0, code_key, '', :job_id
    FROM import_row WHERE {range} ORDER BY code_key
    ON CONFLICT (tenant_id, code_key, code_scope, copy_number) DO NOTHING
    RETURNING coupon_id
"""
SELECT_NEXT_CODES = """
    SELECT code_key FROM import_row WHERE tenant_id = :tenant_id AND job_id = :job_id
    AND code_key > :after_key ORDER BY code_key LIMIT :limit
"""
IMPORT_ROWS_CONDITION = """
    tenant_id = :tenant_id AND job_id = :job_id
    AND code_key > :after_key AND code_key <= :last_key
"""


def import_chunk(job: CodeJob, limit: int, now: datetime) -> ChunkResult:
    """Create the coupons of a chunk of import rows, and delete the rows."""
    parameters = {
        "tenant_id": job.tenant_id,
        "job_id": job.job_id,
        "definition_id": job.definition_id,
        "after_key": job.after_key,
        "now": format_timestamp_milliseconds(now),
        "limit": limit,
    }
    next_rows = execute(SELECT_NEXT_CODES, parameters).fetchall()
    if not next_rows:
        return ChunkResult(job.after_key)
    last_key = parameters["last_key"] = next_rows[-1][0]
    inserted_rows = execute(
        INSERT_IMPORTED_COUPONS.format(range=IMPORT_ROWS_CONDITION), parameters
    ).fetchall()
    execute(f"DELETE FROM import_row WHERE {IMPORT_ROWS_CONDITION}", parameters)
    return ChunkResult(
        first_key=job.after_key,
        last_key=last_key,
        examined_count=len(next_rows),
        changed_ids=frozenset(coupon_id for (coupon_id,) in inserted_rows),
    )
