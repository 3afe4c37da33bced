"""What can be done with coupons but using them: validate, revoke, list."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from coupon_core import audit, codes, mistyping, outbox, phoenix, rules
from coupon_core.limits.guesses import Guess
from coupon_core.model import (
    NOBODY,
    AdminReason,
    Coupon,
    Decision,
    IssuedCoupon,
    Page,
    Reason,
    Refused,
    Validation,
)
from coupon_core.model.inventory import CouponEvent
from coupon_core.store import codes as code_store
from coupon_core.store import coupons as store
from coupon_core.store import definitions as definition_store
from coupon_core.store import usage as usage_store
from coupon_core.store.coupons import CouponFilter
from coupon_core.store.database import new_id, transaction
from coupon_core.store.inventory import note

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
    if plain is None or mistyping.is_mistyped(tenant_id, plain):
        return UNKNOWN
    if user_id is None:
        return _validate_for_tenant(tenant_id, plain, now)
    copies, held = find_for_user(tenant_id, plain, user_id, now)
    if not copies:
        return UNKNOWN
    uses = user_uses(copies[0], user_id)
    issued = rules.first_usable(copies, now, uses)
    decision = rules.decide_redeem(issued, now, uses)
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
    return _told_unheld(rules.decide_redeem(unheld, now), unheld)


def _validate_for_tenant(tenant_id: str, code: str, now: datetime) -> Validation:
    found = code_store.find_for_tenant(tenant_id, code)
    if len(found) == 1:
        return _told(rules.decide_redeem(found[0], now), found[0])
    unheld = _unheld(tenant_id, code, NOBODY, now)
    if unheld is None or not (found or unheld.definition.claimable):
        return UNKNOWN
    return _told_unheld(rules.decide_redeem(unheld, now), unheld)


def _told(decision: Decision, issued: IssuedCoupon) -> Validation:
    return Validation(decision, issued=issued)


def _told_unheld(decision: Decision, issued: IssuedCoupon) -> Validation:
    return Validation(decision, definition=issued.definition)


def find_for_user(
    tenant_id: str, code: str, user_id: str, now: datetime, lock: bool = False
) -> tuple[list[IssuedCoupon], bool]:
    """The coupons that a code means for a user, and whether they exist already.

    When they do not, it is the one that the user would get by claiming the code.
    """
    copies = code_store.find_for_user(tenant_id, code, user_id, lock)
    if copies:
        return copies, True
    unheld = _unheld(tenant_id, code, user_id, now)
    return ([unheld] if unheld and unheld.definition.claimable else []), False


def user_uses(issued: IssuedCoupon, user_id: str) -> int:
    """Uses by a user over all codes of a coupon's definition; 0 if not limited."""
    definition = issued.definition
    if not definition.per_user_limit:
        return 0
    return usage_store.used_by(definition.tenant_id, definition.definition_id, user_id)


def _unheld(
    tenant_id: str, code: str, user_id: str, now: datetime
) -> IssuedCoupon | None:
    """The coupon that a user would get by claiming a shared code.

    Claiming is possible while the definition is paused: the code is already in
    people's hands, and pausing leaves those valid.
    """
    shared = code_store.find_shared(tenant_id, code)
    if shared is None:
        return None
    definition = shared.definition
    ids = tenant_id, new_id(), definition.definition_id, user_id
    coupon = Coupon(*ids, shared.code, now, None, None, 0, shared.revoked_at)
    return IssuedCoupon(coupon, definition, shared.reward_item)


def revoke(
    tenant_id: str, which: CouponFilter, now: datetime, actor: str = ""
) -> IssuedCoupon:
    """Take a coupon out of use; revoking it again changes nothing.

    After this has returned no redeem of it begins and succeeds. Refused when it is
    unknown, when several fit, or when its uses are used up.
    """
    with transaction():
        issued = _only(store.some(tenant_id, which, now, lock=True))
        if issued.coupon.revoked_at:
            return issued
        if rules.is_used_up(issued.coupon, issued.definition):
            raise Refused(AdminReason.REDEEMED_COUPON)
        store.revoke(tenant_id, issued.coupon.coupon_id, now)
        ids = tenant_id, issued.coupon.coupon_id, new_id()
        note([CouponEvent(*ids, "revoked", actor, "", now)])
        revoked = replace(issued, coupon=replace(issued.coupon, revoked_at=now))
        data = {"coupon": phoenix.coupon(revoked, now)}
        outbox.add([outbox.coupon_event("coupon.revoked", revoked.coupon, data, now)])
        audit.record(tenant_id, "coupon.revoked", issued.coupon.coupon_id)
        return revoked


def _only(found: Sequence[IssuedCoupon]) -> IssuedCoupon:
    if not found:
        raise Refused(AdminReason.COUPON_NOT_FOUND)
    if len(found) > 1:
        raise Refused(AdminReason.SEVERAL_COUPONS)
    return found[0]


def get(tenant_id: str, which: CouponFilter, now: datetime) -> IssuedCoupon:
    """One coupon. Refused when there is none that fits."""
    issued = store.get(tenant_id, which, now)
    if issued is None:
        raise Refused(Reason.COUPON_NOT_FOUND)
    return issued


def listed(
    tenant_id: str, which: CouponFilter, page: Page, now: datetime
) -> tuple[list[IssuedCoupon], int]:
    """The chosen coupons, newest first, and how many match in all.

    Refused when the definition that they are chosen by is unknown.
    """
    if which.definition_id and not definition_store.get(tenant_id, which.definition_id):
        raise Refused(AdminReason.DEFINITION_NOT_FOUND)
    return store.listed(tenant_id, which, page, now)


def of_code(
    tenant_id: str, code: str, page: Page, now: datetime
) -> tuple[list[IssuedCoupon], int]:
    """The coupons of a code, whoever holds them. Refused when there are none."""
    plain = codes.normalize(code)
    which = CouponFilter(code=plain)
    rows, total = store.listed(tenant_id, which, page, now) if plain else ([], 0)
    if not total:
        raise Refused(AdminReason.COUPON_NOT_FOUND)
    return rows, total
