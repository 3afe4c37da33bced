"""Perform the activities of the Mambo specification: buy, redeem and refund.

Each activity is stored in the same transaction as its effect.
"""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime

from coupon_core.domain.models import (
    Definition,
    Dialect,
    Page,
    PurchaseReason,
    Refused,
)
from coupon_core.domain.models.coupons import IssuedCoupon
from coupon_core.domain.models.filters import ActivityFilter
from coupon_core.domain.models.purchases import (
    Action,
    Activity,
    ActivityRequest,
    ActivityStatus,
)
from coupon_core.persistence.database import (
    ConcurrentUpdate,
    discarded_transaction,
    transaction,
)
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories import activities as activity_repository
from coupon_core.security.rate_limiting.code_guessing import CodeLookupGuard
from coupon_core.services.coupons.redemption import MeasuredUse, StaleDecision
from coupon_core.services.errors import require_found
from coupon_core.services.points import purchases

MAX_ATTEMPTS = 3
# What was entered may be any text, and a failed activity stores it.
MAX_STORED_CODE_LENGTH = 255


def perform(request: ActivityRequest, now: datetime) -> Activity:
    """Perform an activity and store it.

    Raises:
        Refused: With the first reason to refuse; nothing is changed or stored.
        RateLimitExceeded: Too many unknown codes were used.
        ConcurrentUpdate: The coupon changed at every attempt.
    """
    use = MeasuredUse(request.tenant_id, Dialect.MAMBO)
    is_redemption = request.action == Action.REDEEM
    with (
        CodeLookupGuard(request.tenant_id, request.user_id),
        use if is_redemption else nullcontext(),
    ):
        return _perform_with_retries(request, now, use)


def _perform_with_retries(
    request: ActivityRequest, now: datetime, use: MeasuredUse
) -> Activity:
    for _ in range(MAX_ATTEMPTS):
        try:
            with transaction():
                issued = purchases.execute(request, now)
                use.definition = issued.definition
                return _record_activity(request, issued, now)
        except StaleDecision:
            continue
    raise ConcurrentUpdate("the coupon kept changing")


def validate(request: ActivityRequest, now: datetime) -> Definition:
    """Return the definition that the code could be redeemed for now.

    Raises:
        Refused: The code cannot be redeemed.
        RateLimitExceeded: Too many unknown codes were used.
    """
    with CodeLookupGuard(request.tenant_id, request.user_id), discarded_transaction():
        return purchases.check_redemption(request, now)


def perform_or_record_failure(
    request: ActivityRequest,
    now: datetime,
    report_refusal: Callable[[Refused], None] | None = None,
) -> Activity:
    """Perform an activity; store a refusal as a failed activity with its reason.

    `report_refusal` is called with it; it must not count an unknown code before the
    transaction of the caller has ended.
    """
    try:
        return perform(request, now)
    except Refused as refused:
        if report_refusal:
            report_refusal(refused)
        failed_activity = replace(
            _build_activity(request, now),
            status=ActivityStatus.FAILED,
            exception=refused.reason.value,
        )
    with transaction():
        activity_repository.insert(failed_activity, request.tags)
    return failed_activity


def get(tenant_id: str, activity_id: str) -> Activity:
    """Return an activity; refuse if it does not exist."""
    return require_found(
        activity_repository.get(tenant_id, activity_id),
        PurchaseReason.ACTIVITY_NOT_FOUND,
    )


def list_activities(
    tenant_id: str, activity_filter: ActivityFilter, page: Page
) -> list[Activity]:
    """Return a page of the matching activities of a tenant, newest first."""
    return activity_repository.list_activities(tenant_id, activity_filter, page)


def reject(tenant_id: str, activity_id: str, reason: str) -> Activity:
    """Mark an activity as rejected (idempotent); refuse if it does not exist.

    The effect of the activity remains; only a refund reverts it.
    """
    with transaction():
        before = require_found(
            activity_repository.lock(tenant_id, activity_id),
            PurchaseReason.ACTIVITY_NOT_FOUND,
        )
        if before.status == ActivityStatus.REJECTED:
            return before
        after = replace(before, status=ActivityStatus.REJECTED, reason=reason)
        activity_repository.update(after)
    return after


def _record_activity(
    request: ActivityRequest, issued: IssuedCoupon, now: datetime
) -> Activity:
    coupon = issued.coupon
    activity = replace(
        _build_activity(request, now),
        coupon_id=coupon.coupon_id,
        definition_id=coupon.definition_id,
    )
    activity_repository.insert(activity, request.tags)
    return activity


def _build_activity(request: ActivityRequest, now: datetime) -> Activity:
    return Activity(
        tenant_id=request.tenant_id,
        activity_id=generate_id(),
        user_id=request.user_id,
        action=request.action,
        code=request.code[:MAX_STORED_CODE_LENGTH],
        coupon_id=None,
        definition_id=None,
        status=ActivityStatus.COMPLETED,
        exception="",
        reason="",
        attributes=request.attributes,
        created_at=request.created_at or now,
    )
