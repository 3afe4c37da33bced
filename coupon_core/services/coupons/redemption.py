"""Redeem: one use of a code, decided on what was read and written under guard."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from coupon_core.domain import codes, serialization
from coupon_core.domain.models import (
    Dialect,
    Event,
    IssuedCoupon,
    Reason,
    Redeemed,
    Redemption,
    Refused,
)
from coupon_core.domain.rules import redemption as redemption_rules
from coupon_core.observability import metrics
from coupon_core.persistence.database import Busy, one_write, transaction
from coupon_core.persistence.id_generation import new_number
from coupon_core.persistence.repositories import coupons as coupon_store
from coupon_core.persistence.repositories import definitions as definition_store
from coupon_core.persistence.repositories import redemptions as redemption_store
from coupon_core.security.rate_limiting.code_guessing import Guess
from coupon_core.services import outbox
from coupon_core.services.coupons import lookup, typo_detection


@dataclass(frozen=True, slots=True)
class RedeemRequest:
    """Who wants to use which code, as the caller wrote it.

    `context` is what the caller wants to find again in the event of the use.
    """

    tenant_id: str
    code: str
    user_id: str
    dialect: Dialect = Dialect.PHOENIX
    context: Mapping[str, Any] = field(default_factory=dict)


def redeem(request: RedeemRequest, now: datetime) -> Redeemed:
    """Use a code once for a user; gives the coupon as it is afterwards, and the use.

    Refused with the first rule that speaks against it; then nothing changed.
    OverBudget when too many codes have been unknown.
    """
    with Guess(request.tenant_id, request.user_id), Counted(request.dialect):
        return _redeem(request, now)


class Counted:
    """A redemption, which is counted for those who watch by how it ends."""

    __slots__ = ("_dialect",)

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect.value

    def __enter__(self) -> None:
        """It begins."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: Any
    ) -> None:
        if error is None:
            metrics.redeemed(self._dialect, metrics.OK)
        elif isinstance(error, Refused):
            metrics.redeemed(self._dialect, metrics.REFUSED, error.reason.value)
        elif isinstance(error, Exception):
            metrics.redeemed(self._dialect, metrics.FAILED)


def _redeem(request: RedeemRequest, now: datetime) -> Redeemed:
    """The decision is made on what was read without a lock; should that have changed
    when it is written, it is made again under locks."""
    plain = _plain(request)
    # Under the lock of the definition only another claim by the same user can still
    # come first; then the coupon is there, and is locked the next time.
    for attempt in (_redeem_as_seen, _redeem_locked, _redeem_locked):
        redeemed = attempt(plain, now)
        if redeemed:
            return redeemed
    raise Busy("the coupon kept changing")


def rehearse(request: RedeemRequest, now: datetime) -> Redeemed:
    """What a redeem would give now, refused as it would be; nothing is stored."""
    with Guess(request.tenant_id, request.user_id):
        plain = _plain(request)
        return _used(_redeemable(plain, now)[0], plain, now)


def _plain(request: RedeemRequest) -> RedeemRequest:
    code = codes.normalize(request.code)
    if code is None or typo_detection.is_mistyped(request.tenant_id, code):
        raise Refused(Reason.COUPON_NOT_FOUND)
    return replace(request, code=code)


def _redeem_as_seen(request: RedeemRequest, now: datetime) -> Redeemed | None:
    seen, held = _redeemable(request, now)
    try:
        with one_write():
            return use(seen, request, now, claim=not held)
    except RaceLost:
        return None


def _redeem_locked(request: RedeemRequest, now: datetime) -> Redeemed | None:
    definition = _redeemable(request, now)[0].definition
    try:
        with transaction():
            coupon_store.expect_change()
            definition_store.lock(request.tenant_id, definition.definition_id)
            seen, held = _redeemable(request, now, lock=True)
            return use(seen, request, now, claim=not held)
    except RaceLost:
        return None


class RaceLost(Exception):
    """What was decided on has changed; the transaction must be rolled back."""


def _redeemable(
    request: RedeemRequest, now: datetime, lock: bool = False
) -> tuple[IssuedCoupon, bool]:
    """The coupon to use, and whether it exists already. Refused."""
    user_id = request.user_id
    copies, held = lookup.find_for_user(
        request.tenant_id, request.code, user_id, now, lock
    )
    if not copies:
        raise Refused(Reason.COUPON_NOT_FOUND)
    uses = lookup.user_uses(copies[0], user_id)
    issued = redemption_rules.first_usable(copies, now, uses)
    decision = redemption_rules.decide_redeem(issued, now, uses)
    if decision.reason:
        raise Refused(decision.reason)
    return issued, held


def use(
    seen: IssuedCoupon, request: RedeemRequest, now: datetime, claim: bool
) -> Redeemed:
    """Write a use that was decided on `seen`; `claim` makes the coupon itself too.

    RaceLost.
    """
    after = _used(seen, request, now)
    if not redemption_store.record(seen, after.use, _event(after, request), claim):
        raise RaceLost
    return after


def _used(seen: IssuedCoupon, request: RedeemRequest, now: datetime) -> Redeemed:
    used = replace(
        seen.coupon,
        user_id=request.user_id,
        redeemed_at=now,
        redemption_count=seen.coupon.redemption_count + 1,
    )
    issued = IssuedCoupon(used, seen.definition, seen.reward_item)
    return Redeemed(issued, _redemption(seen, request, now))


def _redemption(
    seen: IssuedCoupon, request: RedeemRequest, now: datetime
) -> Redemption:
    coupon = seen.coupon
    return Redemption(
        tenant_id=coupon.tenant_id,
        coupon_id=coupon.coupon_id,
        use_number=coupon.redemption_count + coupon.refund_count + 1,
        redemption_id=new_number(now),
        definition_id=coupon.definition_id,
        user_id=request.user_id,
        dialect=request.dialect,
        redeemed_at=now,
    )


def _event(after: Redeemed, request: RedeemRequest) -> Event:
    use, coupon = after.use, after.issued.coupon
    data = {
        "redemption_id": use.redemption_id,
        "use_number": use.use_number,
        "dialect": use.dialect.value,
        **({"context": dict(request.context)} if request.context else {}),
        "coupon": serialization.coupon(after.issued, use.redeemed_at),
    }
    return outbox.coupon_event("coupon.redeemed", coupon, data, use.redeemed_at)
