"""A use of a code: decided on a snapshot, and again under locks if that is stale."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from coupon_core.domain.metadata import Metadata
from coupon_core.domain.models import (
    Dialect,
    IssuedCoupon,
    Reason,
    Refused,
)
from coupon_core.domain.rules import redemption as redemption_rules
from coupon_core.persistence.database import (
    ConcurrentUpdate,
    single_statement,
    transaction,
)
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.persistence.repositories import definitions as definition_repository
from coupon_core.services.coupons import lookup, reservation_endings
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


Result = TypeVar("Result")
Apply = Callable[[IssuedCoupon, RedeemRequest, datetime, bool], Result]
"""Writes a use that was decided on a coupon; the last argument is `claim`."""


def attempt_use(request: RedeemRequest, now: datetime, apply: Apply[Result]) -> Result:
    """Decide on a use of a code and `apply` it, optimistically, then under locks.

    If the conditional write finds that the data has changed since it was read, the
    decision is made again under row locks.

    Raises:
        Refused: A rule is violated.
        ConcurrentUpdate: The coupon changed at every attempt.
    """
    normalized_request = with_normalized_code(request)
    # Under the lock on the definition, only a concurrent claim by the same user can
    # still win. Its coupon then exists, and the second pessimistic attempt locks it.
    for attempt in (
        _use_optimistically,
        _use_pessimistically,
        _use_pessimistically,
    ):
        result = attempt(normalized_request, now, apply)
        if result:
            return result
    raise ConcurrentUpdate("the coupon changed during every attempt")


def with_normalized_code(request: RedeemRequest) -> RedeemRequest:
    """Return the request with its code as it is stored.

    Raises:
        Refused: No such code can exist.
    """
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


def _use_optimistically(
    request: RedeemRequest, now: datetime, apply: Apply[Result]
) -> Result | None:
    candidate, exists = require_redeemable(request, now)
    try:
        with single_statement():
            return apply(candidate, request, now, not exists)
    except StaleDecision:
        return None


def _use_pessimistically(
    request: RedeemRequest, now: datetime, apply: Apply[Result]
) -> Result | None:
    definition_id = require_redeemable(request, now)[0].definition.definition_id
    try:
        with transaction():
            coupon_repository.announce_coupon_write()
            definition = definition_repository.lock(request.tenant_id, definition_id)
            if definition:
                reservation_endings.reclaim(definition, request.user_id, now)
            candidate, exists = require_redeemable(request, now, lock=True)
            return apply(candidate, request, now, not exists)
    except StaleDecision:
        return None


class StaleDecision(Exception):
    """The data behind the decision has changed; the transaction must be rolled back."""


def require_redeemable(
    request: RedeemRequest, now: datetime, lock: bool = False
) -> tuple[IssuedCoupon, bool]:
    """Return the coupon to redeem, and whether it is already stored.

    Raises:
        Refused: A rule is violated.
    """
    user_id = request.user_id
    candidates, exists = lookup.find_for_user(
        request.tenant_id, request.code, user_id=user_id, now=now, lock=lock
    )
    if not candidates:
        raise Refused(Reason.COUPON_NOT_FOUND)
    usage = lookup.get_user_usage(candidates, user_id, now)
    issued = redemption_rules.select_redeemable(candidates, now, usage)
    decision = redemption_rules.decide_redeem(issued, now, usage)
    if decision.reason:
        raise Refused(decision.reason, definition=issued.definition)
    return issued, exists
