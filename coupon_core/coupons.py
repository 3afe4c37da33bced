"""What can be done with coupons: validate, redeem, revoke, list."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from coupon_core import codes, outbox, phoenix, rules
from coupon_core.model import (
    NOBODY,
    AdminReason,
    Coupon,
    Decision,
    Dialect,
    Event,
    IssuedCoupon,
    Page,
    Reason,
    Redemption,
    Refused,
    Validation,
)
from coupon_core.store import coupons as store
from coupon_core.store import definitions as definition_store
from coupon_core.store import redemptions as redemption_store
from coupon_core.store.coupons import CouponFilter
from coupon_core.store.database import Busy, new_id, one_write, transaction

UNKNOWN = Validation(Decision(Reason.COUPON_NOT_FOUND))
REDEMPTION_EPOCH = datetime.fromisoformat("2025-01-01T00:00:00Z")


@dataclass(frozen=True, slots=True)
class RedeemRequest:
    """Who wants to use which code, as the caller wrote it."""

    tenant_id: str
    code: str
    user_id: str
    dialect: Dialect = Dialect.PHOENIX


def validate(
    tenant_id: str, code: str, user_id: str | None, now: datetime
) -> Validation:
    """What a code is worth to a user, or to anybody when `user_id` is None.

    Without a user, a code that several hold is told by its definition alone.
    """
    plain = codes.normalize(code)
    if plain is None:
        return UNKNOWN
    if user_id is None:
        return _validate_for_tenant(tenant_id, plain, now)
    issued, held = _find(tenant_id, plain, user_id, now)
    if issued is None:
        return UNKNOWN
    decision = rules.decide_redeem(issued, now)
    return _told(decision, issued) if held else _told_unheld(decision, issued)


def _validate_for_tenant(tenant_id: str, code: str, now: datetime) -> Validation:
    found = store.find_for_tenant(tenant_id, code)
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


def redeem(request: RedeemRequest, now: datetime) -> IssuedCoupon:
    """Use a code once for a user; gives the coupon as it is afterwards.

    Refused with the first rule that speaks against it; then nothing changed. The
    decision is made on what was read without a lock; should that have changed when
    it is written, it is made again under locks.
    """
    code = codes.normalize(request.code)
    if code is None:
        raise Refused(Reason.COUPON_NOT_FOUND)
    plain = replace(request, code=code)
    # Under the lock of the definition only another claim by the same user can still
    # come first; then the coupon is there, and is locked the next time.
    for attempt in (_redeem_as_seen, _redeem_locked, _redeem_locked):
        redeemed = attempt(plain, now)
        if redeemed:
            return redeemed
    raise Busy("the coupon kept changing")


def _redeem_as_seen(request: RedeemRequest, now: datetime) -> IssuedCoupon | None:
    issued, held = _find(request.tenant_id, request.code, request.user_id, now)
    seen = _redeemable(issued, now)
    try:
        with one_write():
            return _use(seen, request, now, claim=not held)
    except RaceLost:
        return None


def _redeem_locked(request: RedeemRequest, now: datetime) -> IssuedCoupon | None:
    tenant_id, code, user_id = request.tenant_id, request.code, request.user_id
    issued, _ = _find(tenant_id, code, user_id, now)
    definition = _redeemable(issued, now).definition
    try:
        with transaction():
            store.expect_change()
            definition_store.lock(tenant_id, definition.definition_id)
            issued, held = _find(tenant_id, code, user_id, now, lock=True)
            seen = _redeemable(issued, now)
            return _use(seen, request, now, claim=not held)
    except RaceLost:
        return None


class RaceLost(Exception):
    """What was decided on has changed; the transaction must be rolled back."""


def _find(
    tenant_id: str, code: str, user_id: str, now: datetime, lock: bool = False
) -> tuple[IssuedCoupon | None, bool]:
    """The coupon that the code means for the user, and whether it exists already."""
    issued = store.find_for_user(tenant_id, code, user_id, lock)
    if issued:
        return issued, True
    unheld = _unheld(tenant_id, code, user_id, now)
    return (unheld if unheld and unheld.definition.claimable else None), False


def _unheld(
    tenant_id: str, code: str, user_id: str, now: datetime
) -> IssuedCoupon | None:
    """The coupon that a user would get by claiming a shared code.

    Claiming is possible while the definition is paused: the code is already in
    people's hands, and pausing leaves those valid.
    """
    shared = store.find_shared(tenant_id, code)
    if shared is None:
        return None
    definition, reward_item = shared
    ids = tenant_id, new_id(), definition.definition_id, user_id
    coupon = Coupon(*ids, definition.custom_code, now, None, None, 0, None)
    return IssuedCoupon(coupon, definition, reward_item)


def _redeemable(issued: IssuedCoupon | None, now: datetime) -> IssuedCoupon:
    if issued is None:
        raise Refused(Reason.COUPON_NOT_FOUND)
    decision = rules.decide_redeem(issued, now)
    if decision.reason:
        raise Refused(decision.reason)
    return issued


def _use(
    seen: IssuedCoupon, request: RedeemRequest, now: datetime, claim: bool
) -> IssuedCoupon:
    use = _redemption(seen, request, now)
    used = replace(
        seen.coupon,
        user_id=use.user_id,
        redeemed_at=now,
        redemption_count=use.use_number,
    )
    after = replace(seen, coupon=used)
    if not redemption_store.record(seen, use, _redeemed_event(after, use), claim):
        raise RaceLost
    return after


def _redemption(
    seen: IssuedCoupon, request: RedeemRequest, now: datetime
) -> Redemption:
    coupon = seen.coupon
    return Redemption(
        tenant_id=coupon.tenant_id,
        coupon_id=coupon.coupon_id,
        use_number=coupon.redemption_count + 1,
        redemption_id=_redemption_id(now),
        definition_id=coupon.definition_id,
        user_id=request.user_id,
        dialect=request.dialect,
        redeemed_at=now,
    )


def _redemption_id(now: datetime) -> int:
    # PlayCamp wants an integer that JavaScript can hold: 41 bits of milliseconds and
    # 12 of chance. No sequence: every redemption of every tenant would queue for it.
    milliseconds = int((now - REDEMPTION_EPOCH).total_seconds() * 1000)
    return milliseconds << 12 | secrets.randbits(12)


def _redeemed_event(after: IssuedCoupon, use: Redemption) -> Event:
    data = {
        "redemption_id": use.redemption_id,
        "use_number": use.use_number,
        "dialect": use.dialect.value,
        "coupon": phoenix.coupon(after, use.redeemed_at),
    }
    return outbox.coupon_event("coupon.redeemed", after.coupon, data, use.redeemed_at)


def revoke(tenant_id: str, which: CouponFilter, now: datetime) -> IssuedCoupon:
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
        revoked = replace(issued, coupon=replace(issued.coupon, revoked_at=now))
        data = {"coupon": phoenix.coupon(revoked, now)}
        outbox.add([outbox.coupon_event("coupon.revoked", revoked.coupon, data, now)])
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
