"""Call the services that correct one code, or suspend those it belongs to."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import g

from admin_gateway.console.forms import Form, read_fields
from admin_gateway.requests.codes import AssignCodeSchema
from admin_gateway.requests.coupons import UpdateCouponSchema
from admin_gateway.requests.redemptions import ReverseRedemptionSchema
from coupon_core.domain.models import (
    AdminReason,
    CouponStatus,
    IssuedCoupon,
    Refused,
    utc_now,
)
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.domain.rules.redemption import get_coupon_status
from coupon_core.services import batches
from coupon_core.services.codes import inventory
from coupon_core.services.coupons import corrections, redemption_records
from coupon_core.services.points import reversals


def _actor_options() -> dict[str, Any]:
    return {"now": utc_now(), "actor": g.principal.key_id or ""}


def correct(
    action: Callable[..., IssuedCoupon],
) -> Callable[[IssuedCoupon, Form], str]:
    """Adapt a correction of one coupon."""

    def run(issued: IssuedCoupon, _: Form) -> str:
        only = CouponFilter(coupon_id=issued.coupon.coupon_id)
        after = action(issued.coupon.tenant_id, only, **_actor_options())
        return after.coupon.coupon_id

    return run


def change_expiry(issued: IssuedCoupon, form: Form) -> str:
    """Move the expiry of a coupon; without one it follows its definition."""
    schema = UpdateCouponSchema()
    entered = read_fields(schema, form.entered).get("expires_at")
    changes = schema.load({"expires_at": entered})
    only = CouponFilter(coupon_id=issued.coupon.coupon_id)
    inventory.change(issued.coupon.tenant_id, only, changes, **_actor_options())
    return issued.coupon.coupon_id


def assign(issued: IssuedCoupon, form: Form) -> str:
    """Give a coupon that nobody has to a player."""
    members = {"code": issued.coupon.code, "user_id": form.value("user_id").strip()}
    fields = AssignCodeSchema().load(members)
    inventory.assign(issued.coupon.tenant_id, **fields, **_actor_options())
    return issued.coupon.coupon_id


def reverse(issued: IssuedCoupon, form: Form, redemption_id: int) -> str:
    """Give the use of a redemption back."""
    fields = ReverseRedemptionSchema().load({"reason": form.value("reason").strip()})
    tenant_id = issued.coupon.tenant_id
    record = redemption_records.get(tenant_id, redemption_id)
    if record.coupon_id != issued.coupon.coupon_id:
        raise Refused(AdminReason.REDEMPTION_NOT_FOUND)
    reversals.reverse(tenant_id, redemption_id, **fields, **_actor_options())
    return issued.coupon.coupon_id


def set_suspended(
    change: Callable[..., Any], kind: Any, read_id: Callable[[IssuedCoupon], str | None]
) -> Callable[[IssuedCoupon, Form], str]:
    """Adapt a suspension, or its end, of what a coupon belongs to."""

    def run(issued: IssuedCoupon, _: Form) -> str:
        change(kind, issued.coupon.tenant_id, read_id(issued), now=utc_now())
        return issued.coupon.coupon_id

    return run


def get_batch_id(issued: IssuedCoupon) -> str | None:
    """Return the batch of a coupon."""
    return issued.coupon.batch_id


def get_definition_id(issued: IssuedCoupon) -> str:
    """Return the definition of a coupon."""
    return issued.coupon.definition_id


def count_batch(issued: IssuedCoupon) -> int:
    """Return the number of codes in the batch of a coupon."""
    batch_id = issued.coupon.batch_id
    found = batches.get(issued.coupon.tenant_id, batch_id) if batch_id else None
    return found.generated_count if found else 0


def is_revoked(issued: IssuedCoupon, _: datetime) -> bool:
    """Return True if a coupon is revoked and has not been replaced."""
    coupon = issued.coupon
    return bool(coupon.revoked_at) and not corrections.is_replaced(
        coupon.tenant_id, coupon.coupon_id
    )


def _is_kept(issued: IssuedCoupon, _: datetime) -> bool:
    return not (issued.coupon.revoked_at or issued.coupon.returned_at)


def is_revocable(issued: IssuedCoupon, now: datetime) -> bool:
    """Return True if a coupon is neither revoked nor used up."""
    is_redeemed = get_coupon_status(issued, now) == CouponStatus.REDEEMED
    return _is_kept(issued, now) and not is_redeemed


def is_assignable(issued: IssuedCoupon, now: datetime) -> bool:
    """Return True if a coupon can be given to a player."""
    is_active = get_coupon_status(issued, now) == CouponStatus.ACTIVE
    return is_active and not issued.coupon.user_id


def is_reissuable(issued: IssuedCoupon, _: datetime) -> bool:
    """Return True if a coupon has a code of its own."""
    has_own_code = issued.definition.code_format in corrections.OWN_CODE_FORMATS
    return has_own_code and not issued.coupon.returned_at
