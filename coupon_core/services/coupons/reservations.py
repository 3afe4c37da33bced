"""Reserve a use of a code, and confirm or release the reservation later."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from coupon_core.domain import serialization
from coupon_core.domain.models import (
    NO_USAGE,
    Definition,
    Dialect,
    IssuedCoupon,
    Refused,
    ReservationReason,
)
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.domain.models.reservations import Reservation, ReservationState
from coupon_core.domain.refusals import refusals_about
from coupon_core.domain.rules import reservations as reservation_rules
from coupon_core.domain.rules.usage_periods import get_period_key
from coupon_core.domain.timestamps import format_timestamp
from coupon_core.observability import metrics
from coupon_core.persistence.database import ConcurrentUpdate, transaction
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.persistence.repositories import reservation_writes
from coupon_core.persistence.repositories import reservations as reservation_repository
from coupon_core.security.rate_limiting.code_guessing import CodeLookupGuard
from coupon_core.services import outbox
from coupon_core.services.coupons import (
    administration,
    lookup,
    redemption,
    reservation_endings,
    use_locks,
)
from coupon_core.services.coupons.code_use import (
    RedeemRequest,
    StaleDecision,
    attempt_use,
)
from coupon_core.services.errors import require_found

MAX_ATTEMPTS = 3
DEFAULT_TTL_SECONDS = 900
MIN_TTL_SECONDS, MAX_TTL_SECONDS = 30, 86_400


def reserve(request: RedeemRequest, ttl_seconds: int, now: datetime) -> dict[str, Any]:
    """Hold a use of a code for a user; return the reservation with the coupon.

    Raises:
        Refused: A redemption would be refused for the same reason.
        RateLimitExceeded: The user or the tenant has tried too many unknown codes.
    """
    expires_at = now + timedelta(seconds=ttl_seconds)
    with CodeLookupGuard(request.tenant_id, request.user_id):
        apply = partial(_apply_reservation, expires_at=expires_at)
        return attempt_use(request, now, apply)


def _apply_reservation(
    candidate: IssuedCoupon,
    request: RedeemRequest,
    now: datetime,
    claim: bool,
    expires_at: datetime,
) -> dict[str, Any]:
    """Write a reservation that was decided on `candidate`.

    A user gets the coupon of a code by reserving it, as by redeeming it.

    Raises:
        StaleDecision: The stored data no longer matches `candidate`.
    """
    definition = candidate.definition
    reservation = _build_reservation(candidate, request, now, expires_at=expires_at)
    event = reservation_endings.build_event(
        ReservationState.HELD, reservation, candidate, now=now
    )
    with transaction():
        coupon_repository.announce_coupon_write()
        if not definition.has_reservations:
            reservation_writes.mark_definition(definition)
        if not reservation_writes.record(candidate, reservation, event, claim):
            raise StaleDecision
    return {
        "reservation_id": reservation.reservation_id,
        "coupon": serialization.serialize_coupon(candidate, now),
        "expires_at": format_timestamp(expires_at),
    }


def _build_reservation(
    candidate: IssuedCoupon,
    request: RedeemRequest,
    now: datetime,
    expires_at: datetime,
) -> Reservation:
    return Reservation(
        tenant_id=request.tenant_id,
        reservation_id=generate_id(),
        coupon_id=candidate.coupon.coupon_id,
        definition_id=candidate.coupon.definition_id,
        user_id=request.user_id,
        state=ReservationState.HELD,
        reserved_at=now,
        expires_at=expires_at,
        period_key=get_period_key(candidate.definition, now),
        reference=request.reference,
        metadata=request.metadata,
    )


def list_by_user(
    tenant_id: str, user_id: str, limit: int, cursor: str | None
) -> tuple[list[Reservation], str | None]:
    """Return a page of a user's reservations, newest first, and the next cursor."""
    rows = reservation_repository.list_by_user(tenant_id, user_id, limit + 1, cursor)
    page = rows[:limit]
    return page, page[-1].reservation_id if len(rows) > limit else None


