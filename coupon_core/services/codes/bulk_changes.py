"""Start jobs that revoke, restore or extend many codes, or move their expiry."""

from dataclasses import replace
from datetime import datetime

from coupon_core.domain.models import AdminReason, Refused
from coupon_core.domain.models.batches import ACTIVE_STATES
from coupon_core.domain.models.inventory import CodeJob, CodeTarget, JobKind, JobState
from coupon_core.domain.rules.expiry import require_future_expiry
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import batches as batch_repository
from coupon_core.persistence.repositories import code_job_chunks
from coupon_core.persistence.repositories import code_jobs as code_job_repository
from coupon_core.persistence.repositories import definitions as definition_repository
from coupon_core.services.codes import jobs
from coupon_core.services.codes.job_construction import build_job
from coupon_core.services.errors import require_found


def revoke(tenant_id: str, target: CodeTarget, actor: str, now: datetime) -> CodeJob:
    """Start a job that revokes coupons, except those that are used up.

    No redemption of these coupons that starts after the job has completed succeeds.

    Raises:
        Refused: The batch is unknown or not finished.
    """
    return _start(build_job(tenant_id, JobKind.REVOKE, actor, now, target=target), now)


def restore(tenant_id: str, target: CodeTarget, actor: str, now: datetime) -> CodeJob:
    """Start a job that restores the coupons that are revoked now.

    Those that a re-issue replaced, or that were returned for points, remain revoked.

    Raises:
        Refused: The batch is unknown or not finished.
    """
    return _start(build_job(tenant_id, JobKind.RESTORE, actor, now, target=target), now)


def extend_batch(
    tenant_id: str, batch_id: str, expires_at: datetime, actor: str, now: datetime
) -> CodeJob:
    """Start a job that extends the expiry of a batch's coupons; it shortens none.

    Raises:
        Refused: The batch is unknown or not finished, or the new expiry is in the past.
    """
    target = CodeTarget(batch_id)
    job = build_job(tenant_id, JobKind.EXTEND, actor, now, target=target)
    return _start(replace(job, expires_at=expires_at), now)


def change_expiry(
    tenant_id: str,
    target: CodeTarget,
    expires_at: datetime | None,
    actor: str,
    now: datetime,
) -> CodeJob:
    """Start a job that moves the expiry of coupons, to an earlier or a later time.

    None lets them expire with their definition.

    Raises:
        Refused: The batch is unknown or not finished, the definition is unknown, or the
            new expiry is in the past.
    """
    job = build_job(tenant_id, JobKind.EXPIRY, actor, now, target=target)
    return _start(replace(job, expires_at=expires_at), now)


def preview(
    tenant_id: str,
    kind: JobKind,
    target: CodeTarget,
    now: datetime,
    expires_at: datetime | None = None,
) -> CodeJob:
    """Return what a job would do now, as if it were completed; store nothing.

    Raises:
        Refused: The job would be refused.
    """
    job = replace(
        build_job(tenant_id, kind, "", now, target=target), expires_at=expires_at
    )
    _require_possible(job, now)
    skipped_reasons = code_job_chunks.count_outcomes(job, now)
    done_count = skipped_reasons.pop("", 0)
    return replace(
        job,
        state=JobState.COMPLETED,
        finished_at=now,
        done_count=done_count,
        skipped_count=sum(skipped_reasons.values()),
        skipped_reasons=skipped_reasons,
    )


def _start(job: CodeJob, now: datetime) -> CodeJob:
    with transaction():
        _require_possible(job, now)
        code_job_repository.insert(job)
        jobs.enqueue(job, now)
    return jobs.run_first_chunk(job, now)


def _require_possible(job: CodeJob, now: datetime) -> None:
    require_future_expiry(job.expires_at, now)
    if job.batch_id:
        batch = require_found(
            batch_repository.get(job.tenant_id, job.batch_id),
            AdminReason.BATCH_NOT_FOUND,
        )
        if batch.state in ACTIVE_STATES:
            raise Refused(AdminReason.BATCH_UNFINISHED)
    elif job.definition_id:
        require_found(
            definition_repository.get(job.tenant_id, job.definition_id),
            AdminReason.DEFINITION_NOT_FOUND,
        )
