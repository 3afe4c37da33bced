"""Work on many codes at once: a chunk a transaction, each told through the outbox."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from coupon_core.domain import serialization
from coupon_core.domain.models import (
    AdminReason,
    Event,
    IssuedCoupon,
    Page,
    Refused,
    utc_now,
)
from coupon_core.domain.models.batches import UNFINISHED, Batch, BatchState
from coupon_core.domain.models.inventory import (
    CodeJob,
    CouponEvent,
    JobKind,
    JobState,
)
from coupon_core.messaging.topology import JOB_CHUNK
from coupon_core.persistence.database import UNAVAILABLE, transaction
from coupon_core.persistence.id_generation import new_id
from coupon_core.persistence.repositories import batches as batch_store
from coupon_core.persistence.repositories import code_jobs as store
from coupon_core.persistence.repositories import coupons as coupon_store
from coupon_core.persistence.repositories import inventory as inventory_store
from coupon_core.persistence.repositories.code_jobs import Done
from coupon_core.services import audit, outbox

CHUNK = 4_000  # coupons: far below a second on either database
FORSAKEN = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Work:
    """What one kind of job does with a chunk, and what it is called when done."""

    act: Callable[[CodeJob, int, datetime], Done]
    event_type: str


WORK: Mapping[JobKind, Work] = {
    JobKind.REVOKE: Work(store.revoke, "codes.revoked"),
    JobKind.EXTEND: Work(store.extend, "codes.extended"),
    JobKind.IMPORT: Work(store.make, "codes.imported"),
}


def revoke_batch(tenant_id: str, batch_id: str, actor: str, now: datetime) -> CodeJob:
    """Begin to take all coupons of a batch out of use, but those that are used up.

    Once the job is completed no redeem of any of them begins and succeeds. Refused
    when the batch is unknown or still being made.
    """
    draft = new_job(tenant_id, JobKind.REVOKE, actor, now, batch_id=batch_id)
    return _begin(draft, now)


def revoke_user(tenant_id: str, user_id: str, actor: str, now: datetime) -> CodeJob:
    """Begin to take all coupons that a user holds out of use, but those used up."""
    draft = new_job(tenant_id, JobKind.REVOKE, actor, now, user_id=user_id)
    return _begin(draft, now)


def extend_batch(
    tenant_id: str, batch_id: str, expires_at: datetime, actor: str, now: datetime
) -> CodeJob:
    """Begin to let all coupons of a batch expire later; none will expire sooner.

    Refused when the batch is unknown or still being made, or the time is past.
    """
    if expires_at <= now:
        raise Refused(AdminReason.EXPIRY_IS_PAST)
    draft = new_job(tenant_id, JobKind.EXTEND, actor, now, batch_id=batch_id)
    return _begin(replace(draft, expires_at=expires_at), now)


def new_job(
    tenant_id: str,
    kind: JobKind,
    actor: str,
    now: datetime,
    *,
    state: JobState = JobState.RUNNING,
    definition_id: str | None = None,
    batch_id: str | None = None,
    user_id: str = "",
) -> CodeJob:
    """A job that is not stored yet."""
    about = definition_id, batch_id, user_id, None, actor
    return CodeJob(
        tenant_id, new_id(), kind, state, *about, 1, "", 0, 0, 0, now, now, None
    )


def _begin(job: CodeJob, now: datetime) -> CodeJob:
    with transaction():
        if job.batch_id:
            _require_made(job.tenant_id, job.batch_id)
        store.insert(job)
        _put_to_work(job, now)
    return work_at_once(job, now)


def work_at_once(job: CodeJob, now: datetime) -> CodeJob:
    """Do a job's next chunk here: most jobs are small, and then that was all.

    Should the database have no time for it, the workers will do it as any other.
    """
    try:
        return work(job.tenant_id, job.job_id, job.chunk_number, now)
    except UNAVAILABLE:
        return job


def start(job: CodeJob, now: datetime) -> None:
    """Let the workers begin with a job that is stored already."""
    with transaction():
        store.update(job)
        _put_to_work(job, now)


def _put_to_work(job: CodeJob, now: datetime) -> None:
    outbox.add([_due(job, now)])
    ids = job.tenant_id, "code_job.started", job.job_id
    audit.record(*ids, kind=job.kind.value, batch_id=job.batch_id)


def _require_made(tenant_id: str, batch_id: str) -> None:
    batch = batch_store.get(tenant_id, batch_id)
    if batch is None:
        raise Refused(AdminReason.BATCH_NOT_FOUND)
    if batch.state in UNFINISHED:
        raise Refused(AdminReason.BATCH_UNFINISHED)


def work(tenant_id: str, job_id: str, number: int, now: datetime) -> CodeJob:
    """Do a job's chunk of that number; gives the job as it is afterwards.

    A chunk that is done already changes nothing. Refused when the job is unknown.
    """
    with transaction():
        coupon_store.expect_change()
        job = _known(store.get(tenant_id, job_id, lock=True))
        if job.state != JobState.RUNNING or job.chunk_number != number:
            return job
        done = WORK[job.kind].act(job, CHUNK, now)
        after = _advanced(job, done, now)
        store.update(after)
        _tell(after, done, now)
        return after


def _advanced(job: CodeJob, done: Done, now: datetime) -> CodeJob:
    changed = len(done.changed)
    is_last = done.looked_at < CHUNK
    return replace(
        job,
        state=JobState.COMPLETED if is_last else JobState.RUNNING,
        finished_at=now if is_last else None,
        chunk_number=job.chunk_number + 1,
        after_key=done.last_key or job.after_key,
        done_count=job.done_count + changed,
        skipped_count=job.skipped_count + done.looked_at - changed,
        updated_at=now,
    )


def _tell(job: CodeJob, done: Done, now: datetime) -> None:
    """The events of a chunk, and the next chunk or the end of the job."""
    held = store.revoked(job, done, now) if job.kind == JobKind.REVOKE else []
    events = [_revoked(one, now) for one in held]
    if job.user_id:  # what was done to a batch, the job itself tells
        inventory_store.note([_noted(one, job, now) for one in held])
    if job.state == JobState.COMPLETED:
        events.append(_completed(job, now))
        if job.kind == JobKind.IMPORT:
            batch_store.insert(_batch_of(job, now), [])
    else:
        events.append(_due(job, now))
    outbox.add(events)


def _revoked(issued: IssuedCoupon, now: datetime) -> Event:
    """Told of coupons in users' hands; of the others, only the end of the job tells."""
    data = {"coupon": serialization.coupon(issued, now)}
    return outbox.coupon_event("coupon.revoked", issued.coupon, data, now)


