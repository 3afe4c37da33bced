"""List, show and revoke coupons."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from coupon_core.domain import codes, serialization
from coupon_core.domain.models import (
    AdminReason,
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
        issued = require_single(
            coupon_repository.find_up_to_two(tenant_id, coupon_filter, now, lock=True)
        )
        if issued.coupon.revoked_at:
            return issued
        if redemption_rules.is_used_up(issued.coupon, issued.definition):
            raise Refused(AdminReason.REDEEMED_COUPON)
        coupon_repository.revoke(tenant_id, issued.coupon.coupon_id, now)
        event = CouponEvent(
            tenant_id=tenant_id,
            coupon_id=issued.coupon.coupon_id,
            event_id=generate_id(),
            kind="revoked",
            actor=actor,
            user_id="",
            occurred_at=now,
        )
        insert_events([event])
        revoked = replace(issued, coupon=replace(issued.coupon, revoked_at=now))
        data = {"coupon": serialization.serialize_coupon(revoked, now)}
        outbox.add(
            [outbox.build_coupon_event("coupon.revoked", revoked.coupon, data, now)]
        )
        audit.record(tenant_id, "coupon.revoked", issued.coupon.coupon_id)
        return revoked


def require_single(matches: Sequence[IssuedCoupon]) -> IssuedCoupon:
    """Return the only match; refuse none and several."""
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
