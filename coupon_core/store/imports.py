"""Codes that an import holds: nobody else makes them until it has made or left them."""

from collections.abc import Iterator, Sequence
from typing import Any

from coupon_core.codes import lookup_key
from coupon_core.model.inventory import BadRow, CodeJob, ImportRow
from coupon_core.store import stems
from coupon_core.store.codes import keys_in
from coupon_core.store.database import execute, execute_many, new_id
from coupon_core.tables import Coupon, SharedCode, as_stored_time
from coupon_core.tables import ImportRow as Table

HOLD = """
    INSERT INTO import_row (tenant_id, code_key, job_id, line, code, coupon_id,
        user_id, expires_at)
    VALUES (:tenant_id, :code_key, :job_id, :line, :code, :coupon_id,
        :user_id, :expires_at)
    ON CONFLICT (tenant_id, code_key) DO NOTHING
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
    if execute_many(HOLD, [_row(job, row) for row in ordered]) < len(free):
        bad += _held_before(job, free)
    return bad


def _taken(tenant_id: str, keys: set[str]) -> set[str]:
    """Those of the lookup keys that a coupon or a shared code has, or may not have."""
    barred = stems.barred(tenant_id, keys)
    return (
        barred | keys_in(Coupon, tenant_id, keys) | keys_in(SharedCode, tenant_id, keys)
    )


def _row(job: CodeJob, row: ImportRow) -> dict[str, Any]:
    return {
        "tenant_id": job.tenant_id,
        "code_key": lookup_key(row.code),
        "job_id": job.job_id,
        "line": row.line,
        "code": row.code,
        "coupon_id": new_id(),
        "user_id": row.user_id,
        "expires_at": as_stored_time(row.expires_at),
    }


def _held_before(job: CodeJob, rows: Sequence[ImportRow]) -> Iterator[BadRow]:
    """The rows whose code another line, or another import, holds."""
    keys = [lookup_key(row.code) for row in rows]
    here = (Table.tenant_id == job.tenant_id) & Table.code_key.in_(keys)
    found = Table.select(Table.code_key, Table.job_id, Table.line).where(here).tuples()
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