def _noted(issued: IssuedCoupon, job: CodeJob, now: datetime) -> CouponEvent:
    ids = job.tenant_id, issued.coupon.coupon_id, new_id()
    return CouponEvent(*ids, "revoked", job.actor, job.user_id, now)


def _completed(job: CodeJob, now: datetime) -> Event:
    data = {"job": serialization.code_job(job)}
    event_type = WORK[job.kind].event_type
    return outbox.event_of(job.tenant_id, event_type, job.user_id, data, now)


def _due(job: CodeJob, now: datetime) -> Event:
    about = {"tenant_id": job.tenant_id, "job_id": job.job_id}
    data = {**about, "chunk_number": job.chunk_number}
    return outbox.event_of(job.tenant_id, JOB_CHUNK, "", data, now)


def _batch_of(job: CodeJob, now: datetime) -> Batch:
    """The batch that imported codes are found, revoked and extended by."""
    ids = job.tenant_id, job.job_id, job.definition_id or ""
    counts = job.total_count, job.done_count, 1, 1
    times = job.created_at, job.created_at, now, now
    state = BatchState.COMPLETED
    return Batch(*ids, JobKind.IMPORT, state, *counts, None, "", *times)


def finish(job: CodeJob, on_progress: Callable[[CodeJob], None]) -> CodeJob:
    """Do all that is left of a job, here and now, beside the workers that may too."""
    while job.state == JobState.RUNNING:
        job = work(job.tenant_id, job.job_id, job.chunk_number, utc_now())
        on_progress(job)
    return job


def remind(now: datetime) -> int:
    """Tell the workers anew of jobs that do not get on; gives how many."""
    waiting = store.forsaken(JobState.RUNNING, now - FORSAKEN)
    if waiting:
        with transaction():
            outbox.add(_due(job, now) for job in waiting)
    return len(waiting)


def get(tenant_id: str, job_id: str) -> CodeJob:
    """A job. Refused when it is unknown."""
    return _known(store.get(tenant_id, job_id))


def listed(tenant_id: str, page: Page) -> tuple[list[CodeJob], int]:
    """A tenant's jobs, newest first, and how many there are."""
    return store.listed(tenant_id, page)


def _known(job: CodeJob | None) -> CodeJob:
    if job is None:
        raise Refused(AdminReason.JOB_NOT_FOUND)
    return job
