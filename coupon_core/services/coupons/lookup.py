"""Lookup of the coupons that a code refers to."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from coupon_core.domain.models import IssuedCoupon, UserUsage
from coupon_core.domain.models.reservations import Reservation, ReservedUses
from coupon_core.domain.rules.usage_periods import get_period_key
from coupon_core.persistence.repositories import code_lookup as code_lookup_repository
from coupon_core.persistence.repositories import reservations as reservation_repository
from coupon_core.persistence.repositories import user_usage as user_usage_repository
from coupon_core.services.coupons.code_assignment import build_coupon


def find_for_user(
    tenant_id: str, code: str, user_id: str, now: datetime, lock: bool = False
) -> tuple[list[IssuedCoupon], bool]:
    """Return a user's coupons with a code, and whether they are stored.

    If none is stored, return the coupon that the user would get by claiming the code.
    """
    coupons = code_lookup_repository.find_for_user(tenant_id, code, user_id, lock)
    if coupons:
        return coupons, True
    claimable_coupon = find_claimable_coupon(tenant_id, code, user_id, now)
    if claimable_coupon and claimable_coupon.definition.claimable:
        return [claimable_coupon], False
    return [], False


def get_user_usage(
    candidates: Sequence[IssuedCoupon], user_id: str, now: datetime
) -> UserUsage:
    """Return a user's use of all codes of the definition of the coupons.

    Nothing is counted unless the definition limits it. Reservations are read only if
    there has been one of the definition; ended ones are left out.
    """
    definition = candidates[0].definition
    period_key = get_period_key(definition, now)
    usage = user_usage_repository.get_usage(definition, user_id, period_key)
    if not definition.has_reservations:
        return usage
    coupon_ids = [issued.coupon.coupon_id for issued in candidates]
    held = reservation_repository.list_held(definition, user_id, coupon_ids)
    live = [reservation for reservation in held if reservation.is_live(now)]
    ended = [reservation for reservation in held if not reservation.is_live(now)]
    of_coupons = [held_use for held_use in live if held_use.coupon_id in coupon_ids]
    return UserUsage(
        usage.total_count - _count_of_user(ended, user_id),
        usage.period_count - _count_of_user(ended, user_id, period_key),
        ReservedUses(
            user_count=_count_of_user(live, user_id),
            period_count=_count_of_user(live, user_id, period_key),
            ended_count=reservation_repository.count_ended(definition, now),
            coupon_counts=Counter(held_use.coupon_id for held_use in of_coupons),
            coupons_of_others={
                held_use.coupon_id
                for held_use in of_coupons
                if held_use.user_id != user_id
            },
        ),
    )


def _count_of_user(
    reservations: Sequence[Reservation], user_id: str, period_key: str | None = None
) -> int:
    return sum(
        reservation.user_id == user_id and period_key in (None, reservation.period_key)
        for reservation in reservations
    )


def find_claimable_coupon(
    tenant_id: str, code: str, user_id: str, now: datetime
) -> IssuedCoupon | None:
    """Return the coupon that a user would get by claiming a shared code, or None.

    Claiming is possible while the definition is paused: the code is already published,
    and pausing does not invalidate published codes.
    """
    shared_code = code_lookup_repository.find_shared_code(tenant_id, code)
    if shared_code is None:
        return None
    coupon = build_coupon(
        shared_code.definition,
        user_id,
        code=shared_code.code,
        now=now,
        revoked_at=shared_code.revoked_at,
    )
    return IssuedCoupon(
        coupon,
        shared_code.definition,
        shared_code.reward_item,
        creator_key=shared_code.creator_key,
    )
