"""Jobs that change or import many codes, one transaction for each chunk."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from coupon_core.domain.models import (
    AdminReason,
    Page,
    utc_now,
)
from coupon_core.domain.models.inventory import (
    CodeJob,
    JobKind,
    JobState,
)
from coupon_core.domain.report_counts import Counts, ReportCounts, get_quarter
from coupon_core.persistence.database import UNAVAILABLE_ERRORS, transaction
from coupon_core.persistence.repositories import batches as batch_repository
from coupon_core.persistence.repositories import code_imports, code_job_chunks
from coupon_core.persistence.repositories import code_jobs as code_job_repository
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.persistence.repositories.code_job_chunks import ChunkResult
from coupon_core.persistence.repositories.report_counts import raise_counts
from coupon_core.services import audit, outbox
from coupon_core.services.codes import job_construction, job_events
from coupon_core.services.coupons import expiry
from coupon_core.services.errors import require_found

CHUNK_SIZE = 4_000  # coupons; takes far less than a second on either database
STALLED_AFTER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class JobAction:
    """The events that a kind of job publishes, and how it processes a chunk.

    `coupon_event_type` is for each changed coupon that is assigned to a user; the
    others are covered by the event of the completion.
    """

    event_type: str
    coupon_event_type: str = ""
    process_chunk: Callable[[CodeJob, int, datetime], ChunkResult] = (
        code_job_chunks.change_chunk
    )


JOB_ACTIONS: Mapping[JobKind, JobAction] = {
    JobKind.REVOKE: JobAction("codes.revoked", "coupon.revoked"),
    JobKind.EXTEND: JobAction("codes.extended"),
    JobKind.IMPORT: JobAction(
        "codes.imported", process_chunk=code_imports.import_chunk
    ),
    JobKind.RESTORE: JobAction("codes.restored", "coupon.restored"),
    JobKind.EXPIRY: JobAction("codes.expiry_changed"),
}


def run_first_chunk(job: CodeJob, now: datetime) -> CodeJob:
    """Process the next chunk of a job at once and return the job.

    Most jobs are small and complete with this chunk. If the database is unavailable or
    busy, the workers process the chunk later.
    """
    try:
        return run_chunk(job.tenant_id, job.job_id, job.chunk_number, now)
    except UNAVAILABLE_ERRORS:
        return job


def start(job: CodeJob, now: datetime) -> None:
    """Start a job that is already stored: hand its chunks to the workers."""
    with transaction():
        code_job_repository.update(job)
        enqueue(job, now)


def enqueue(job: CodeJob, now: datetime) -> None:
    """Hand the first chunk of a job to the workers, in the caller's transaction."""
    outbox.add([job_events.build_chunk_event(job, now)])
    audit.record(
        job.tenant_id,
        "code_job.started",
        job.job_id,
        kind=job.kind.value,
        batch_id=job.batch_id,
    )


def run_chunk(tenant_id: str, job_id: str, chunk_number: int, now: datetime) -> CodeJob:
    """Process the chunk with this number and return the job afterwards (idempotent).

    Raises:
        Refused: The job is unknown.
    """
    with transaction():
        coupon_repository.announce_coupon_write()
        job = require_found(
            code_job_repository.get(tenant_id, job_id, lock=True),
            AdminReason.JOB_NOT_FOUND,
        )
        if job.state != JobState.RUNNING or job.chunk_number != chunk_number:
            return job
        result = JOB_ACTIONS[job.kind].process_chunk(job, CHUNK_SIZE, now)
        after = _advance_job(job, result, now)
        code_job_repository.update(after)
        _record_progress(after, result, now)
        if job.kind == JobKind.IMPORT:
            _count_imported(job, result, now)
        return after


def _count_imported(job: CodeJob, result: ChunkResult, now: datetime) -> None:
    counts = ReportCounts(
        job.definition_id or "",
        get_quarter(now),
        counts=Counts(
            generated=len(result.changed_ids), assigned=result.assigned_count
        ),
    )
    raise_counts(job.tenant_id, [counts])


def _advance_job(job: CodeJob, result: ChunkResult, now: datetime) -> CodeJob:
    changed_count = len(result.changed_ids)
    is_last = result.examined_count < CHUNK_SIZE
    return replace(
        job,
        state=JobState.COMPLETED if is_last else JobState.RUNNING,
        finished_at=now if is_last else None,
        chunk_number=job.chunk_number + 1,
        after_key=result.last_key or job.after_key,
        done_count=job.done_count + changed_count,
        skipped_count=job.skipped_count + result.examined_count - changed_count,
        skipped_reasons=dict(
            Counter(job.skipped_reasons) + Counter(result.skipped_reasons)
        ),
        updated_at=now,
    )


def _record_progress(job: CodeJob, result: ChunkResult, now: datetime) -> None:
    action = JOB_ACTIONS[job.kind]
    events = []
    if action.coupon_event_type:
        events = job_events.build_coupon_events(
            action.coupon_event_type, job.tenant_id, result.changed_ids, now
        )
    if job.kind == JobKind.RESTORE:
        expiry.announce_restored(job.tenant_id, result.changed_ids, job.job_id, now)
    if job.kind == JobKind.EXPIRY and job.expires_at is None:
        expiry.announce_followers(job.tenant_id, result.changed_ids, now)
    if job.state == JobState.COMPLETED:
        events.append(job_events.build_completed_event(job, action.event_type, now))
        if job.kind == JobKind.IMPORT:
            batch_repository.insert(job_construction.to_batch(job, now), [])
    else:
        events.append(job_events.build_chunk_event(job, now))
    outbox.add(events)


def run_to_completion(job: CodeJob, on_progress: Callable[[CodeJob], None]) -> CodeJob:
    """Process the remaining chunks of a job; workers may process them in parallel."""
    while job.state == JobState.RUNNING:
        job = run_chunk(job.tenant_id, job.job_id, job.chunk_number, utc_now())
        on_progress(job)
    return job


def requeue_stalled_jobs(now: datetime) -> int:
    """Publish the next chunk of stalled jobs again, and return the number of jobs."""
    stalled_jobs = code_job_repository.find_stalled(
        JobState.RUNNING, now - STALLED_AFTER
    )
    for job in stalled_jobs:
        with transaction():
            outbox.add([job_events.build_chunk_event(job, now)])
    return len(stalled_jobs)


def get(tenant_id: str, job_id: str) -> CodeJob:
    """Return a job.

    Raises:
        Refused: The job is unknown.
    """
    job = code_job_repository.get(tenant_id, job_id)
    return require_found(job, AdminReason.JOB_NOT_FOUND)


def list_jobs(tenant_id: str, page: Page, **filters: Any) -> tuple[list[CodeJob], int]:
    """Return a page of a tenant's jobs, newest first, and the total count.

    `filters` are those of the repository's function.
    """
    return code_job_repository.list_jobs(tenant_id, page, **filters)
