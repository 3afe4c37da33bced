"""Codes that an import holds: nobody else makes them until it has made or left them."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from coupon_core.domain.codes import lookup_key
from coupon_core.domain.models.inventory import BadRow, CodeJob, ImportRow
from coupon_core.persistence.database import execute, is_postgresql
from coupon_core.persistence.id_generation import new_id
from coupon_core.persistence.repositories import checked_prefixes
from coupon_core.persistence.repositories.bulk_coupons import among
from coupon_core.persistence.tables import as_stored_time

# All rows in one parameter: sent one by one they take four times as long.
HOLD = """
    INSERT INTO import_row (tenant_id, job_id, code_key, line, code, coupon_id,
        user_id, expires_at)
    SELECT :tenant_id, :job_id, {columns} FROM {source}
    ON CONFLICT (tenant_id, code_key) DO NOTHING
"""
OF_POSTGRESQL = HOLD.format(
    columns="r.code_key, r.line, r.code, r.coupon_id, r.user_id, r.expires_at",
    source="""json_to_recordset(CAST(:rows AS json)) AS r(code_key text, line integer,
        code text, coupon_id uuid, user_id text, expires_at timestamptz)""",
)
COLUMNS = ("code_key", "line", "code", "coupon_id", "user_id", "expires_at")
OF_SQLITE = HOLD.format(
    columns=", ".join(f"json_extract(value, '$.{name}')" for name in COLUMNS),
    # Without a condition SQLite takes ON CONFLICT for that of a join.
    source="json_each(:rows) WHERE true",
)
TAKEN = """
    SELECT code_key FROM coupon WHERE tenant_id = :tenant_id AND code_key {among}
    UNION SELECT code_key FROM shared_code
    WHERE tenant_id = :tenant_id AND code_key {among}
"""
HELD = """
    SELECT code_key, job_id, line FROM import_row
    WHERE tenant_id = :tenant_id AND code_key {among}
"""
EXISTS = "the code exists already"
LEAVE = """
    DELETE FROM import_row WHERE tenant_id = :tenant_id AND job_id = :job_id
    AND code_key IN (SELECT code_key FROM import_row
        WHERE tenant_id = :tenant_id AND job_id = :job_id LIMIT :most)
"""


def hold(job: CodeJob, rows: Sequence[ImportRow]) -> list[BadRow]:
    """Keep the codes of some rows for a job; gives the rows whose code is not free.

    The caller holds the tenant's row, so that no code is drawn meanwhile.
    """
    taken = _taken(job.tenant_id, {lookup_key(row.code) for row in rows})
    free = [row for row in rows if lookup_key(row.code) not in taken]
    bad = [BadRow(row.line, EXISTS) for row in rows if lookup_key(row.code) in taken]
    ordered = sorted(free, key=lambda row: lookup_key(row.code))
    if _hold(job, ordered) < len(free):
        bad += _held_before(job, free)
    return bad


def _taken(tenant_id: str, keys: Iterable[str]) -> set[str]:
    """Those of the lookup keys that a coupon or a shared code has, or may not have."""
    rows = among(TAKEN, "text", list(keys), {"tenant_id": tenant_id}).fetchall()
    return {key for (key,) in rows} | checked_prefixes.barred(tenant_id, keys)


def _hold(job: CodeJob, rows: Sequence[ImportRow]) -> int:
    """Add the rows whose code is not held; gives how many."""
    parameters = {
        "tenant_id": job.tenant_id,
        "job_id": job.job_id,
        "rows": json.dumps([_row(row) for row in rows]),
    }
    sql = OF_POSTGRESQL if is_postgresql() else OF_SQLITE
    return int(execute(sql, parameters).rowcount)


def _row(row: ImportRow) -> dict[str, Any]:
    return {
        "code_key": lookup_key(row.code),
        "line": row.line,
        "code": row.code,
        "coupon_id": new_id(),
        "user_id": row.user_id,
        "expires_at": as_stored_time(row.expires_at),
    }


def _held_before(job: CodeJob, rows: Sequence[ImportRow]) -> Iterator[BadRow]:
    """The rows whose code another line, or another import, holds."""
    keys = [lookup_key(row.code) for row in rows]
    found = among(HELD, "text", keys, {"tenant_id": job.tenant_id}).fetchall()
    holders = {key: (job_id, line) for key, job_id, line in found}
    for row in rows:
        job_id, line = holders[lookup_key(row.code)]
        if job_id != job.job_id:
            yield BadRow(row.line, "the code is being imported by another request")
        elif line != row.line:
            yield BadRow(row.line, f"the code stands in line {line} already")


def leave(tenant_id: str, job_id: str, most: int) -> bool:
    """Give up some of an import's codes; False when it holds none any more."""
    parameters = {"tenant_id": tenant_id, "job_id": job_id, "most": most}
    return bool(execute(LEAVE, parameters).rowcount)
