"""Lookup of the coupons that a code refers to."""

from datetime import datetime

from coupon_core.domain.models import IssuedCoupon, UserUsage
from coupon_core.domain.rules.usage_periods import get_period_key
from coupon_core.persistence.repositories import code_lookup as code_lookup_repository
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


def get_user_usage(issued: IssuedCoupon, user_id: str, now: datetime) -> UserUsage:
    """Return a user's use of all codes of the coupon's definition.

    Nothing is counted unless the definition limits it.
    """
    definition = issued.definition
    period_key = get_period_key(definition, now)
    return user_usage_repository.get_usage(definition, user_id, period_key)


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
    return IssuedCoupon(coupon, shared_code.definition, shared_code.reward_item)
