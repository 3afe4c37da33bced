"""Decide on redemptions with pure functions: no clock and no I/O.

The order of the rules is the precedence.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from coupon_core.domain.models import (
    NO_LIMIT,
    NO_USAGE,
    Coupon,
    CouponStatus,
    Decision,
    Definition,
    DefinitionStatus,
    IssuedCoupon,
    Reason,
    UserUsage,
)
from coupon_core.domain.models.creators import CodeStatus
from coupon_core.domain.models.explanations import Rule

ALLOWED = Decision()


def decide_redeem(
    issued: IssuedCoupon, now: datetime, usage: UserUsage = NO_USAGE
) -> Decision:
    """Decide whether the coupon may be redeemed now.

    Validate and redeem both use this decision. `usage` is the user's use of all codes
    of the definition. `starts_at` and `expires_at` are inclusive (docs/api-contracts.md
    0.4).
    """
    for _, reason in evaluate_redemption(issued, now, usage=usage):
        if reason:
            return Decision(reason)
    return ALLOWED


def select_redeemable(
    candidates: Sequence[IssuedCoupon], now: datetime, usage: UserUsage = NO_USAGE
) -> IssuedCoupon:
    """Return the first of several coupons with one code that may be redeemed.

    If there is none, return the first coupon.
    """
    if len(candidates) > 1:
        for candidate in candidates:
            if decide_redeem(candidate, now, usage).is_allowed:
                return candidate
    return candidates[0]


def evaluate_redemption(
    issued: IssuedCoupon, now: datetime, usage: UserUsage
) -> Iterator[tuple[Rule, Reason | None]]:
    """Yield each rule about redeeming with the reason to refuse, or None if it holds.

    The first reason is the answer to a redemption; all of them together explain it.
    """
    coupon, definition = issued.coupon, issued.definition
    is_revoked = coupon.revoked_at or coupon.returned_at
    yield Rule.NOT_REVOKED, Reason.REVOKED if is_revoked else None
    yield Rule.NOT_SUSPENDED, Reason.SUSPENDED if issued.is_suspended else None
    yield Rule.CODE_USES_LEFT, _find_used_up_reason(coupon, definition)
    is_reserved = _is_reserved(coupon, definition, usage)
    yield Rule.NOT_RESERVED, Reason.RESERVED if is_reserved else None
    is_archived = definition.effective_status == DefinitionStatus.ARCHIVED
    yield Rule.AVAILABLE, Reason.ARCHIVED if is_archived else None
    is_expired = issued.expires_at and now > issued.expires_at
    yield Rule.NOT_EXPIRED, Reason.EXPIRED if is_expired else None
    is_early = definition.starts_at and now < definition.starts_at
    yield Rule.STARTED, Reason.NOT_YET_ACTIVE if is_early else None
    yield Rule.USER_USES_LEFT, _find_user_limit_reason(definition, usage)
    yield Rule.PERIOD_USES_LEFT, _find_period_limit_reason(definition, usage)
    is_empty = (
        total_limit_counts_redemptions(definition)
        and definition.used_count - usage.reserved.ended_count >= definition.total_limit
    )
    yield Rule.TOTAL_USES_LEFT, Reason.POOL_EMPTY if is_empty else None


def _find_user_limit_reason(definition: Definition, usage: UserUsage) -> Reason | None:
    if not NO_LIMIT < definition.per_user_limit <= usage.total_count:
        return None
    used_count = usage.total_count - usage.reserved.user_count
    is_used = definition.per_user_limit <= used_count
    return Reason.USER_LIMIT if is_used else Reason.RESERVED


def _find_period_limit_reason(
    definition: Definition, usage: UserUsage
) -> Reason | None:
    if not NO_LIMIT < definition.user_period_limit <= usage.period_count:
        return None
    used_count = usage.period_count - usage.reserved.period_count
    is_used = definition.user_period_limit <= used_count
    return Reason.USER_PERIOD_LIMIT if is_used else Reason.RESERVED


def _is_reserved(coupon: Coupon, definition: Definition, usage: UserUsage) -> bool:
    """Return True if reservations hold what is left of the coupon."""
    held_count = usage.reserved.coupon_counts.get(coupon.coupon_id, 0)
    limit = definition.per_code_limit
    is_full = limit != NO_LIMIT and coupon.redemption_count + held_count >= limit
    return bool(
        held_count and (is_full or coupon.coupon_id in usage.reserved.coupons_of_others)
    )


ENDING_REASONS = frozenset({Reason.REVOKED, Reason.SUSPENDED, Reason.ARCHIVED})
"""What an administrator may do while a use is reserved; it cannot be redeemed then."""
_USED_UP_REASONS = frozenset({Reason.ALREADY_REDEEMED, Reason.USED_UP})


def decide_confirmation(issued: IssuedCoupon, now: datetime) -> Decision:
    """Decide whether a use of the coupon that is reserved may be redeemed now.

    Dates and limits were decided when it was reserved.
    """
    lasting_reasons = ENDING_REASONS | _USED_UP_REASONS
    results = evaluate_redemption(issued, now, usage=NO_USAGE)
    violations = (reason for _, reason in results if reason in lasting_reasons)
    return Decision(next(violations, None))


def total_limit_counts_redemptions(definition: Definition) -> bool:
    """Return True if there is a total limit and it counts redemptions."""
    return definition.total_limit > 0 and not definition.awarded_only


def total_limit_counts_awards(definition: Definition) -> bool:
    """Return True if there is a total limit and it counts awarded coupons."""
    return definition.total_limit > 0 and definition.awarded_only


def _find_used_up_reason(coupon: Coupon, definition: Definition) -> Reason | None:
    if not is_used_up(coupon, definition):
        return None
    return Reason.ALREADY_REDEEMED if is_single_use(definition) else Reason.USED_UP


def is_single_use(definition: Definition) -> bool:
    """Return True if each coupon can be redeemed only once."""
    return definition.per_code_limit == 1


def is_used_up(coupon: Coupon, definition: Definition) -> bool:
    """Return True if the coupon has reached its own redemption limit.

    See docs/api-contracts.md 0.6.
    """
    limit = definition.per_code_limit
    return limit != NO_LIMIT and coupon.redemption_count >= limit


def get_coupon_status(issued: IssuedCoupon, now: datetime) -> CouponStatus:
    """Return the status of the coupon now; it is derived and never stored."""
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
    """Return the status of a creator's code for users who have not used it yet."""
    is_archived = definition.effective_status == DefinitionStatus.ARCHIVED
    if revoked_at or definition.is_suspended or is_archived:
        return CodeStatus.INACTIVE
    if definition.expires_at and now > definition.expires_at:
        return CodeStatus.EXPIRED
    if (
        total_limit_counts_redemptions(definition)
        and definition.used_count >= definition.total_limit
    ):
        return CodeStatus.USED
    return CodeStatus.ACTIVE
