"""Correct single coupons: restore them, move their expiry, re-issue them."""

from datetime import datetime

from coupon_core.domain.entered_times import EnteredTime
from coupon_core.domain.models import (
    AdminReason,
    CodeFormat,
    Definition,
    IssuedCoupon,
    Refused,
)
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.domain.rules import generation as generation_rules
from coupon_core.domain.rules import redemption as redemption_rules
from coupon_core.domain.rules.expiry import require_future_expiry
from coupon_core.domain.timestamps import format_timestamp
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import awards as award_repository
from coupon_core.persistence.repositories import coupons as coupon_repository
from coupon_core.persistence.repositories import inventory as inventory_repository
from coupon_core.persistence.repositories import purchases as purchase_repository
from coupon_core.services import audit, time_zones
from coupon_core.services.coupons import administration, expiry, generation
from coupon_core.services.errors import require_found

OWN_CODE_FORMATS = frozenset({CodeFormat.RANDOM, CodeFormat.LISTED})


def is_replaced(tenant_id: str, coupon_id: str) -> bool:
    """Return True if another coupon was issued in place of a coupon."""
    return bool(coupon_repository.get_replacement_id(tenant_id, coupon_id))


def restore(
    tenant_id: str, coupon_filter: CouponFilter, now: datetime, actor: str = ""
) -> IssuedCoupon:
    """Undo the revocation of a coupon and return the coupon (idempotent).

    Raises:
        Refused: No coupon or several coupons match, or the coupon was replaced, was
            returned for its points, or has the revoked code of a creator.
    """
    with transaction():
        issued = administration.lock_single(tenant_id, coupon_filter, now)
        coupon = issued.coupon
        if coupon.returned_at:
            raise Refused(AdminReason.COUPON_RETURNED)
        if not coupon.revoked_at:
            return issued
        if is_replaced(tenant_id, coupon.coupon_id):
            raise Refused(AdminReason.COUPON_REISSUED)
        event_id = administration.record_event(
            coupon, "restored", now=now, actor=actor, revoked_at=coupon.revoked_at
        )
        coupon_repository.restore(tenant_id, coupon.coupon_id)
        restored = administration.get(
            tenant_id, CouponFilter(coupon_id=coupon.coupon_id), now
        )
        if restored.coupon.revoked_at:
            raise Refused(AdminReason.CREATOR_CODE_REVOKED)
        administration.publish("coupon.restored", restored, now)
        expiry.announce_restored(tenant_id, [coupon.coupon_id], event_id, now)
        audit.record(tenant_id, "coupon.restored", coupon.coupon_id)
        return restored


def change_expiry(
    issued: IssuedCoupon, new_expiry: EnteredTime | None, now: datetime, actor: str
) -> None:
    """Move the expiry of a coupon that the caller has locked, both ways.

    None lets the coupon expire with its definition.

    Raises:
        Refused: The new expiry is in the past.
    """
    require_future_expiry(new_expiry, now)
    expires_at = time_zones.resolve_expiry(issued.definition, new_expiry, now)
    coupon = issued.coupon
    if coupon.expires_at == expires_at:
        return
    coupon_repository.change_expiry(coupon.tenant_id, coupon.coupon_id, expires_at)
    administration.record_event(
        coupon, "expiry_changed", now=now, actor=actor, expires_at=expires_at
    )
    if expires_at is None:
        expiry.announce_followers(coupon.tenant_id, [coupon.coupon_id], now)


def reissue(
    tenant_id: str, coupon_filter: CouponFilter, now: datetime, actor: str = ""
) -> IssuedCoupon:
    """Give the user of a coupon another code of the same definition, and return it.

    The coupon is revoked, unless all its uses are redeemed. A second call returns the
    coupon that the first one issued.

    Raises:
        Refused: No coupon or several coupons match, or the coupon cannot be re-issued,
            or no coupon of its definition can be generated now.
    """
    found = administration.get(tenant_id, coupon_filter, now)
    with transaction():
        definition = require_found(
            generation.lock_for_generation(tenant_id, found.coupon.definition_id),
            AdminReason.DEFINITION_NOT_FOUND,
        )
        next_ids = award_repository.list_next_ids(definition, now)
        coupon_repository.lock_in_order(tenant_id, [found.coupon.coupon_id, *next_ids])
        old = administration.lock_single(tenant_id, coupon_filter, now)
        replacement_id = coupon_repository.get_replacement_id(
            tenant_id, old.coupon.coupon_id
        )
        if replacement_id:
            new_filter = CouponFilter(coupon_id=replacement_id)
            return administration.get(tenant_id, new_filter, now)
        _require_reissuable(old, definition, now)
        new = _replace(old, definition, now=now, actor=actor)
        audit.record(tenant_id, "coupon.reissued", old.coupon.coupon_id)
        return new


def _require_reissuable(
    old: IssuedCoupon, definition: Definition, now: datetime
) -> None:
    coupon = old.coupon
    for reason in generation_rules.generation_violations(
        definition, is_unassigned=not coupon.user_id
    ):
        raise Refused(reason)
    problem = ""
    if definition.code_format not in OWN_CODE_FORMATS:
        problem = "other coupons have the same code"
    elif purchase_repository.get(coupon.tenant_id, coupon.coupon_id):
        problem = "it was bought with points; refund it instead"
    elif old.expires_at and now > old.expires_at:
        expired_at = format_timestamp(old.expires_at)
        problem = f"it expired at {expired_at}; move its expiry first"
    if problem:
        raise Refused(
            AdminReason.NOT_REISSUABLE, f"The coupon cannot be re-issued: {problem}"
        )


def _replace(
    old: IssuedCoupon, definition: Definition, now: datetime, actor: str
) -> IssuedCoupon:
    (new,) = generation.generate_in_transaction(
        definition, [old.coupon.user_id], now, old.coupon.expires_at
    ).coupons
    is_used_up = redemption_rules.is_used_up(old.coupon, definition)
    if not old.coupon.revoked_at and not is_used_up:
        administration.revoke_in_transaction(old, now, actor)
    old_id, new_id = old.coupon.coupon_id, new.coupon.coupon_id
    coupon_repository.replace(old.coupon.tenant_id, old_id, new_id)
    stored = inventory_repository.get(old.coupon.tenant_id, old_id)
    if stored and stored.metadata:
        inventory_repository.set_metadata(
            old.coupon.tenant_id, [new_id], stored.metadata
        )
    for coupon, kind, related_id in (
        (old.coupon, "reissued", new_id),
        (new.coupon, "replacement", old_id),
    ):
        administration.record_event(
            coupon, kind, now=now, actor=actor, related_coupon_id=related_id
        )
    return new
