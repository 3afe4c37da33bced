"""Find the coupon that a code leads to for a user, or why it leads to none."""

from dataclasses import dataclass
from datetime import datetime

from coupon_core.domain.models import UNASSIGNED, IssuedCoupon
from coupon_core.domain.models.explanations import NotFoundCause
from coupon_core.domain.rules import redemption as redemption_rules
from coupon_core.persistence.repositories import code_lookup as code_lookup_repository
from coupon_core.services.coupons import lookup, typo_detection


@dataclass(frozen=True, slots=True)
class Subject:
    """The coupon that a code leads to, for a user; `cause` says why it may not."""

    issued: IssuedCoupon | None = None
    is_stored: bool = False
    cause: NotFoundCause | None = None


def find_subject(
    tenant_id: str, code: str, user_id: str | None, at: datetime
) -> Subject:
    """Return what a normalized code leads to for a user, or for anyone without one."""
    if user_id is None:
        return _find_for_anyone(tenant_id, code, at)
    candidates, is_stored = lookup.find_for_user(tenant_id, code, user_id, at)
    if candidates:
        usage = lookup.get_user_usage(candidates, user_id, at)
        return Subject(
            redemption_rules.select_redeemable(candidates, at, usage), is_stored
        )
    returned = code_lookup_repository.find_returned(tenant_id, code, user_id)
    if returned:
        return Subject(returned, True, NotFoundCause.RETURNED)
    shared = lookup.find_claimable_coupon(tenant_id, code, user_id, at)
    if shared:
        return Subject(shared, False, NotFoundCause.NOT_GIVEN)
    of_others = code_lookup_repository.find_for_tenant(tenant_id, code)
    if of_others:
        is_assigned = of_others[0].coupon.user_id
        cause = NotFoundCause.OTHER_USER if is_assigned else NotFoundCause.NOT_AWARDED
        return Subject(of_others[0], True, cause)
    return _find_nothing(tenant_id, code)


def _find_for_anyone(tenant_id: str, code: str, at: datetime) -> Subject:
    """Return the coupon of a code as its holder has it, or as a new user gets it."""
    shared = lookup.find_claimable_coupon(tenant_id, code, UNASSIGNED, at)
    if shared:
        is_claimable = shared.definition.claimable
        return Subject(shared, False, None if is_claimable else NotFoundCause.NOT_GIVEN)
    coupons = code_lookup_repository.find_for_tenant(tenant_id, code)
    if not coupons:
        return _find_nothing(tenant_id, code)
    issued = coupons[0]
    is_free = issued.definition.awarded_only and not issued.coupon.user_id
    return Subject(issued, True, NotFoundCause.NOT_AWARDED if is_free else None)


def _find_nothing(tenant_id: str, code: str) -> Subject:
    is_mistyped = typo_detection.is_mistyped(tenant_id, code)
    cause = NotFoundCause.MISTYPED if is_mistyped else NotFoundCause.UNKNOWN
    return Subject(cause=cause)
