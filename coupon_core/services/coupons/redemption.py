"""Redeem a code: decide on a snapshot, then write with a conditional update."""

from dataclasses import dataclass, replace
from datetime import datetime

from coupon_core.domain import serialization
from coupon_core.domain.models import (
    Definition,
    Dialect,
    Event,
    IssuedCoupon,
    Redemption,
    RedemptionResult,
    Refused,
)
from coupon_core.domain.models.reservations import Reservation
from coupon_core.domain.rules.usage_periods import get_period_key
from coupon_core.observability import attempt_buffer, metrics
from coupon_core.persistence.id_generation import generate_integer_id
from coupon_core.persistence.repositories import redemptions as redemption_repository
from coupon_core.persistence.repositories import reservation_writes
from coupon_core.security.rate_limiting.code_guessing import CodeLookupGuard
from coupon_core.services import outbox
from coupon_core.services.coupons.code_use import (
    RedeemRequest,
    StaleDecision,
    attempt_use,
    require_redeemable,
    with_normalized_code,
)

__all__ = [
    "MeasuredUse",
    "RedeemRequest",
    "StaleDecision",
    "apply_redemption",
    "dry_run",
    "redeem",
]


def redeem(request: RedeemRequest, now: datetime) -> RedemptionResult:
    """Redeem a code once for a user.

    Return the coupon after the redemption, and the redemption.

    Raises:
        Refused: A rule is violated (the first one is the reason); nothing has changed.
        RateLimitExceeded: The user or the tenant has tried too many unknown codes.
    """
    with (
        CodeLookupGuard(request.tenant_id, request.user_id),
        MeasuredUse(request.tenant_id, request.dialect) as use,
    ):
        result = attempt_use(request, now, apply_redemption)
        use.definition = result.issued.definition
        return result


@dataclass(slots=True)
class MeasuredUse:
    """A redemption that is counted by result, reason, tenant and campaign.

    As a context manager it counts how the block ends, in which the caller adds the
    definition of the code.
    """

    tenant_id: str
    dialect: Dialect
    definition: Definition | None = None

    def __enter__(self) -> "MeasuredUse":
        return self

    def __exit__(
        self, _type: object, error: BaseException | None, _traceback: object
    ) -> None:
        if error is None:
            self.count(metrics.OK)
        elif isinstance(error, Refused):
            self.definition = error.definition
            self.count(metrics.REFUSED, error.reason.value)
        elif isinstance(error, Exception):
            self.count(metrics.FAILED)

    def count(self, outcome: str, reason: str = "") -> None:
        """Count the redemption by its outcome: `ok`, `refused` or `failed`."""
        campaign_id = self.definition.campaign_id if self.definition else ""
        metrics.count_redemption(self.dialect.value, outcome, reason)
        metrics.count_tenant_redemption(self.tenant_id, campaign_id, outcome, reason)


def dry_run(request: RedeemRequest, now: datetime) -> RedemptionResult:
    """Return the result that `redeem` would return now, without storing anything.

    Raises:
        Refused: `redeem` would be refused for the same reason.
        RateLimitExceeded: The user or the tenant has tried too many unknown codes.
    """
    with CodeLookupGuard(request.tenant_id, request.user_id):
        normalized_request = with_normalized_code(request)
        candidate, _ = require_redeemable(normalized_request, now)
        return _after_redemption(candidate, normalized_request, now)


def apply_redemption(
    candidate: IssuedCoupon,
    request: RedeemRequest,
    now: datetime,
    claim: bool,
    reservation: Reservation | None = None,
) -> RedemptionResult:
    """Write a redemption that was decided on `candidate`.

    With `claim`, the coupon itself is stored too. With `reservation`, the use has been
    counted already, in the period of the reservation.

    Raises:
        StaleDecision: The stored data no longer matches `candidate`.
    """
    after = _after_redemption(candidate, request, now)
    if reservation:
        redemption = replace(after.redemption, period_key=reservation.period_key)
        after = replace(after, redemption=redemption)
    event = _build_redeemed_event(after, request)
    is_written = (
        reservation_writes.record_confirmation(
            candidate, after.redemption, event, reservation
        )
        if reservation
        else redemption_repository.record(candidate, after.redemption, event, claim)
    )
    if not is_written:
        raise StaleDecision
    if request.reference:
        attempt_buffer.note_reference(request.tenant_id, request.reference)
    return after


def _after_redemption(
    candidate: IssuedCoupon, request: RedeemRequest, now: datetime
) -> RedemptionResult:
    redeemed_coupon = replace(
        candidate.coupon,
        user_id=request.user_id,
        redeemed_at=now,
        redemption_count=candidate.coupon.redemption_count + 1,
    )
    issued = IssuedCoupon(
        redeemed_coupon,
        candidate.definition,
        candidate.reward_item,
        creator_key=candidate.creator_key,
    )
    return RedemptionResult(
        issued,
        _build_redemption(candidate, request, now),
        document=serialization.serialize_coupon(issued, now),
    )


def _build_redemption(
    candidate: IssuedCoupon, request: RedeemRequest, now: datetime
) -> Redemption:
    coupon = candidate.coupon
    return Redemption(
        tenant_id=coupon.tenant_id,
        coupon_id=coupon.coupon_id,
        use_number=coupon.redemption_count + coupon.refund_count + 1,
        redemption_id=generate_integer_id(now),
        definition_id=coupon.definition_id,
        user_id=request.user_id,
        dialect=request.dialect,
        redeemed_at=now,
        reference=request.reference,
        metadata=request.metadata,
        period_key=get_period_key(candidate.definition, now),
    )


def _build_redeemed_event(after: RedemptionResult, request: RedeemRequest) -> Event:
    redemption, coupon = after.redemption, after.issued.coupon
    data = {
        "redemption_id": redemption.redemption_id,
        "use_number": redemption.use_number,
        "dialect": redemption.dialect.value,
        "creator_key": after.issued.creator_key or None,
        **({"context": dict(request.context)} if request.context else {}),
        **serialization.serialize_redemption_note(redemption),
        "coupon": after.document,
    }
    return outbox.build_coupon_event(
        "coupon.redeemed", coupon, data, redemption.redeemed_at
    )
