"""Jobs on many codes."""

from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from coupon_core.domain.models import Page
from coupon_core.domain.models.inventory import CodeJob, JobKind, JobState
from coupon_core.persistence.row_locks import lock_rows
from coupon_core.persistence.tables import BatchTable, CodeJobTable

# The previous release leaves these jobs alone: it reads them as extensions that are
# completed, and finds no others, because it would fail at a kind that it does not know.
LATER_KINDS = frozenset({JobKind.RESTORE, JobKind.EXPIRY})
EARLIER_RELEASE_VALUES = {"kind": JobKind.EXTEND, "state": JobState.COMPLETED}


def insert(job: CodeJob) -> None:
    """Insert a job."""
    CodeJobTable.insert(_to_row(job)).execute()


def update(job: CodeJob) -> None:
    """Overwrite a job."""
    CodeJobTable.update(_to_row(job)).where(
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
    return _to_job(row) if row else None


def list_jobs(
    tenant_id: str,
    page: Page,
    definition_id: str | None = None,
    is_finished: bool | None = None,
) -> tuple[list[CodeJob], int]:
    """Return the jobs of a tenant, newest first, and the total of all matches.

    Those of a definition are the ones on its codes, and on those of its batches.
    """
    query = CodeJobTable.select().where(CodeJobTable.tenant_id == tenant_id)
    if definition_id is not None:
        batches = BatchTable.select(BatchTable.batch_id).where(
            BatchTable.tenant_id == tenant_id, BatchTable.definition_id == definition_id
        )
        query = query.where(
            (CodeJobTable.definition_id == definition_id)
            | CodeJobTable.batch_id.in_(batches)
        )
    if is_finished is not None:
        query = query.where(CodeJobTable.finished_at.is_null(not is_finished))
    newest = (
        query.order_by(CodeJobTable.job_id.desc()).limit(page.limit).offset(page.offset)
    )
    return [_to_job(row) for row in newest.tuples()], query.count()


def list_by_batch(tenant_id: str, batch_id: str) -> list[CodeJob]:
    """Return the jobs on a batch, oldest first."""
    query = CodeJobTable.select().where(
        CodeJobTable.tenant_id == tenant_id, CodeJobTable.batch_id == batch_id
    )
    return [_to_job(row) for row in query.order_by(CodeJobTable.job_id).tuples()]


def find_stalled(state: JobState, before: datetime) -> list[CodeJob]:
    """Return up to 100 jobs, of any tenant, in a state and not updated since a time."""
    in_state = (CodeJobTable.state == state) | (CodeJobTable.action_state == state)
    query = CodeJobTable.select().where(in_state, CodeJobTable.updated_at < before)
    return [_to_job(row) for row in query.limit(100).tuples()]


def _to_job(row: Sequence[Any]) -> CodeJob:
    """Return the value of a row whose columns are in field order."""
    *columns, action, action_state = row
    values = dict(zip((field.name for field in fields(CodeJob)), columns, strict=True))
    kinds = {
        "kind": JobKind(action or values["kind"]),
        "state": JobState(action_state or values["state"]),
        "skipped_reasons": values["skipped_reasons"] or {},
    }
    return CodeJob(**{**values, **kinds})


def _to_row(job: CodeJob) -> dict[str, Any]:
    if job.kind not in LATER_KINDS:
        return asdict(job)
    later_values = {"action": job.kind, "action_state": job.state}
    return {**asdict(job), **later_values, **EARLIER_RELEASE_VALUES}
