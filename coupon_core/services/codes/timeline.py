"""The timeline of a coupon: what happened to it, when, and who did it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from coupon_core.domain.models import CouponStatus, Reason, Redemption
from coupon_core.domain.models.inventory import (
    CodeJob,
    CouponEvent,
    CouponWithBatch,
    JobKind,
    TimelineEntry,
)
from coupon_core.domain.models.reservations import Reservation, ReservationState
from coupon_core.domain.rules import redemption as redemption_rules
from coupon_core.domain.timestamps import format_timestamp
from coupon_core.persistence.repositories import code_jobs as code_job_repository
from coupon_core.persistence.repositories import inventory as inventory_repository
from coupon_core.persistence.repositories import reservations as reservation_repository
from coupon_core.services.errors import require_found


def get_timeline(
    tenant_id: str, coupon_id: str, now: datetime, max_uses: int | None = None
) -> tuple[CouponWithBatch, list[TimelineEntry]]:
    """Return a coupon and its timeline, oldest entry first.

    With `max_uses`, at most that many redemptions and reservations are read, the last.

    Raises:
        Refused: The coupon is unknown.
    """
    coupon_with_batch = require_found(
        inventory_repository.get(tenant_id, coupon_id), Reason.COUPON_NOT_FOUND
    )
    coupon_events = inventory_repository.list_events(tenant_id, coupon_id)
    batch_id = coupon_with_batch.batch_id
    jobs = code_job_repository.list_by_batch(tenant_id, batch_id) if batch_id else []
    entries = [
        *_list_creation_entries(coupon_with_batch, jobs),
        *(
            _to_timeline_entry(event, jobs)
            for event in coupon_events
            if event.kind != "reversed"
        ),
        *_list_redemption_entries(
            inventory_repository.list_redemptions(tenant_id, coupon_id, max_uses),
            coupon_events,
        ),
        *_list_reservation_entries(
            reservation_repository.list_by_coupon(tenant_id, coupon_id, max_uses), now
        ),
        *_list_end_entries(coupon_with_batch, coupon_events, jobs, now),
    ]
    return coupon_with_batch, sorted(entries, key=lambda entry: entry.occurred_at)


def _list_creation_entries(
    coupon_with_batch: CouponWithBatch, jobs: list[CodeJob]
) -> Iterator[TimelineEntry]:
    actor = next((job.actor for job in jobs if job.kind == JobKind.IMPORT), None)
    event_name = "imported" if actor is not None else "generated"
    details = (
        {"batch_id": coupon_with_batch.batch_id} if coupon_with_batch.batch_id else None
    )
    yield TimelineEntry(
        coupon_with_batch.issued.coupon.generated_at, event_name, actor, details
    )


def _to_timeline_entry(event: CouponEvent, jobs: list[CodeJob]) -> TimelineEntry:
    # In the events of earlier releases the job of an extension knows the new expiry.
    job_expiries = (job.expires_at for job in jobs if job.job_id == event.event_id)
    expiry = event.expires_at or next(job_expiries, None)
    related_member = "old_coupon_id" if event.kind == "replacement" else "new_coupon_id"
    details: dict[str, str | None] = {
        "user_id": event.user_id,
        "expires_at": format_timestamp(expiry),
        related_member: event.related_coupon_id,
    }
    shown: dict[str, Any] = {name: value for name, value in details.items() if value}
    if event.kind == "expiry_changed":
        shown.setdefault("expires_at", None)  # follows the definition
    return TimelineEntry(event.occurred_at, event.kind, event.actor, shown or None)


def _list_redemption_entries(
    redemptions: Sequence[tuple[Redemption, datetime | None, str | None]],
    coupon_events: list[CouponEvent],
) -> Iterator[TimelineEntry]:
    reversal_actors = {
        event.occurred_at: event.actor
        for event in coupon_events
        if event.kind == "reversed"
    }
    for redemption, refunded_at, reversal_reason in redemptions:
        details = {"user_id": redemption.user_id, "use_number": redemption.use_number}
        redeemed_details = {
            **details,
            "dialect": str(redemption.dialect),
            "redemption_id": redemption.redemption_id,
        }
        yield TimelineEntry(redemption.redeemed_at, "redeemed", None, redeemed_details)
        if refunded_at in reversal_actors:
            reason = {"reason": reversal_reason} if reversal_reason else {}
            yield TimelineEntry(
                refunded_at,
                "reversed",
                reversal_actors[refunded_at],
                {**details, "redemption_id": redemption.redemption_id, **reason},
            )
        elif refunded_at:
            yield TimelineEntry(refunded_at, "refunded", None, details)


def _list_reservation_entries(
    reservations: Sequence[Reservation], now: datetime
) -> Iterator[TimelineEntry]:
    for reservation in reservations:
        details = {
            "user_id": reservation.user_id,
            "reservation_id": reservation.reservation_id,
        }
        until = {"expires_at": format_timestamp(reservation.expires_at)}
        yield TimelineEntry(
            reservation.reserved_at, "reserved", None, {**details, **until}
        )
        if reservation.state in (ReservationState.CONFIRMED, ReservationState.RELEASED):
            ended_at = reservation.ended_at or reservation.expires_at
            event_name = f"reservation_{reservation.state.value}"
            yield TimelineEntry(ended_at, event_name, None, details)
        elif not reservation.is_live(now):
            yield TimelineEntry(
                reservation.expires_at, "reservation_expired", None, details
            )


def _list_end_entries(
    coupon_with_batch: CouponWithBatch,
    coupon_events: list[CouponEvent],
    jobs: list[CodeJob],
    now: datetime,
) -> Iterator[TimelineEntry]:
    issued = coupon_with_batch.issued
    recorded = {event.occurred_at for event in coupon_events if event.kind == "revoked"}
    # The revocation that is in force, and those that were undone.
    revoked = {issued.coupon.revoked_at, *(event.revoked_at for event in coupon_events)}
    for revoked_at in filter(None, revoked - recorded):
        actor = _find_revoking_actor(revoked_at, jobs)
        yield TimelineEntry(revoked_at, "revoked", actor)
    if issued.coupon.returned_at:
        yield TimelineEntry(issued.coupon.returned_at, "returned")
    if (
        redemption_rules.get_coupon_status(issued, now) == CouponStatus.EXPIRED
        and issued.expires_at
    ):
        yield TimelineEntry(issued.expires_at, "expired")


def _find_revoking_actor(revoked_at: datetime, jobs: list[CodeJob]) -> str | None:
    """Return the actor of the job that revoked the batch at that time, if any."""
    for job in jobs:
        ended_at = job.finished_at or revoked_at
        if job.kind == JobKind.REVOKE and job.created_at <= revoked_at <= ended_at:
            return job.actor
    return None
