"""Jobs that revoke, extend or import many codes, one transaction for each chunk."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from coupon_core.domain.entered_times import EnteredTime
from coupon_core.domain.models import (
    AdminReason,
    Page,
    Refused,
    utc_now,
)
from coupon_core.domain.models.batches import ACTIVE_STATES, Batch
from coupon_core.domain.models.inventory import (
    CodeJob,
    JobKind,
    JobState,
)
from coupon_core.domain.rules.expiry import require_future_expiry
from coupon_core.persistence.database import UNAVAILABLE_ERRORS, transaction
from coupon_core.persistence.repositories import batches as batch_repository
from coupon_core.persistence.repositories import code_jobs as code_job_repository
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.persistence.repositories import definitions as definition_repository
from coupon_core.persistence.repositories import inventory as inventory_repository
from coupon_core.persistence.repositories.code_jobs import ChunkResult
from coupon_core.services import audit, outbox, time_zones
from coupon_core.services.codes import job_construction, job_events
from coupon_core.services.errors import require_found

CHUNK_SIZE = 4_000  # coupons; takes far less than a second on either database
STALLED_AFTER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class JobAction:
    """How a kind of job processes a chunk, and the event type of its completion."""

    process_chunk: Callable[[CodeJob, int, datetime], ChunkResult]
    event_type: str


JOB_ACTIONS: Mapping[JobKind, JobAction] = {
    JobKind.REVOKE: JobAction(code_job_repository.revoke_chunk, "codes.revoked"),
    JobKind.EXTEND: JobAction(code_job_repository.extend_chunk, "codes.extended"),
    JobKind.IMPORT: JobAction(code_job_repository.import_chunk, "codes.imported"),
}


def revoke_batch(tenant_id: str, batch_id: str, actor: str, now: datetime) -> CodeJob:
    """Start a job that revokes all coupons of a batch, except those that are used up.

    No redemption of these coupons that starts after the job has completed succeeds.

    Raises:
        Refused: The batch is unknown or not finished.
    """
    draft = job_construction.build_job(
        tenant_id, JobKind.REVOKE, actor, now, batch_id=batch_id
    )
    return _create_job(draft, now)


def revoke_user(tenant_id: str, user_id: str, actor: str, now: datetime) -> CodeJob:
    """Start a job that revokes all coupons of a user, except those that are used up."""
    draft = job_construction.build_job(
        tenant_id, JobKind.REVOKE, actor, now, user_id=user_id
    )
    return _create_job(draft, now)


def extend_batch(
    tenant_id: str, batch_id: str, expires_at: EnteredTime, actor: str, now: datetime
) -> CodeJob:
    """Start a job that extends the expiry of a batch's coupons; it shortens none.

    Raises:
        Refused: The batch is unknown or not finished, or the new expiry is in the past.
    """
    require_future_expiry(expires_at, now)
    draft = job_construction.build_job(
        tenant_id, JobKind.EXTEND, actor, now, batch_id=batch_id
    )
    return _create_job(draft, now, expires_at)


def _create_job(
    job: CodeJob, now: datetime, expires_at: EnteredTime | None = None
) -> CodeJob:
    with transaction():
        if job.batch_id:
            batch = _require_finished_batch(job.tenant_id, job.batch_id)
            job = replace(job, expires_at=_resolve_expiry(batch, expires_at, now))
        code_job_repository.insert(job)
        _enqueue(job, now)
    return run_first_chunk(job, now)


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
        _enqueue(job, now)


def _enqueue(job: CodeJob, now: datetime) -> None:
    outbox.add([job_events.build_chunk_event(job, now)])
    audit.record(
        job.tenant_id,
        "code_job.started",
        job.job_id,
        kind=job.kind.value,
        batch_id=job.batch_id,
    )


def _resolve_expiry(
    batch: Batch, expires_at: EnteredTime | None, now: datetime
) -> datetime | None:
    definition = require_found(
        definition_repository.get(batch.tenant_id, batch.definition_id),
        AdminReason.DEFINITION_NOT_FOUND,
    )
    return time_zones.resolve_expiry(definition, expires_at, now)


def _require_finished_batch(tenant_id: str, batch_id: str) -> Batch:
    batch = require_found(
        batch_repository.get(tenant_id, batch_id), AdminReason.BATCH_NOT_FOUND
    )
    if batch.state in ACTIVE_STATES:
        raise Refused(AdminReason.BATCH_UNFINISHED)
    return batch


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
        return after


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
        updated_at=now,
    )


def _record_progress(job: CodeJob, result: ChunkResult, now: datetime) -> None:
    revoked_coupons = (
        code_job_repository.list_revoked(job, result, now)
        if job.kind == JobKind.REVOKE
        else []
    )
    events = [job_events.build_revoked_event(issued, now) for issued in revoked_coupons]
    # A batch's job shows in the timelines of its coupons; a user's job does not.
    if job.user_id:
        inventory_repository.insert_events(
            [
                job_events.build_coupon_event(issued, job, now)
                for issued in revoked_coupons
            ]
        )
    if job.kind == JobKind.EXTEND:
        code_job_repository.record_extended(job, result, now)
    if job.state == JobState.COMPLETED:
        event_type = JOB_ACTIONS[job.kind].event_type
        events.append(job_events.build_completed_event(job, event_type, now))
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
    if stalled_jobs:
        with transaction():
            outbox.add(job_events.build_chunk_event(job, now) for job in stalled_jobs)
    return len(stalled_jobs)


def get(tenant_id: str, job_id: str) -> CodeJob:
    """Return a job.

    Raises:
        Refused: The job is unknown.
    """
    job = code_job_repository.get(tenant_id, job_id)
    return require_found(job, AdminReason.JOB_NOT_FOUND)


def list_jobs(tenant_id: str, page: Page) -> tuple[list[CodeJob], int]:
    """Return a page of a tenant's jobs, newest first, and their number."""
    return code_job_repository.list_jobs(tenant_id, page)
