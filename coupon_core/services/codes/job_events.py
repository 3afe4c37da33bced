"""Events that report the progress of a code job."""

from datetime import datetime

from coupon_core.domain import serialization
from coupon_core.domain.models import Event, IssuedCoupon
from coupon_core.domain.models.inventory import CodeJob, CouponEvent
from coupon_core.messaging.topology import JOB_CHUNK_EVENT_TYPE
from coupon_core.persistence.id_generation import generate_id
from coupon_core.services import outbox


def build_revoked_event(issued: IssuedCoupon, now: datetime) -> Event:
    """Return the outbox event for a coupon that a job revoked.

    Only coupons assigned to users get one; the others are covered by the event that
    reports the end of the job.
    """
    data = {"coupon": serialization.serialize_coupon(issued, now)}
    return outbox.build_coupon_event("coupon.revoked", issued.coupon, data, now)


def build_coupon_event(
    issued: IssuedCoupon, job: CodeJob, now: datetime
) -> CouponEvent:
    """Return the entry for the timeline of a coupon that a job revoked."""
    return CouponEvent(
        tenant_id=job.tenant_id,
        coupon_id=issued.coupon.coupon_id,
        event_id=generate_id(),
        kind="revoked",
        actor=job.actor,
        user_id=job.user_id,
        occurred_at=now,
    )


def build_completed_event(job: CodeJob, event_type: str, now: datetime) -> Event:
    """Return the outbox event that reports the end of a job."""
    data = {"job": serialization.serialize_code_job(job)}
    return outbox.build_event(
        job.tenant_id, event_type, subject=job.user_id, data=data, now=now
    )


def build_chunk_event(job: CodeJob, now: datetime) -> Event:
    """Return the outbox event that asks the workers for the next chunk of a job."""
    data = {
        "tenant_id": job.tenant_id,
        "job_id": job.job_id,
        "chunk_number": job.chunk_number,
    }
    return outbox.build_event(
        job.tenant_id, JOB_CHUNK_EVENT_TYPE, subject="", data=data, now=now
    )
