"""Start jobs that revoke, restore or extend many codes, or move their expiry."""

from dataclasses import replace
from datetime import datetime

from coupon_core.domain.entered_times import EnteredTime
from coupon_core.domain.models import AdminReason, Definition, Refused
from coupon_core.domain.models.batches import ACTIVE_STATES
from coupon_core.domain.models.inventory import CodeJob, CodeTarget, JobKind, JobState
from coupon_core.domain.rules.expiry import require_future_expiry
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import batches as batch_repository
from coupon_core.persistence.repositories import code_job_chunks
from coupon_core.persistence.repositories import code_jobs as code_job_repository
from coupon_core.persistence.repositories import definitions as definition_repository
from coupon_core.services import time_zones
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
    tenant_id: str, batch_id: str, expires_at: EnteredTime, actor: str, now: datetime
) -> CodeJob:
    """Start a job that extends the expiry of a batch's coupons; it shortens none.

    Raises:
        Refused: The batch is unknown or not finished, or the new expiry is in the past.
    """
    target = CodeTarget(batch_id)
    job = build_job(tenant_id, JobKind.EXTEND, actor, now, target=target)
    return _start(job, now, expires_at)


def change_expiry(
    tenant_id: str,
    target: CodeTarget,
    expires_at: EnteredTime | None,
    actor: str,
    now: datetime,
) -> CodeJob:
    """Start a job that moves the expiry of coupons, to an earlier or a later time.

    None lets them expire with their definition. A local time is one of the definition's
    time zone, or of UTC for the codes of a user.

    Raises:
        Refused: The batch is unknown or not finished, the definition is unknown, or the
            new expiry is in the past.
    """
    job = build_job(tenant_id, JobKind.EXPIRY, actor, now, target=target)
    return _start(job, now, expires_at)


def preview(
    tenant_id: str,
    kind: JobKind,
    target: CodeTarget,
    now: datetime,
    expires_at: EnteredTime | None = None,
) -> CodeJob:
    """Return what a job would do now, as if it were completed; store nothing.

    Raises:
        Refused: The job would be refused.
    """
    draft = build_job(tenant_id, kind, "", now, target=target)
    job = replace(draft, expires_at=_resolve_expiry(draft, expires_at, now))
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


def _start(
    draft: CodeJob, now: datetime, expires_at: EnteredTime | None = None
) -> CodeJob:
    with transaction():
        job = replace(draft, expires_at=_resolve_expiry(draft, expires_at, now))
        code_job_repository.insert(job)
        jobs.enqueue(job, now)
    return jobs.run_first_chunk(job, now)


def _resolve_expiry(
    job: CodeJob, expires_at: EnteredTime | None, now: datetime
) -> datetime | None:
    require_future_expiry(expires_at, now)
    definition = _require_definition(job)
    return time_zones.resolve_expiry(definition, expires_at, now)


def _require_definition(job: CodeJob) -> Definition | None:
    """Return the definition of the job's codes; those of a user have several."""
    definition_id = job.definition_id
    if job.batch_id:
        batch = require_found(
            batch_repository.get(job.tenant_id, job.batch_id),
            AdminReason.BATCH_NOT_FOUND,
        )
        if batch.state in ACTIVE_STATES:
            raise Refused(AdminReason.BATCH_UNFINISHED)
        definition_id = batch.definition_id
    if not definition_id:
        return None
    return require_found(
        definition_repository.get(job.tenant_id, definition_id),
        AdminReason.DEFINITION_NOT_FOUND,
    )
