"""The inventory of codes: list them, assign them to users, show a code's timeline."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from coupon_core.domain.models import (
    AdminReason,
    CouponStatus,
    Definition,
    IssuedCoupon,
    Refused,
)
from coupon_core.domain.models.filters import CouponFilter, PageCursor
from coupon_core.domain.models.inventory import (
    CouponWithBatch,
)
from coupon_core.domain.rules import redemption as redemption_rules
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import code_lookup as code_lookup_repository
from coupon_core.persistence.repositories import definitions as definition_repository
from coupon_core.persistence.repositories import inventory as inventory_repository
from coupon_core.persistence.repositories import reservations as reservation_repository
from coupon_core.services import audit
from coupon_core.services.coupons import administration, corrections, generation
from coupon_core.services.errors import require_found


def list_codes(
    tenant_id: str, coupon_filter: CouponFilter, cursor: PageCursor, now: datetime
) -> tuple[list[CouponWithBatch], str | None]:
    """Return a page of matching coupons, newest first, and the ID to continue after.

    The ID is None on the last page. The time for a page does not depend on the size of
    the inventory; an earlier page may therefore be short or even empty.
    """
    return inventory_repository.get_page(tenant_id, coupon_filter, cursor, now)


def change(
    tenant_id: str,
    coupon_filter: CouponFilter,
    changes: Mapping[str, Any],
    now: datetime,
    actor: str = "",
) -> CouponWithBatch:
    """Replace the `metadata` of a coupon, its expiry (`expires_at`) or both; return it.

    Raises:
        Refused: No coupon or several coupons match, or the new expiry is in the past.
    """
    with transaction():
        issued = administration.lock_single(tenant_id, coupon_filter, now)
        coupon_id = issued.coupon.coupon_id
        if "metadata" in changes:
            inventory_repository.set_metadata(
                tenant_id, [coupon_id], changes["metadata"]
            )
        if "expires_at" in changes:
            corrections.change_expiry(
                issued, changes["expires_at"], now=now, actor=actor
            )
        audit.record(tenant_id, "coupon.changed", coupon_id, changed=sorted(changes))
        changed = inventory_repository.get(tenant_id, coupon_id)
    return require_found(changed, AdminReason.COUPON_NOT_FOUND)


def assign(
    tenant_id: str, code: str, user_id: str, actor: str, now: datetime
) -> IssuedCoupon:
    """Assign an unassigned coupon to a user and return it (idempotent per user).

    Raises:
        Refused: The code is unknown, assigned to another user or no longer usable, or
            the definition's total limit of awards is reached.
    """
    definition_id = _require_by_code(tenant_id, code).definition.definition_id
    with transaction():
        definition = generation.lock_for_generation(tenant_id, definition_id)
        issued = _require_by_code(tenant_id, code, lock=True)
        if issued.coupon.user_id == user_id:
            return issued
        _require_assignable(issued, user_id, now)
        return _assign(
            issued,
            definition or issued.definition,
            user_id=user_id,
            actor=actor,
            now=now,
        )


def _require_by_code(tenant_id: str, code: str, lock: bool = False) -> IssuedCoupon:
    """Return the only coupon that has this code."""
    coupons = code_lookup_repository.find_for_tenant(tenant_id, code, lock)
    if not coupons:
        raise Refused(AdminReason.COUPON_NOT_FOUND)
    if len(coupons) > 1:
        raise Refused(AdminReason.ALREADY_ASSIGNED)
    return coupons[0]


def _require_assignable(issued: IssuedCoupon, user_id: str, now: datetime) -> None:
    coupon = issued.coupon
    if coupon.user_id:
        raise Refused(AdminReason.ALREADY_ASSIGNED)
    is_reserved = any(
        reservation.is_live(now) and reservation.user_id != user_id
        for reservation in reservation_repository.list_by_coupon(
            coupon.tenant_id, coupon.coupon_id
        )
    )
    status = redemption_rules.get_coupon_status(issued, now)
    if status != CouponStatus.ACTIVE or issued.is_suspended or is_reserved:
        raise Refused(AdminReason.NOT_ASSIGNABLE)


def _assign(
    issued: IssuedCoupon,
    definition: Definition,
    user_id: str,
    actor: str,
    now: datetime,
) -> IssuedCoupon:
    coupon = issued.coupon
    if redemption_rules.total_limit_counts_awards(
        definition
    ) and not definition_repository.count_awards(definition, 1):
        raise Refused(AdminReason.TOTAL_LIMIT_REACHED)
    award_expiry = generation.compute_award_expiry(definition, now)
    if not inventory_repository.assign(
        coupon.tenant_id, coupon.coupon_id, user_id, award_expiry
    ):
        raise Refused(AdminReason.NOT_ASSIGNABLE)
    assigned = replace(
        coupon, user_id=user_id, expires_at=coupon.expires_at or award_expiry
    )
    after = replace(issued, coupon=assigned)
    _record_assignment(after, actor, now)
    return after


def _record_assignment(issued: IssuedCoupon, actor: str, now: datetime) -> None:
    coupon = issued.coupon
    audit.record(coupon.tenant_id, "coupon.assigned", coupon.coupon_id)
    administration.record_event(
        coupon, "assigned", now=now, actor=actor, user_id=coupon.user_id
    )
    administration.publish("coupon.assigned", issued, now)