def confirm(
    tenant_id: str, reservation_id: str, user_id: str | None, now: datetime
) -> dict[str, Any]:
    """Redeem the reserved use and return the coupon (idempotent).

    After the end of the reservation this succeeds if the limits still allow the use.
    With `user_id`, reservations of other users are unknown.

    Raises:
        Refused: The reservation is unknown, has been released, or has expired and the
            use is not available any more; or the coupon was revoked, suspended or
            archived.
    """
    for _ in range(MAX_ATTEMPTS):
        try:
            with transaction():
                locked = _lock(tenant_id, reservation_id, user_id, now=now)
                with refusals_about(locked[1]):
                    return _confirm_locked(*locked, now=now)
        except StaleDecision:
            continue
    raise ConcurrentUpdate("the coupon changed during every attempt")


def release(
    tenant_id: str, reservation_id: str, user_id: str | None, now: datetime
) -> None:
    """Give the reserved use back (idempotent).

    Raises:
        Refused: The reservation is unknown, or has been confirmed.
    """
    with transaction():
        reservation, definition = _lock(tenant_id, reservation_id, user_id, now=now)
        if reason := reservation_rules.decide_release(reservation):
            raise Refused(reason)
        if reservation.state == ReservationState.HELD:
            reservation_endings.release(definition, reservation, now)


def _lock(
    tenant_id: str, reservation_id: str, user_id: str | None, now: datetime
) -> tuple[Reservation, Definition]:
    """Lock the definition of a reservation, by which all changes of it are ordered."""
    coupon_repository.announce_coupon_write()  # before the user is read
    found = _require(tenant_id, reservation_id, user_id)
    definition = use_locks.lock_counters(
        tenant_id, found.definition_id, user_id=found.user_id, now=now
    )
    return (
        _require(tenant_id, reservation_id, user_id),
        require_found(definition, ReservationReason.RESERVATION_NOT_FOUND),
    )


def _require(tenant_id: str, reservation_id: str, user_id: str | None) -> Reservation:
    found = require_found(
        reservation_repository.get(tenant_id, reservation_id),
        ReservationReason.RESERVATION_NOT_FOUND,
    )
    if user_id not in (None, found.user_id):
        raise Refused(ReservationReason.RESERVATION_NOT_FOUND)
    return found


def _confirm_locked(
    reservation: Reservation, definition: Definition, now: datetime
) -> dict[str, Any]:
    if reservation.state == ReservationState.RELEASED:
        raise Refused(ReservationReason.RESERVATION_RELEASED)
    is_held = reservation.is_live(now)
    coupon_filter = CouponFilter(coupon_id=reservation.coupon_id)
    if reservation.state != ReservationState.CONFIRMED and not is_held:
        reservation_endings.reclaim(
            definition,
            reservation.user_id,
            now=now,
            candidate_ids=[reservation.coupon_id],
        )
    issued = administration.lock_single(reservation.tenant_id, coupon_filter, now)
    if reservation.state == ReservationState.CONFIRMED:
        return serialization.serialize_coupon(issued, now)
    _require_confirmable(issued, reservation, now)
    request = RedeemRequest(
        reservation.tenant_id,
        issued.coupon.code,
        user_id=reservation.user_id,
        reference=reservation.reference,
        metadata=reservation.metadata,
    )
    result = redemption.apply_redemption(
        issued, request, now, claim=False, reservation=reservation if is_held else None
    )
    reservation_repository.set_state(reservation, ReservationState.CONFIRMED, now)
    event = reservation_endings.build_event(
        ReservationState.CONFIRMED,
        reservation,
        result.issued,
        now=now,
        redemption_id=result.redemption.redemption_id,
    )
    outbox.add([event])
    use = redemption.MeasuredUse(definition.tenant_id, Dialect.PHOENIX, definition)
    use.count(metrics.OK)
    return result.document


def _require_confirmable(
    issued: IssuedCoupon, reservation: Reservation, now: datetime
) -> None:
    usage = (
        NO_USAGE
        if reservation.is_live(now)
        else lookup.get_user_usage([issued], reservation.user_id, now)
    )
    reason = reservation_rules.decide_confirm(issued, reservation, now=now, usage=usage)
    if reason:
        raise Refused(reason)
