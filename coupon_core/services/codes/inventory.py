"""The stock of codes: look it through, give codes to users, tell what became of one."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from coupon_core.domain import serialization
from coupon_core.domain.models import (
    AdminReason,
    CouponStatus,
    Definition,
    IssuedCoupon,
    Reason,
    Refused,
)
from coupon_core.domain.models.filters import CouponFilter, Place
from coupon_core.domain.models.inventory import (
    CodeJob,
    JobKind,
    Moment,
    StockedCoupon,
)
from coupon_core.domain.models.inventory import CouponEvent as Noted
from coupon_core.domain.rules import redemption as redemption_rules
from coupon_core.persistence.database import transaction
from coupon_core.persistence.id_generation import new_id
from coupon_core.persistence.repositories import code_jobs as job_store
from coupon_core.persistence.repositories import code_lookup as code_store
from coupon_core.persistence.repositories import definitions as definition_store
from coupon_core.persistence.repositories import inventory as store
from coupon_core.services import audit, outbox
from coupon_core.services.coupons import generation


def listed(
    tenant_id: str, which: CouponFilter, place: Place, now: datetime
) -> tuple[list[StockedCoupon], str | None]:
    """A page of the chosen coupons, newest first, and after which one to go on.

    It takes the same time at any size of stock; so it may hold fewer than asked for,
    even none, before the end, which is None.
    """
    return store.page(tenant_id, which, place, now)


def assign(
    tenant_id: str, code: str, user_id: str, actor: str, now: datetime
) -> IssuedCoupon:
    """Put nobody's coupon into a user's hands; for the same user again, no change.

    Refused when the code is unknown, another's, or can no longer be used; and when
    its definition's total limit of awards is reached.
    """
    definition_id = _own(tenant_id, code).definition.definition_id
    with transaction():
        definition = generation.hold(tenant_id, definition_id)
        issued = _own(tenant_id, code, lock=True)
        if issued.coupon.user_id == user_id:
            return issued
        _require_assignable(issued, now)
        return _assign(issued, definition or issued.definition, user_id, actor, now)


def _own(tenant_id: str, code: str, lock: bool = False) -> IssuedCoupon:
    """The coupon whose own code it is. Refused when there is none, or several are."""
    found = code_store.find_for_tenant(tenant_id, code, lock)
    if not found:
        raise Refused(AdminReason.COUPON_NOT_FOUND)
    if len(found) > 1:
        raise Refused(AdminReason.ALREADY_ASSIGNED)
    return found[0]


def _require_assignable(issued: IssuedCoupon, now: datetime) -> None:
    if issued.coupon.user_id:
        raise Refused(AdminReason.ALREADY_ASSIGNED)
    if redemption_rules.coupon_status(issued, now) != CouponStatus.ACTIVE:
        raise Refused(AdminReason.NOT_ASSIGNABLE)


def _assign(
    issued: IssuedCoupon,
    definition: Definition,
    user_id: str,
    actor: str,
    now: datetime,
) -> IssuedCoupon:
    coupon = issued.coupon
    if redemption_rules.counts_awards(definition) and not definition_store.count_awards(
        definition, 1
    ):
        raise Refused(AdminReason.TOTAL_LIMIT_REACHED)
    until = generation.award_end(definition, now)
    if not store.assign(coupon.tenant_id, coupon.coupon_id, user_id, until):
        raise Refused(AdminReason.NOT_ASSIGNABLE)
    given = replace(coupon, user_id=user_id, expires_at=coupon.expires_at or until)
    after = replace(issued, coupon=given)
    audit.record(coupon.tenant_id, "coupon.assigned", coupon.coupon_id)
    ids = coupon.tenant_id, coupon.coupon_id, new_id()
    store.note([Noted(*ids, "assigned", actor, user_id, now)])
    data = {"coupon": serialization.coupon(after, now)}
    outbox.add([outbox.coupon_event("coupon.assigned", after.coupon, data, now)])
    return after


def timeline(
    tenant_id: str, coupon_id: str, now: datetime
) -> tuple[StockedCoupon, list[Moment]]:
    """A coupon, and all that became of it in the order of time. Refused if unknown."""
    stocked = store.get(tenant_id, coupon_id)
    if stocked is None:
        raise Refused(Reason.COUPON_NOT_FOUND)
    noted = store.events(tenant_id, coupon_id)
    jobs = job_store.of_batch(tenant_id, stocked.batch_id) if stocked.batch_id else []
    moments = [
        *_making(stocked, jobs),
        *(_noted(event) for event in noted),
        *_uses(tenant_id, coupon_id),
        *_extensions(stocked, jobs),
        *_ends(stocked, noted, jobs, now),
    ]
    return stocked, sorted(moments, key=lambda moment: moment.at)


def _making(stocked: StockedCoupon, jobs: list[CodeJob]) -> Iterator[Moment]:
    by = next((job.actor for job in jobs if job.kind == JobKind.IMPORT), None)
    name = "imported" if by is not None else "generated"
    more = {"batch_id": stocked.batch_id} if stocked.batch_id else None
    yield Moment(stocked.issued.coupon.generated_at, name, by, more)


def _noted(event: Noted) -> Moment:
    more = {"user_id": event.user_id} if event.user_id else None
    return Moment(event.occurred_at, event.kind, event.actor, more)


def _uses(tenant_id: str, coupon_id: str) -> Iterator[Moment]:
    for use, refunded_at in store.uses(tenant_id, coupon_id):
        more = {"user_id": use.user_id, "use_number": use.use_number}
        dialect = {"dialect": str(use.dialect), "redemption_id": use.redemption_id}
        yield Moment(use.redeemed_at, "redeemed", None, more | dialect)
        if refunded_at:
            yield Moment(refunded_at, "refunded", None, more)


def _extensions(stocked: StockedCoupon, jobs: list[CodeJob]) -> Iterator[Moment]:
    for job in jobs:
        until = job.expires_at
        if job.kind == JobKind.EXTEND and until and _was_extended(stocked, job):
            more = {"expires_at": serialization.time_text(until)}
            yield Moment(job.created_at, "extended", job.actor, more)


def _was_extended(stocked: StockedCoupon, job: CodeJob) -> bool:
    """Whether the job has come to this coupon, and found that it ends sooner."""
    coupon = stocked.issued.coupon
    until, was_revoked = coupon.expires_at, coupon.revoked_at
    is_passed = bool(job.finished_at) or job.after_key >= coupon.coupon_id
    stood = was_revoked is None or was_revoked > job.created_at
    reached = bool(until and job.expires_at and until >= job.expires_at)
    return is_passed and stood and reached


def _ends(
    stocked: StockedCoupon, noted: list[Noted], jobs: list[CodeJob], now: datetime
) -> Iterator[Moment]:
    issued = stocked.issued
    revoked_at = issued.coupon.revoked_at
    if revoked_at and all(event.kind != "revoked" for event in noted):
        yield Moment(revoked_at, "revoked", _revoker(revoked_at, jobs))
    if issued.coupon.returned_at:
        yield Moment(issued.coupon.returned_at, "returned")
    if (
        redemption_rules.coupon_status(issued, now) == CouponStatus.EXPIRED
        and issued.expires_at
    ):
        yield Moment(issued.expires_at, "expired")


def _revoker(revoked_at: datetime, jobs: list[CodeJob]) -> str | None:
    """Whose job took a batch out of use at that time."""
    for job in jobs:
        ended = job.finished_at or revoked_at
        if job.kind == JobKind.REVOKE and job.created_at <= revoked_at <= ended:
            return job.actor
    return None
