"""Events that report the progress of a code job."""

from collections.abc import Sequence
from datetime import datetime

from coupon_core.domain import serialization
from coupon_core.domain.models import Event
from coupon_core.domain.models.inventory import CodeJob
from coupon_core.messaging.topology import JOB_CHUNK_EVENT_TYPE
from coupon_core.persistence.repositories import code_job_chunks
from coupon_core.services import outbox


def build_coupon_events(
    event_type: str, tenant_id: str, coupon_ids: Sequence[str], now: datetime
) -> list[Event]:
    """Return the outbox events for the coupons of a chunk that users hold."""
    return [
        outbox.build_coupon_event(
            event_type,
            issued.coupon,
            {"coupon": serialization.serialize_coupon(issued, now)},
            now,
        )
        for issued in code_job_chunks.list_assigned(tenant_id, coupon_ids)
    ]


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
