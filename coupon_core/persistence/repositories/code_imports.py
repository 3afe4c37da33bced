"""Codes that an import reserves until it has created or released them."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from coupon_core.domain.codes import to_lookup_key
from coupon_core.domain.models import UNASSIGNED
from coupon_core.domain.models.inventory import CodeJob, ImportRow, RejectedRow
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import execute, execute_for_values
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories import checked_prefixes
from coupon_core.persistence.repositories.code_job_chunks import ChunkResult
from coupon_core.persistence.repositories.definition_notices import mark_stocked
from coupon_core.persistence.row_sets import execute_for_rows

RESERVE = """
    INSERT INTO import_row (tenant_id, job_id, code_key, line, code, coupon_id,
        user_id, expires_at)
    SELECT :tenant_id, :job_id, r.code_key, r.line, r.code, r.coupon_id,
        r.user_id, r.expires_at
    FROM {rows} WHERE true
    ON CONFLICT (tenant_id, code_key) DO NOTHING
"""
ROW_COLUMNS = """code_key text, line integer, code text, coupon_id uuid, user_id text,
    expires_at timestamptz"""
SELECT_TAKEN_KEYS = """
    SELECT code_key FROM coupon WHERE tenant_id = :tenant_id AND code_key {among}
    UNION SELECT code_key FROM shared_code
    WHERE tenant_id = :tenant_id AND code_key {among}
"""
SELECT_RESERVED = """
    SELECT code_key, job_id, line FROM import_row
    WHERE tenant_id = :tenant_id AND code_key {among}
"""
REASON_EXISTS = "the code exists already"
REASON_WRONG_CHECK = (
    "the code begins with a prefix that is reserved for codes with a check character, "
    "and has a wrong one"
)
RELEASE = """
    DELETE FROM import_row WHERE tenant_id = :tenant_id AND job_id = :job_id
    AND code_key IN (SELECT code_key FROM import_row
        WHERE tenant_id = :tenant_id AND job_id = :job_id LIMIT :limit)
"""


def reserve(job: CodeJob, rows: Sequence[ImportRow]) -> list[RejectedRow]:
    """Reserve the codes of rows for a job and return the rows whose code is taken.

    The caller must hold the lock of the tenant, so that no code is created meanwhile.
    """
    reasons = _find_reasons(job.tenant_id, {to_lookup_key(row.code) for row in rows})
    free = [row for row in rows if to_lookup_key(row.code) not in reasons]
    rejected = [
        RejectedRow(row.line, reasons[to_lookup_key(row.code)])
        for row in rows
        if to_lookup_key(row.code) in reasons
    ]
    ordered = sorted(free, key=lambda row: to_lookup_key(row.code))
    if _insert_reserved(job, ordered) < len(free):
        rejected += _find_conflicts(job, free)
    return rejected


def _find_reasons(tenant_id: str, keys: Collection[str]) -> dict[str, str]:
    """Return why codes cannot be imported, by lookup key; other codes can."""
    rows = execute_for_values(
        SELECT_TAKEN_KEYS,
        "text",
        values=list(keys),
        parameters={"tenant_id": tenant_id},
    ).fetchall()
    mistyped = checked_prefixes.find_invalid_check_digits(tenant_id, keys)
    return {
        **dict.fromkeys(mistyped, REASON_WRONG_CHECK),
        **{key: REASON_EXISTS for (key,) in rows},
    }


def _insert_reserved(job: CodeJob, rows: Sequence[ImportRow]) -> int:
    """Insert the rows whose code is not reserved; return their number."""
    parameters = {"tenant_id": job.tenant_id, "job_id": job.job_id}
    cursor = execute_for_rows(
        RESERVE, ROW_COLUMNS, rows=map(_to_row, rows), parameters=parameters
    )
    return int(cursor.rowcount)


def _to_row(row: ImportRow) -> dict[str, Any]:
    return {
        "code_key": to_lookup_key(row.code),
        "line": row.line,
        "code": row.code,
        "coupon_id": generate_id(),
        "user_id": row.user_id,
        "expires_at": format_timestamp_milliseconds(row.expires_at),
    }


def _find_conflicts(job: CodeJob, rows: Sequence[ImportRow]) -> Iterator[RejectedRow]:
    """Yield the rows whose code another line, or another import, has reserved."""
    keys = [to_lookup_key(row.code) for row in rows]
    reserved_rows = execute_for_values(
        SELECT_RESERVED, "text", values=keys, parameters={"tenant_id": job.tenant_id}
    ).fetchall()
    owners = {key: (job_id, line) for key, job_id, line in reserved_rows}
    for row in rows:
        job_id, line = owners[to_lookup_key(row.code)]
        if job_id != job.job_id:
            yield RejectedRow(row.line, "the code is being imported by another request")
        elif line != row.line:
            yield RejectedRow(row.line, f"the code is in line {line} already")


def release(tenant_id: str, job_id: str, limit: int) -> bool:
    """Release up to `limit` codes of an import; return False if it had none."""
    parameters = {"tenant_id": tenant_id, "job_id": job_id, "limit": limit}
    return bool(execute(RELEASE, parameters).rowcount)


INSERT_IMPORTED_COUPONS = """
    INSERT INTO coupon (tenant_id, coupon_id, definition_id, user_id, code,
        generated_at, expires_at, redemption_count, code_key, code_scope, batch_id)
    SELECT tenant_id, coupon_id, :definition_id, user_id, code,
        :now, expires_at, 0, code_key, '', :job_id
    FROM import_row WHERE {range} ORDER BY code_key
    ON CONFLICT (tenant_id, code_key, code_scope, copy_number) DO NOTHING
    RETURNING coupon_id, user_id
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
        return ChunkResult()
    last_key = parameters["last_key"] = next_rows[-1][0]
    inserted_rows = execute(
        INSERT_IMPORTED_COUPONS.format(range=IMPORT_ROWS_CONDITION), parameters
    ).fetchall()
    if any(user_id == UNASSIGNED for _, user_id in inserted_rows):
        mark_stocked(job.tenant_id, {job.definition_id or ""})
    execute(f"DELETE FROM import_row WHERE {IMPORT_ROWS_CONDITION}", parameters)
    return ChunkResult(
        last_key=last_key,
        examined_count=len(next_rows),
        changed_ids=[coupon_id for coupon_id, _ in inserted_rows],
        assigned_count=sum(user_id != UNASSIGNED for _, user_id in inserted_rows),
    )
