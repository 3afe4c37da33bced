"""The inventory of codes: list them, assign them to users, show a code's timeline."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from coupon_core.domain import serialization
from coupon_core.domain.metadata import Metadata
from coupon_core.domain.models import (
    AdminReason,
    CouponStatus,
    Definition,
    IssuedCoupon,
    Reason,
    Refused,
)
from coupon_core.domain.models.filters import CouponFilter, PageCursor
from coupon_core.domain.models.inventory import (
    CodeJob,
    CouponEvent,
    CouponWithBatch,
    JobKind,
    TimelineEntry,
)
from coupon_core.domain.rules import redemption as redemption_rules
from coupon_core.domain.timestamps import format_timestamp
from coupon_core.persistence.database import transaction
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories import code_jobs as code_job_repository
from coupon_core.persistence.repositories import code_lookup as code_lookup_repository
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.persistence.repositories import definitions as definition_repository
from coupon_core.persistence.repositories import inventory as inventory_repository
from coupon_core.services import audit, outbox
from coupon_core.services.coupons import administration, generation
from coupon_core.services.errors import require_found


def list_codes(
    tenant_id: str, coupon_filter: CouponFilter, cursor: PageCursor, now: datetime
) -> tuple[list[CouponWithBatch], str | None]:
    """Return a page of matching coupons, newest first, and the ID to continue after.

    The ID is None on the last page. The time for a page does not depend on the size of
    the inventory; an earlier page may therefore be short or even empty.
    """
    return inventory_repository.get_page(tenant_id, coupon_filter, cursor, now)


def set_metadata(
    tenant_id: str, coupon_filter: CouponFilter, metadata: Metadata, now: datetime
) -> CouponWithBatch:
    """Replace the metadata of a coupon and return it.

    Raises:
        Refused: No coupon or several coupons match.
    """
    with transaction():
        issued = administration.require_single(
            coupon_repository.find_up_to_two(tenant_id, coupon_filter, now, lock=True)
        )
        coupon_id = issued.coupon.coupon_id
        inventory_repository.set_metadata(tenant_id, [coupon_id], metadata)
        audit.record(tenant_id, "coupon.changed", coupon_id, changed=["metadata"])
        changed = inventory_repository.get(tenant_id, coupon_id)
    return require_found(changed, AdminReason.COUPON_NOT_FOUND)


def assign(
    tenant_id: str, code: str, user_id: str, actor: str, now: datetime
) -> IssuedCoupon:
    """Assign an unassigned coupon to a user and return it (idempotent per user).

    Raises:
        Refused: The code is unknown, assigned to another user or no longer usable, or
            the definition's total limit of awards is reached.
    """
    definition_id = _require_by_code(tenant_id, code).definition.definition_id
    with transaction():
        definition = generation.lock_for_generation(tenant_id, definition_id)
        issued = _require_by_code(tenant_id, code, lock=True)
        if issued.coupon.user_id == user_id:
            return issued
        _require_assignable(issued, now)
        return _assign(
            issued,
            definition or issued.definition,
            user_id=user_id,
            actor=actor,
            now=now,
        )


def _require_by_code(tenant_id: str, code: str, lock: bool = False) -> IssuedCoupon:
    """Return the only coupon that has this code."""
    coupons = code_lookup_repository.find_for_tenant(tenant_id, code, lock)
    if not coupons:
        raise Refused(AdminReason.COUPON_NOT_FOUND)
    if len(coupons) > 1:
        raise Refused(AdminReason.ALREADY_ASSIGNED)
    return coupons[0]


def _require_assignable(issued: IssuedCoupon, now: datetime) -> None:
    if issued.coupon.user_id:
        raise Refused(AdminReason.ALREADY_ASSIGNED)
    if redemption_rules.get_coupon_status(issued, now) != CouponStatus.ACTIVE:
        raise Refused(AdminReason.NOT_ASSIGNABLE)


def _assign(
    issued: IssuedCoupon,
    definition: Definition,
    user_id: str,
    actor: str,
    now: datetime,
) -> IssuedCoupon:
    coupon = issued.coupon
    if redemption_rules.total_limit_counts_awards(
        definition
    ) and not definition_repository.count_awards(definition, 1):
        raise Refused(AdminReason.TOTAL_LIMIT_REACHED)
    award_expiry = generation.compute_award_expiry(definition, now)
    if not inventory_repository.assign(
        coupon.tenant_id, coupon.coupon_id, user_id, award_expiry
    ):
        raise Refused(AdminReason.NOT_ASSIGNABLE)
    assigned = replace(
        coupon, user_id=user_id, expires_at=coupon.expires_at or award_expiry
    )
    after = replace(issued, coupon=assigned)
    _record_assignment(after, actor, now)
    return after


def _record_assignment(issued: IssuedCoupon, actor: str, now: datetime) -> None:
    coupon = issued.coupon
    audit.record(coupon.tenant_id, "coupon.assigned", coupon.coupon_id)
    event = CouponEvent(
        tenant_id=coupon.tenant_id,
        coupon_id=coupon.coupon_id,
        event_id=generate_id(),
        kind="assigned",
        actor=actor,
        user_id=coupon.user_id,
        occurred_at=now,
    )
    inventory_repository.insert_events([event])
    data = {"coupon": serialization.serialize_coupon(issued, now)}
    outbox.add([outbox.build_coupon_event("coupon.assigned", coupon, data, now)])


def get_timeline(
    tenant_id: str, coupon_id: str, now: datetime
) -> tuple[CouponWithBatch, list[TimelineEntry]]:
    """Return a coupon and its timeline, oldest entry first.

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
        *(_to_timeline_entry(event, jobs) for event in coupon_events),
        *_list_redemption_entries(tenant_id, coupon_id),
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
    # The event of an extension has the ID of its job, which knows the new expiry.
    expiry = next(
        (job.expires_at for job in jobs if job.job_id == event.event_id), None
    )
    details = {
        **({"user_id": event.user_id} if event.user_id else {}),
        **({"expires_at": format_timestamp(expiry)} if expiry else {}),
    }
    return TimelineEntry(event.occurred_at, event.kind, event.actor, details or None)


def _list_redemption_entries(tenant_id: str, coupon_id: str) -> Iterator[TimelineEntry]:
    redemptions = inventory_repository.list_redemptions(tenant_id, coupon_id)
    for redemption, refunded_at in redemptions:
        details = {"user_id": redemption.user_id, "use_number": redemption.use_number}
        redeemed_details = {
            **details,
            "dialect": str(redemption.dialect),
            "redemption_id": redemption.redemption_id,
        }
        yield TimelineEntry(redemption.redeemed_at, "redeemed", None, redeemed_details)
        if refunded_at:
            yield TimelineEntry(refunded_at, "refunded", None, details)


def _list_end_entries(
    coupon_with_batch: CouponWithBatch,
    coupon_events: list[CouponEvent],
    jobs: list[CodeJob],
    now: datetime,
) -> Iterator[TimelineEntry]:
    issued = coupon_with_batch.issued
    revoked_at = issued.coupon.revoked_at
    if revoked_at and all(event.kind != "revoked" for event in coupon_events):
        yield TimelineEntry(
            revoked_at, "revoked", _find_revoking_actor(revoked_at, jobs)
        )
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
