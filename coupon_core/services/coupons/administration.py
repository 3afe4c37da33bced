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
from coupon_core.persistence.id_generation import new_id
from coupon_core.persistence.repositories import coupons as store
from coupon_core.persistence.repositories import definitions as definition_store
from coupon_core.persistence.repositories.inventory import note
from coupon_core.services import audit, outbox


def revoke(
    tenant_id: str, which: CouponFilter, now: datetime, actor: str = ""
) -> IssuedCoupon:
    """Take a coupon out of use; revoking it again changes nothing.

    After this has returned no redeem of it begins and succeeds. Refused when it is
    unknown, when several fit, or when its uses are used up.
    """
    with transaction():
        issued = _only(store.some(tenant_id, which, now, lock=True))
        if issued.coupon.revoked_at:
            return issued
        if redemption_rules.is_used_up(issued.coupon, issued.definition):
            raise Refused(AdminReason.REDEEMED_COUPON)
        store.revoke(tenant_id, issued.coupon.coupon_id, now)
        ids = tenant_id, issued.coupon.coupon_id, new_id()
        note([CouponEvent(*ids, "revoked", actor, "", now)])
        revoked = replace(issued, coupon=replace(issued.coupon, revoked_at=now))
        data = {"coupon": serialization.coupon(revoked, now)}
        outbox.add([outbox.coupon_event("coupon.revoked", revoked.coupon, data, now)])
        audit.record(tenant_id, "coupon.revoked", issued.coupon.coupon_id)
        return revoked


def _only(found: Sequence[IssuedCoupon]) -> IssuedCoupon:
    if not found:
        raise Refused(AdminReason.COUPON_NOT_FOUND)
    if len(found) > 1:
        raise Refused(AdminReason.SEVERAL_COUPONS)
    return found[0]


def get(tenant_id: str, which: CouponFilter, now: datetime) -> IssuedCoupon:
    """One coupon. Refused when there is none that fits."""
    issued = store.get(tenant_id, which, now)
    if issued is None:
        raise Refused(Reason.COUPON_NOT_FOUND)
    return issued


def listed(
    tenant_id: str, which: CouponFilter, page: Page, now: datetime
) -> tuple[list[IssuedCoupon], int]:
    """The chosen coupons, newest first, and how many match in all.

    Refused when the definition that they are chosen by is unknown.
    """
    if which.definition_id and not definition_store.get(tenant_id, which.definition_id):
        raise Refused(AdminReason.DEFINITION_NOT_FOUND)
    return store.listed(tenant_id, which, page, now)


def of_code(
    tenant_id: str, code: str, page: Page, now: datetime
) -> tuple[list[IssuedCoupon], int]:
    """The coupons of a code, whoever holds them. Refused when there are none."""
    plain = codes.normalize(code)
    which = CouponFilter(code=plain)
    rows, total = store.listed(tenant_id, which, page, now) if plain else ([], 0)
    if not total:
        raise Refused(AdminReason.COUPON_NOT_FOUND)
    return rows, total
