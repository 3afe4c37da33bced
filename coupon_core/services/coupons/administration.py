"""List, show and revoke coupons."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from coupon_core.domain import codes, serialization
from coupon_core.domain.models import (
    AdminReason,
    Coupon,
    IssuedCoupon,
    Page,
    Reason,
    Refused,
)
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.domain.models.inventory import CouponEvent
from coupon_core.domain.rules import redemption as redemption_rules
from coupon_core.persistence.database import transaction
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.persistence.repositories import definitions as definition_repository
from coupon_core.persistence.repositories.inventory import insert_events
from coupon_core.services import audit, outbox
from coupon_core.services.errors import require_found


def revoke(
    tenant_id: str, coupon_filter: CouponFilter, now: datetime, actor: str = ""
) -> IssuedCoupon:
    """Revoke a coupon and return it (idempotent).

    No redemption that starts after this function has returned succeeds.

    Raises:
        Refused: No coupon or several coupons match, or all uses of the coupon are
            redeemed.
    """
    with transaction():
        issued = lock_single(tenant_id, coupon_filter, now)
        if issued.coupon.revoked_at:
            return issued
        if redemption_rules.is_used_up(issued.coupon, issued.definition):
            raise Refused(AdminReason.REDEEMED_COUPON)
        revoked = revoke_in_transaction(issued, now, actor)
        audit.record(tenant_id, "coupon.revoked", issued.coupon.coupon_id)
        return revoked


def revoke_in_transaction(
    issued: IssuedCoupon, now: datetime, actor: str
) -> IssuedCoupon:
    """Revoke a coupon that the caller has locked, with its event; return it."""
    coupon = issued.coupon
    coupon_repository.revoke(coupon.tenant_id, coupon.coupon_id, now)
    record_event(coupon, "revoked", now=now, actor=actor)
    revoked = replace(issued, coupon=replace(coupon, revoked_at=now))
    publish("coupon.revoked", revoked, now)
    return revoked


def record_event(
    coupon: Coupon, kind: str, now: datetime, actor: str, **details: Any
) -> str:
    """Add an entry to the timeline of a coupon; return its ID."""
    event = CouponEvent(
        tenant_id=coupon.tenant_id,
        coupon_id=coupon.coupon_id,
        event_id=generate_id(),
        kind=kind,
        actor=actor,
        user_id=details.pop("user_id", ""),
        occurred_at=now,
        **details,
    )
    insert_events([event])
    return event.event_id


def publish(event_type: str, issued: IssuedCoupon, now: datetime) -> None:
    """Add an event about a coupon to the outbox."""
    data = {"coupon": serialization.serialize_coupon(issued, now)}
    outbox.add([outbox.build_coupon_event(event_type, issued.coupon, data, now)])


def lock_single(
    tenant_id: str, coupon_filter: CouponFilter, now: datetime
) -> IssuedCoupon:
    """Lock the only coupon that matches until the transaction ends, and return it.

    Raises:
        Refused: No coupon or several coupons match.
    """
    matches = coupon_repository.find_up_to_two(tenant_id, coupon_filter, now, lock=True)
    if not matches:
        raise Refused(AdminReason.COUPON_NOT_FOUND)
    if len(matches) > 1:
        raise Refused(AdminReason.SEVERAL_COUPONS)
    return matches[0]


def get(tenant_id: str, coupon_filter: CouponFilter, now: datetime) -> IssuedCoupon:
    """Return one coupon.

    Raises:
        Refused: No coupon matches.
    """
    issued = coupon_repository.get(tenant_id, coupon_filter, now)
    return require_found(issued, Reason.COUPON_NOT_FOUND)


def list_coupons(
    tenant_id: str, coupon_filter: CouponFilter, page: Page, now: datetime
) -> tuple[list[IssuedCoupon], int]:
    """Return a page of matching coupons, newest first, and the number of matches.

    Raises:
        Refused: The definition in the filter is unknown.
    """
    if coupon_filter.definition_id and not definition_repository.get(
        tenant_id, coupon_filter.definition_id
    ):
        raise Refused(AdminReason.DEFINITION_NOT_FOUND)
    return coupon_repository.list_coupons(tenant_id, coupon_filter, page, now)


def list_by_code(
    tenant_id: str, code: str, page: Page, now: datetime
) -> tuple[list[IssuedCoupon], int]:
    """Return the coupons of a code for all users, and their number.

    Raises:
        Refused: No coupon has this code.
    """
    normalized_code = codes.normalize_code(code)
    coupon_filter = CouponFilter(code=normalized_code)
    rows, total = (
        coupon_repository.list_coupons(tenant_id, coupon_filter, page, now)
        if normalized_code
        else ([], 0)
    )
    if not total:
        raise Refused(AdminReason.COUPON_NOT_FOUND)
    return rows, total
