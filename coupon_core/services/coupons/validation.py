"""Validation of codes: what a redemption would decide, without redeeming."""

from datetime import datetime

from coupon_core.domain.models import (
    NO_USAGE,
    UNASSIGNED,
    Decision,
    ImpossibleCode,
    IssuedCoupon,
    Reason,
    Validation,
)
from coupon_core.domain.rules import redemption as redemption_rules
from coupon_core.persistence.repositories import code_lookup as code_lookup_repository
from coupon_core.security.rate_limiting.code_guessing import CodeLookupGuard
from coupon_core.services.coupons.code_reading import read_code
from coupon_core.services.coupons.lookup import (
    find_claimable_coupon,
    find_for_user,
    get_user_usage,
)

UNKNOWN_CODE = Validation(Decision(Reason.COUPON_NOT_FOUND))


def validate(
    tenant_id: str,
    code: str,
    user_id: str | None,
    now: datetime,
    key_id: str | None = None,
) -> Validation:
    """Return whether a user could redeem a code, or any user if `user_id` is None.

    Without a user, a code that several users have is described by its definition only.
    `key_id` is the credential of the caller, against which unknown codes without a user
    count. Must not be called in a transaction, because unknown codes are counted.

    Raises:
        RateLimitExceeded: The user or the tenant has tried too many unknown codes.
    """
    with CodeLookupGuard(tenant_id, user_id, key_id) as guard:
        try:
            normalized_code = read_code(tenant_id, code)
        except ImpossibleCode:
            return UNKNOWN_CODE
        result = _validate(tenant_id, normalized_code, user_id, now)
        guard.count_outcome(result.decision.reason)
        return result


def _validate(
    tenant_id: str, code: str, user_id: str | None, now: datetime
) -> Validation:
    if user_id is None:
        return _validate_for_tenant(tenant_id, code, now)
    candidates, exists = find_for_user(tenant_id, code, user_id, now)
    if not candidates:
        return UNKNOWN_CODE
    usage = get_user_usage(candidates, user_id, now)
    issued = redemption_rules.select_redeemable(candidates, now, usage)
    decision = redemption_rules.decide_redeem(issued, now, usage)
    return (
        _validation_of_coupon(decision, issued)
        if exists
        else _validation_of_definition(decision, issued)
    )


def validate_for_new_user(
    tenant_id: str, code: str, now: datetime, key_id: str | None = None
) -> Validation:
    """Return whether a user who has not used a code yet could redeem it.

    `key_id` is the credential of the caller. Must not be called in a transaction,
    because unknown codes are counted.

    Raises:
        RateLimitExceeded: This credential has tried too many unknown codes.
    """
    with CodeLookupGuard(tenant_id, None, key_id) as guard:
        try:
            normalized_code = read_code(tenant_id, code)
        except ImpossibleCode:
            return UNKNOWN_CODE
        result = _validate_for_new_user(tenant_id, normalized_code, now)
        guard.count_outcome(result.decision.reason)
        return result


def _validate_for_new_user(tenant_id: str, code: str, now: datetime) -> Validation:
    claimable_coupon = find_claimable_coupon(tenant_id, code, UNASSIGNED, now)
    if claimable_coupon is None or not claimable_coupon.definition.claimable:
        return _validate_for_tenant(tenant_id, code, now)
    return _validation_of_definition(_decide(claimable_coupon, now), claimable_coupon)


def _validate_for_tenant(tenant_id: str, code: str, now: datetime) -> Validation:
    coupons = code_lookup_repository.find_for_tenant(tenant_id, code)
    if len(coupons) == 1:
        return _validation_of_coupon(_decide(coupons[0], now), coupons[0])
    claimable_coupon = find_claimable_coupon(tenant_id, code, UNASSIGNED, now)
    if claimable_coupon is None:
        return UNKNOWN_CODE
    if not coupons and not claimable_coupon.definition.claimable:
        return UNKNOWN_CODE
    return _validation_of_definition(_decide(claimable_coupon, now), claimable_coupon)


def _decide(issued: IssuedCoupon, now: datetime) -> Decision:
    """Decide for any user who has used no code of the definition yet."""
    has_reservations = issued.definition.has_reservations
    usage = get_user_usage([issued], UNASSIGNED, now) if has_reservations else NO_USAGE
    return redemption_rules.decide_redeem(issued, now, usage)


def _validation_of_coupon(decision: Decision, issued: IssuedCoupon) -> Validation:
    return Validation(decision, issued=issued)


def _validation_of_definition(decision: Decision, issued: IssuedCoupon) -> Validation:
    return Validation(decision, definition=issued.definition)
