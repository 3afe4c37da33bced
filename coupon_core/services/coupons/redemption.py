"""Redeem a code: decide on a snapshot, then write with a conditional update."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from coupon_core.domain import serialization
from coupon_core.domain.metadata import Metadata
from coupon_core.domain.models import (
    Dialect,
    Event,
    IssuedCoupon,
    Reason,
    Redemption,
    RedemptionResult,
    Refused,
)
from coupon_core.domain.rules import redemption as redemption_rules
from coupon_core.domain.rules.usage_periods import get_period_key
from coupon_core.observability import metrics
from coupon_core.persistence.database import (
    ConcurrentUpdate,
    single_statement,
    transaction,
)
from coupon_core.persistence.id_generation import generate_integer_id
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.persistence.repositories import definitions as definition_repository
from coupon_core.persistence.repositories import redemptions as redemption_repository
from coupon_core.security.rate_limiting.code_guessing import CodeLookupGuard
from coupon_core.services import outbox
from coupon_core.services.coupons import lookup
from coupon_core.services.coupons.code_reading import read_code


@dataclass(frozen=True, slots=True)
class RedeemRequest:
    """A user's request to redeem a code, with the code as the caller sent it.

    `context`, `reference` and `metadata` are copied into the `coupon.redeemed` event.
    The last two are also stored with the redemption.
    """

    tenant_id: str
    code: str
    user_id: str
    dialect: Dialect = Dialect.PHOENIX
    context: Mapping[str, Any] = field(default_factory=dict)
    reference: str | None = None
    metadata: Metadata | None = None


def redeem(request: RedeemRequest, now: datetime) -> RedemptionResult:
    """Redeem a code once for a user.

    Return the coupon after the redemption, and the redemption.

    Raises:
        Refused: A rule is violated (the first one is the reason); nothing has changed.
        RateLimitExceeded: The user or the tenant has tried too many unknown codes.
    """
    with (
        CodeLookupGuard(request.tenant_id, request.user_id),
        record_redemption_metrics(request.dialect),
    ):
        return _redeem_with_retries(request, now)


@contextmanager
def record_redemption_metrics(dialect: Dialect) -> Iterator[None]:
    """Count the redemption inside the block by result and reason."""
    try:
        yield
    except Refused as refusal:
        metrics.count_redemption(dialect.value, metrics.REFUSED, refusal.reason.value)
        raise
    except Exception:
        metrics.count_redemption(dialect.value, metrics.FAILED)
        raise
    metrics.count_redemption(dialect.value, metrics.OK)


def _redeem_with_retries(request: RedeemRequest, now: datetime) -> RedemptionResult:
    """Try optimistically, then under locks.

    If the conditional write finds that the data has changed since it was read, the
    decision is made again under row locks.
    """
    normalized_request = _with_normalized_code(request)
    # Under the lock on the definition, only a concurrent claim by the same user can
    # still win. Its coupon then exists, and the second pessimistic attempt locks it.
    for attempt in (
        _redeem_optimistically,
        _redeem_pessimistically,
        _redeem_pessimistically,
    ):
        result = attempt(normalized_request, now)
        if result:
            return result
    raise ConcurrentUpdate("the coupon changed during every attempt")


def dry_run(request: RedeemRequest, now: datetime) -> RedemptionResult:
    """Return the result that `redeem` would return now, without storing anything.

    Raises:
        Refused: `redeem` would be refused for the same reason.
        RateLimitExceeded: The user or the tenant has tried too many unknown codes.
    """
    with CodeLookupGuard(request.tenant_id, request.user_id):
        normalized_request = _with_normalized_code(request)
        candidate, _ = _require_redeemable(normalized_request, now)
        return _after_redemption(candidate, normalized_request, now)


def _with_normalized_code(request: RedeemRequest) -> RedeemRequest:
    code = read_code(request.tenant_id, request.code)
    # `dataclasses.replace` takes several times as long.
    return RedeemRequest(
        request.tenant_id,
        code,
        user_id=request.user_id,
        dialect=request.dialect,
        context=request.context,
        reference=request.reference,
        metadata=request.metadata,
    )


def _redeem_optimistically(
    request: RedeemRequest, now: datetime
) -> RedemptionResult | None:
    candidate, exists = _require_redeemable(request, now)
    try:
        with single_statement():
            return apply_redemption(candidate, request, now, claim=not exists)
    except StaleDecision:
        return None


def _redeem_pessimistically(
    request: RedeemRequest, now: datetime
) -> RedemptionResult | None:
    definition = _require_redeemable(request, now)[0].definition
    try:
        with transaction():
            coupon_repository.announce_coupon_write()
            definition_repository.lock(request.tenant_id, definition.definition_id)
            candidate, exists = _require_redeemable(request, now, lock=True)
            return apply_redemption(candidate, request, now, claim=not exists)
    except StaleDecision:
        return None


class StaleDecision(Exception):
    """The data behind the decision has changed; the transaction must be rolled back."""


def _require_redeemable(
    request: RedeemRequest, now: datetime, lock: bool = False
) -> tuple[IssuedCoupon, bool]:
    """Return the coupon to redeem, and whether it is already stored."""
    user_id = request.user_id
    candidates, exists = lookup.find_for_user(
        request.tenant_id, request.code, user_id=user_id, now=now, lock=lock
    )
    if not candidates:
        raise Refused(Reason.COUPON_NOT_FOUND)
    usage = lookup.get_user_usage(candidates[0], user_id, now)
    issued = redemption_rules.select_redeemable(candidates, now, usage)
    decision = redemption_rules.decide_redeem(issued, now, usage)
    if decision.reason:
        raise Refused(decision.reason)
    return issued, exists


def apply_redemption(
    candidate: IssuedCoupon, request: RedeemRequest, now: datetime, claim: bool
) -> RedemptionResult:
    """Write a redemption that was decided on `candidate`.

    With `claim`, the coupon itself is stored too.

    Raises:
        StaleDecision: The stored data no longer matches `candidate`.
    """
    after = _after_redemption(candidate, request, now)
    if not redemption_repository.record(
        candidate, after.redemption, _build_redeemed_event(after, request), claim
    ):
        raise StaleDecision
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
    issued = IssuedCoupon(redeemed_coupon, candidate.definition, candidate.reward_item)
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
        **({"context": dict(request.context)} if request.context else {}),
        **serialization.serialize_redemption_note(redemption),
        "coupon": after.document,
    }
    return outbox.build_coupon_event(
        "coupon.redeemed", coupon, data, redemption.redeemed_at
    )
