"""Decide whether a reservation can be confirmed or released, with pure functions."""

from datetime import datetime

from coupon_core.domain.models import (
    AnyReason,
    IssuedCoupon,
    Reason,
    ReservationReason,
    UserUsage,
)
from coupon_core.domain.models.reservations import Reservation, ReservationState
from coupon_core.domain.rules.redemption import (
    ENDING_REASONS,
    decide_confirmation,
    decide_redeem,
)


def decide_confirm(
    issued: IssuedCoupon, reservation: Reservation, now: datetime, usage: UserUsage
) -> AnyReason | None:
    """Return why a reservation cannot be confirmed now, or None.

    One that is confirmed already has the same answer again. `usage` is that of the user
    of the reservation; it matters only after the end.
    """
    if reservation.state == ReservationState.RELEASED:
        return ReservationReason.RESERVATION_RELEASED
    if reservation.state == ReservationState.CONFIRMED:
        return None
    # An administrator may have assigned the coupon meanwhile.
    is_of_other_user = issued.coupon.user_id not in ("", reservation.user_id)
    if reservation.is_live(now):
        if is_of_other_user:
            return Reason.COUPON_NOT_FOUND
        return decide_confirmation(issued, now).reason
    if is_of_other_user:
        return ReservationReason.RESERVATION_EXPIRED
    reason = decide_redeem(issued, now, usage).reason
    if reason is None or reason in ENDING_REASONS:
        return reason
    return ReservationReason.RESERVATION_EXPIRED


def decide_release(reservation: Reservation) -> AnyReason | None:
    """Return why a reservation cannot be released, or None."""
    if reservation.state == ReservationState.CONFIRMED:
        return ReservationReason.RESERVATION_CONFIRMED
    return None
