"""What can be done with coupons but using them: validate, revoke, list."""

from datetime import datetime

from coupon_core.domain import codes
from coupon_core.domain.models import (
    NOBODY,
    Decision,
    IssuedCoupon,
    Reason,
    Validation,
)
from coupon_core.domain.rules import redemption as redemption_rules
from coupon_core.persistence.repositories import code_lookup as code_store
from coupon_core.security.rate_limiting.code_guessing import Guess
from coupon_core.services.coupons import typo_detection
from coupon_core.services.coupons.lookup import _unheld, find_for_user, user_uses

UNKNOWN = Validation(Decision(Reason.COUPON_NOT_FOUND))


def validate(
    tenant_id: str, code: str, user_id: str | None, now: datetime
) -> Validation:
    """What a code is worth to a user, or to anybody when `user_id` is None.

    Without a user, a code that several hold is told by its definition alone.
    OverBudget when too many codes have been unknown.
    """
    with Guess(tenant_id, user_id) as guess:
        told = _validate(tenant_id, code, user_id, now)
        guess.judge(told.decision.reason)
        return told


def _validate(
    tenant_id: str, code: str, user_id: str | None, now: datetime
) -> Validation:
    plain = codes.normalize(code)
    if plain is None or typo_detection.is_mistyped(tenant_id, plain):
        return UNKNOWN
    if user_id is None:
        return _validate_for_tenant(tenant_id, plain, now)
    copies, held = find_for_user(tenant_id, plain, user_id, now)
    if not copies:
        return UNKNOWN
    uses = user_uses(copies[0], user_id)
    issued = redemption_rules.first_usable(copies, now, uses)
    decision = redemption_rules.decide_redeem(issued, now, uses)
    return _told(decision, issued) if held else _told_unheld(decision, issued)


def validate_claim(tenant_id: str, code: str, now: datetime) -> Validation:
    """What a code is worth to a user who has not used it, whoever else has.

    OverBudget when too many codes have been unknown.
    """
    with Guess(tenant_id, None) as guess:
        told = _validate_claim(tenant_id, code, now)
        guess.judge(told.decision.reason)
        return told


def _validate_claim(tenant_id: str, code: str, now: datetime) -> Validation:
    plain = codes.normalize(code)
    if plain is None:
        return UNKNOWN
    unheld = _unheld(tenant_id, plain, NOBODY, now)
    if unheld is None or not unheld.definition.claimable:
        return _validate_for_tenant(tenant_id, plain, now)
    return _told_unheld(redemption_rules.decide_redeem(unheld, now), unheld)


def _validate_for_tenant(tenant_id: str, code: str, now: datetime) -> Validation:
    found = code_store.find_for_tenant(tenant_id, code)
    if len(found) == 1:
        return _told(redemption_rules.decide_redeem(found[0], now), found[0])
    unheld = _unheld(tenant_id, code, NOBODY, now)
    if unheld is None or not (found or unheld.definition.claimable):
        return UNKNOWN
    return _told_unheld(redemption_rules.decide_redeem(unheld, now), unheld)


def _told(decision: Decision, issued: IssuedCoupon) -> Validation:
    return Validation(decision, issued=issued)


def _told_unheld(decision: Decision, issued: IssuedCoupon) -> Validation:
    return Validation(decision, definition=issued.definition)
