"""The end of reservations: give their uses back, and announce it once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from coupon_core.domain import serialization
from coupon_core.domain.models import UNASSIGNED, Definition, Event, IssuedCoupon
from coupon_core.domain.models.reservations import Reservation, ReservationState
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import expiry as expiry_repository
from coupon_core.persistence.repositories import reservations as reservation_repository
from coupon_core.services import outbox
from coupon_core.services.coupons import use_locks

MAX_RECLAIMED = 100
"""How many ended reservations one transaction reclaims."""


def reclaim(
    definition: Definition,
    user_id: str,
    now: datetime,
    candidate_ids: Sequence[str] = (),
) -> int:
    """Give back what ended reservations of a definition still hold; count them.

    Those of `user_id` come first, because the limits of this user depend on them. The
    caller must hold the locks of `use_locks.lock_counters`. `candidate_ids` are coupons
    that the caller locks next: they are locked here, in one order with the others.
    """
    expired = reservation_repository.mark_expired(
        definition, user_id, limit=MAX_RECLAIMED, now=now
    )
    reservation_repository.lower_counters(definition, expired, candidate_ids)
    if expired:
        _announce(definition, expired, ReservationState.EXPIRED, now=now)
    return len(expired)


def release(
    definition: Definition, reservation: Reservation, now: datetime
) -> ReservationState:
    """End a held reservation and return its state: released, or expired before."""
    is_live = reservation.is_live(now)
    state = ReservationState.RELEASED if is_live else ReservationState.EXPIRED
    reservation_repository.set_state(reservation, state, now)
    reservation_repository.lower_counters(definition, [reservation])
    _announce(definition, [reservation], state, now=now)
    return state


def _announce(
    definition: Definition,
    reservations: Sequence[Reservation],
    state: ReservationState,
    now: datetime,
) -> None:
    coupon_ids = {reservation.coupon_id for reservation in reservations}
    issued_coupons = {
        issued.coupon.coupon_id: issued
        for issued in expiry_repository.list_issued_coupons(
            definition.tenant_id, coupon_ids
        )
    }
    outbox.add(
        build_event(state, reservation, issued_coupons[reservation.coupon_id], now=now)
        for reservation in reservations
    )


def build_event(
    state: ReservationState,
    reservation: Reservation,
    issued: IssuedCoupon,
    now: datetime,
    **data: Any,
) -> Event:
    """Return the event that announces the state of a reservation."""
    verb = "created" if state == ReservationState.HELD else state.value
    members = {
        **serialization.serialize_reservation(reservation),
        **data,
        "coupon": serialization.serialize_coupon(issued, now),
    }
    return outbox.build_event(
        reservation.tenant_id,
        f"reservation.{verb}",
        subject=reservation.user_id,
        data=members,
        now=now,
    )


def announce_expired(tenant_id: str, now: datetime) -> int:
    """Reclaim a chunk of the ended reservations of each definition; count them."""
    definition_ids = reservation_repository.list_definitions_with_ended(tenant_id, now)
    return sum(
        _reclaim_chunk(tenant_id, definition_id, now)
        for definition_id in definition_ids
    )


def _reclaim_chunk(tenant_id: str, definition_id: str, now: datetime) -> int:
    with transaction():
        definition = use_locks.lock_counters(
            tenant_id, definition_id, user_id=UNASSIGNED, now=now
        )
        return reclaim(definition, UNASSIGNED, now) if definition else 0
