"""Tells others of coupons that have expired, once; no answer depends on it."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from coupon_core.domain import serialization
from coupon_core.domain.models import CouponStatus, IssuedCoupon
from coupon_core.domain.rules import redemption as redemption_rules
from coupon_core.persistence.database import transaction
from coupon_core.persistence.id_generation import first_id_of
from coupon_core.persistence.repositories import expiry as store
from coupon_core.services import outbox

AT_ONCE = 500
TENANTS_AT_ONCE = 500
# Ids are in the order of time, but not committed in it: the newest are left alone.
SETTLED = timedelta(minutes=1)
MOST_WAITING = 5_000  # events in the outbox, above which others go first


def tenants() -> Iterator[str]:
    """All tenants, read some at a time."""
    last = ""
    while found := store.tenants(last, TENANTS_AT_ONCE):
        yield from found
        last = found[-1]


def is_outbox_full(now: datetime) -> bool:
    """Whether so much waits to go out that what is not urgent should wait."""
    return outbox.pending(now)[0] > MOST_WAITING


def sweep(tenant_id: str, now: datetime) -> int:
    """Mark some expired coupons of a tenant and tell of them.

    Gives how many were looked at: 0 when nothing is left to do. Each expiry of a
    coupon is told once, however many sweep at the same time.
    """
    return _sweep_own(tenant_id, now) + _sweep_following(tenant_id, now)


def _sweep_own(tenant_id: str, now: datetime) -> int:
    with transaction():
        swept = store.sweep_own(tenant_id, AT_ONCE, now)
        _tell(tenant_id, swept, now)
    return len(swept)


def _sweep_following(tenant_id: str, now: datetime) -> int:
    settled_id = first_id_of(now - SETTLED)
    definition = store.expired_definition(tenant_id, settled_id, now)
    if definition is None:
        return 0
    with transaction():
        swept, looked_at = store.sweep_following(
            tenant_id, definition, settled_id, AT_ONCE, now
        )
        _tell(tenant_id, swept, now)
    return looked_at


def tell_late(issued: IssuedCoupon) -> None:
    """Tell of a coupon that was passed over, for it was used up, and no longer is.

    A use is not given back after the expiry; but that may have begun before, or go by
    a clock that is behind.
    """
    coupon = issued.coupon
    passed_at = store.swept_at(coupon)
    if passed_at:
        _tell(coupon.tenant_id, [coupon.coupon_id], passed_at)


def _tell(tenant_id: str, coupon_ids: Iterable[str], now: datetime) -> None:
    """Those that were used up or revoked before have not expired."""
    issued = store.issued(tenant_id, coupon_ids)
    outbox.add(
        outbox.coupon_event(
            "coupon.expired",
            one.coupon,
            {"coupon": serialization.coupon(one, now)},
            now,
        )
        for one in issued
        if redemption_rules.coupon_status(one, now) == CouponStatus.EXPIRED
    )
