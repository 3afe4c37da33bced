"""The decisions, as pure functions: no clock, no I/O; the order is the precedence."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from coupon_core.domain.models import (
    NO_LIMIT,
    Coupon,
    CouponStatus,
    Decision,
    Definition,
    DefinitionStatus,
    IssuedCoupon,
    Reason,
)
from coupon_core.domain.models.creators import CodeStatus


def decide_redeem(issued: IssuedCoupon, now: datetime, user_uses: int = 0) -> Decision:
    """May this coupon be redeemed now? Asked by validate and by redeem alike.

    `user_uses` are those of the user over all codes of the definition. Exactly at
    `starts_at` and at `expires_at` it may (CONTRACTS 0.4).
    """
    violations = _redemption_violations(issued, now, user_uses=user_uses)
    return Decision(next(violations, None))


def select_redeemable(
    candidates: Sequence[IssuedCoupon], now: datetime, user_uses: int = 0
) -> IssuedCoupon:
    """Of several coupons that a code means, the one to redeem: else the first."""
    if len(candidates) > 1:
        for candidate in candidates:
            if decide_redeem(candidate, now, user_uses=user_uses).is_allowed:
                return candidate
    return candidates[0]


def _redemption_violations(
    issued: IssuedCoupon, now: datetime, user_uses: int
) -> Iterator[Reason]:
    coupon, definition = issued.coupon, issued.definition
    if coupon.revoked_at or coupon.returned_at:
        yield Reason.REVOKED
    if is_used_up(coupon, definition):
        yield _get_used_up_reason(definition)
    if definition.status == DefinitionStatus.ARCHIVED:
        yield Reason.ARCHIVED
    if issued.expires_at and now > issued.expires_at:
        yield Reason.EXPIRED
    if definition.starts_at and now < definition.starts_at:
        yield Reason.NOT_YET_ACTIVE
    if definition.per_user_limit and user_uses >= definition.per_user_limit:
        yield Reason.USER_LIMIT
    if (
        total_limit_counts_redemptions(definition)
        and definition.used_count >= definition.total_limit
    ):
        yield Reason.POOL_EMPTY


def total_limit_counts_redemptions(definition: Definition) -> bool:
    """True when the total limit is one of uses; of awards when they come first."""
    return definition.total_limit > 0 and not definition.awarded_only


def total_limit_counts_awards(definition: Definition) -> bool:
    """True when the total limit is one of coupons in users' hands."""
    return definition.total_limit > 0 and definition.awarded_only


def _get_used_up_reason(definition: Definition) -> Reason:
    return Reason.ALREADY_REDEEMED if is_single_use(definition) else Reason.USED_UP


def is_single_use(definition: Definition) -> bool:
    """True when one use is all that a coupon allows."""
    return definition.per_code_limit == 1


def is_used_up(coupon: Coupon, definition: Definition) -> bool:
    """True when the coupon's own uses are spent (CONTRACTS 0.6)."""
    limit = definition.per_code_limit
    return limit != NO_LIMIT and coupon.redemption_count >= limit


def get_coupon_status(issued: IssuedCoupon, now: datetime) -> CouponStatus:
    """What the coupon is at this moment; told from facts, never stored."""
    if issued.coupon.revoked_at or issued.coupon.returned_at:
        return CouponStatus.REVOKED
    if is_used_up(issued.coupon, issued.definition):
        return CouponStatus.REDEEMED
    if issued.expires_at and now > issued.expires_at:
        return CouponStatus.EXPIRED
    return CouponStatus.ACTIVE


def get_shared_code_status(
    definition: Definition, revoked_at: datetime | None, now: datetime
) -> CodeStatus:
    """What a creator's code is to those who have not used it yet."""
    if revoked_at or definition.status == DefinitionStatus.ARCHIVED:
        return CodeStatus.INACTIVE
    if definition.expires_at and now > definition.expires_at:
        return CodeStatus.EXPIRED
    if (
        total_limit_counts_redemptions(definition)
        and definition.used_count >= definition.total_limit
    ):
        return CodeStatus.USED
    return CodeStatus.ACTIVE
