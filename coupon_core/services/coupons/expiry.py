"""Announcement of expired coupons: one `coupon.expired` event for each expiry.

The responses of the APIs do not depend on it; they compare the expiry with the clock.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from coupon_core.domain import serialization
from coupon_core.domain.models import CouponStatus, IssuedCoupon
from coupon_core.domain.rules import redemption as redemption_rules
from coupon_core.persistence.database import transaction
from coupon_core.persistence.id_generation import get_min_id_at
from coupon_core.persistence.repositories import expiry as expiry_repository
from coupon_core.services import outbox

MAX_COUPONS_PER_TRANSACTION = 500
TENANT_PAGE_SIZE = 500
# IDs are in order of creation time, but transactions may commit in another order. The
# newest coupons are skipped, so that the sweep does not pass one that commits late.
MAX_COMMIT_DELAY = timedelta(minutes=1)
# With more events than this in the outbox, the sweep lets the other events go first.
MAX_PENDING_EVENTS = 5_000


def iterate_tenant_ids() -> Iterator[str]:
    """Yield the IDs of all tenants, reading a page at a time."""
    last_id = ""
    while tenant_ids := expiry_repository.list_tenants(last_id, TENANT_PAGE_SIZE):
        yield from tenant_ids
        last_id = tenant_ids[-1]


def is_outbox_full(now: datetime) -> bool:
    """Return True if so many events are pending that less urgent ones should wait."""
    return outbox.measure_backlog(now)[0] > MAX_PENDING_EVENTS


def announce_expired(tenant_id: str, now: datetime) -> int:
    """Mark and announce a chunk of a tenant's expired coupons.

    Return the number of coupons examined; 0 means that nothing is left to do. Each
    expiry is announced once, even if several processes run this at the same time.
    """
    return _announce_own_expiry(tenant_id, now) + _announce_definition_expiry(
        tenant_id, now
    )


def _announce_own_expiry(tenant_id: str, now: datetime) -> int:
    with transaction():
        marked_ids = expiry_repository.mark_own_expiry(
            tenant_id, MAX_COUPONS_PER_TRANSACTION, now
        )
        _publish_expired(tenant_id, marked_ids, now)
    return len(marked_ids)


def _announce_definition_expiry(tenant_id: str, now: datetime) -> int:
    settled_id = get_min_id_at(now - MAX_COMMIT_DELAY)
    definition = expiry_repository.find_expired_definition(tenant_id, settled_id, now)
    if definition is None:
        return 0
    with transaction():
        marked_ids, examined_count = expiry_repository.mark_definition_expiry(
            tenant_id,
            definition,
            before_id=settled_id,
            limit=MAX_COUPONS_PER_TRANSACTION,
            now=now,
        )
        _publish_expired(tenant_id, marked_ids, now)
    return examined_count


def announce_reactivated_expiry(issued: IssuedCoupon) -> None:
    """Announce the expiry of a coupon that the sweep skipped because it was used up.

    Called when a refund makes the coupon usable again. A refund is not possible after
    the expiry, but it may have started before, or on a machine whose clock is slow.
    """
    coupon = issued.coupon
    marked_at = expiry_repository.get_swept_at(coupon)
    if marked_at:
        _publish_expired(coupon.tenant_id, [coupon.coupon_id], marked_at)


def announce_restored(
    tenant_id: str, coupon_ids: Sequence[str], event_id: str, now: datetime
) -> None:
    """Announce the expiry of restored coupons that expired while they were revoked.

    `event_id` is that of the restoration in the timelines of the coupons. An expiry
    before the revocation has been announced already.
    """
    unannounced_ids = expiry_repository.find_swept_while_revoked(
        tenant_id, coupon_ids, event_id
    )
    _publish_expired(tenant_id, unannounced_ids, now)


def announce_followers(
    tenant_id: str, coupon_ids: Sequence[str], now: datetime
) -> None:
    """Announce coupons that have expired because they now follow their definition.

    The sweep of the definition may have passed them.
    """
    marked_ids = expiry_repository.mark_expired_followers(tenant_id, coupon_ids, now)
    _publish_expired(tenant_id, marked_ids, now)


def _publish_expired(tenant_id: str, coupon_ids: Iterable[str], now: datetime) -> None:
    """Announce the coupons that were not used up or revoked before their expiry."""
    issued_coupons = expiry_repository.list_issued_coupons(tenant_id, coupon_ids)
    outbox.add(
        outbox.build_coupon_event(
            "coupon.expired",
            issued.coupon,
            {"coupon": serialization.serialize_coupon(issued, now)},
            now,
        )
        for issued in issued_coupons
        if redemption_rules.get_coupon_status(issued, now) == CouponStatus.EXPIRED
    )
