"""What users do with coupons, each noted with its effect in one transaction (S4)."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime

from coupon_core.domain.models import (
    Dialect,
    Page,
    PurchaseReason,
    Refused,
)
from coupon_core.domain.models.coupons import IssuedCoupon
from coupon_core.domain.models.purchases import (
    Action,
    Activity,
    ActivityStatus,
    Order,
)
from coupon_core.persistence.database import Busy, transaction
from coupon_core.persistence.id_generation import new_id
from coupon_core.persistence.repositories import activities as store
from coupon_core.security.rate_limiting.code_guessing import Guess
from coupon_core.services.coupons.redemption import Counted, RaceLost
from coupon_core.services.points import purchases

TRIES = 3


def perform(order: Order, now: datetime) -> Activity:
    """Do what was ordered and note it.

    Refused with the first rule that speaks against it; then nothing changed, and
    nothing is noted. OverBudget when too many codes have been unknown.
    """
    redeems = order.action == Action.REDEEM
    watched = Counted(Dialect.MAMBO) if redeems else nullcontext()
    with Guess(order.tenant_id, order.user_id), watched:
        return _perform(order, now)


def _perform(order: Order, now: datetime) -> Activity:
    for _ in range(TRIES):
        try:
            with transaction():
                return _note(order, purchases.act(order, now), now)
        except RaceLost:
            continue
    raise Busy("the coupon kept changing")


def validate(order: Order, now: datetime) -> str:
    """The id of the definition that could be redeemed now; changes nothing.

    Refused; OverBudget when too many codes have been unknown.
    """
    with Guess(order.tenant_id, order.user_id), transaction():
        return purchases.check(order, now).definition_id


def attempt(order: Order, now: datetime) -> Activity:
    """The same, but a refusal is noted too: as a failed activity, with its reason."""
    try:
        return perform(order, now)
    except Refused as refused:
        failed = replace(
            _new(order, now),
            status=ActivityStatus.FAILED,
            exception=refused.reason.value,
        )
    with transaction():
        store.insert(failed)
    return failed


def get(tenant_id: str, activity_id: str) -> Activity:
    """One activity. Refused when there is none."""
    return _known(store.get(tenant_id, activity_id))


def listed(tenant_id: str, page: Page, user_id: str | None = None) -> list[Activity]:
    """A tenant's activities, or a user's, newest first."""
    return store.listed(tenant_id, page, user_id)


def reject(tenant_id: str, activity_id: str, reason: str) -> Activity:
    """Mark an activity as rejected; again changes nothing. Refused when unknown.

    What it did stays done: a refund undoes it.
    """
    with transaction():
        before = _known(store.lock(tenant_id, activity_id))
        if before.status == ActivityStatus.REJECTED:
            return before
        after = replace(before, status=ActivityStatus.REJECTED, reason=reason)
        store.update(after)
    return after


def _known(activity: Activity | None) -> Activity:
    if activity is None:
        raise Refused(PurchaseReason.ACTIVITY_NOT_FOUND)
    return activity


def _note(order: Order, issued: IssuedCoupon, now: datetime) -> Activity:
    coupon = issued.coupon
    done = replace(
        _new(order, now),
        coupon_id=coupon.coupon_id,
        definition_id=coupon.definition_id,
    )
    store.insert(done)
    return done


def _new(order: Order, now: datetime) -> Activity:
    return Activity(
        tenant_id=order.tenant_id,
        activity_id=new_id(),
        user_id=order.user_id,
        action=order.action,
        code=order.code,
        coupon_id=None,
        definition_id=None,
        status=ActivityStatus.COMPLETED,
        exception="",
        reason="",
        attributes=order.attributes,
        created_at=now,
    )
