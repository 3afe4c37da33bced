"""Construction of code jobs, and of the batches that imports become."""

from datetime import datetime

from coupon_core.domain.models.batches import Batch, BatchState
from coupon_core.domain.models.inventory import CodeJob, CodeTarget, JobKind, JobState
from coupon_core.persistence.id_generation import generate_id

NO_TARGET = CodeTarget()  # of an import, until its codes are its batch


def build_job(
    tenant_id: str,
    kind: JobKind,
    actor: str,
    now: datetime,
    *,
    state: JobState = JobState.RUNNING,
    target: CodeTarget = NO_TARGET,
) -> CodeJob:
    """Return a new job without storing it."""
    return CodeJob(
        tenant_id=tenant_id,
        job_id=generate_id(),
        kind=kind,
        state=state,
        definition_id=target.definition_id,
        batch_id=target.batch_id,
        user_id=target.user_id,
        expires_at=None,
        actor=actor,
        chunk_number=1,
        after_key="",
        total_count=0,
        done_count=0,
        skipped_count=0,
        created_at=now,
        updated_at=now,
        finished_at=None,
    )


def to_batch(job: CodeJob, now: datetime) -> Batch:
    """Return the batch by which imported codes are found, revoked and extended."""
    return Batch(
        tenant_id=job.tenant_id,
        batch_id=job.job_id,
        definition_id=job.definition_id or "",
        kind=JobKind.IMPORT,
        state=BatchState.COMPLETED,
        requested_count=job.total_count,
        generated_count=job.done_count,
        chunk_count=1,
        finished_chunk_count=1,
        expires_at=None,
        error="",
        created_at=job.created_at,
        started_at=job.created_at,
        updated_at=now,
        finished_at=now,
    )
