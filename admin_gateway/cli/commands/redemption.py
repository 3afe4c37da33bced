"""`couponctl validate`, `redeem` and `history`: what players do, from a shell."""

from typing import Any

import rich_click as click

from admin_gateway.cli.errors import reason_text
from admin_gateway.cli.options import (
    USER,
    of_tenant,
    page,
    paged,
)
from admin_gateway.cli.output import answering, ends_with_one
from coupon_core.domain import serialization
from coupon_core.domain.models import Reason, Validation, utc_now
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.services.access import tenants
from coupon_core.services.coupons import administration, redemption, validation
from coupon_core.services.coupons.redemption import RedeemRequest

# Where validate says something else than redeem (CONTRACTS 0.5).
VALIDATE_TEXTS = {
    Reason.COUPON_NOT_FOUND: "Coupon code not found",
    Reason.ALREADY_REDEEMED: "Coupon has already been used",
    Reason.USED_UP: "Coupon status: redeemed",
}


@click.command()
@of_tenant
@click.option("--user", "user_id", type=USER, help="To whom; without: to anybody.")
@click.argument("code")
@answering()
def validate(tenant_id: str, user_id: str | None, code: str) -> dict[str, Any]:
    """Tell what a code is worth. Ends with 1 when it cannot be redeemed.

    Example: `couponctl validate --tenant acme WELCOME8X4F2K9P --user user_123`
    """
    tenants.require(tenant_id)
    told = validation.validate(tenant_id, code, user_id, utc_now())
    if not told.decision.allowed:
        ends_with_one()
    return _document(told)


def _document(told: Validation) -> dict[str, Any]:
    reason = told.decision.reason
    issued, definition = (None, None) if reason else (told.issued, told.definition)
    return {
        "valid": told.decision.allowed,
        "coupon": serialization.coupon(issued, utc_now()) if issued else None,
        "definition": serialization.definition(definition) if definition else None,
        "error": _validate_text(reason) if reason else None,
    }


def _validate_text(reason: Reason) -> str:
    return VALIDATE_TEXTS.get(reason) or reason_text(reason)


@click.command()
@of_tenant
@click.option("--user", "user_id", type=USER, required=True, help="For whom.")
@click.argument("code")
@answering()
def redeem(tenant_id: str, user_id: str, code: str) -> dict[str, Any]:
    """Use a code once for a user.

    Example: `couponctl redeem --tenant acme WELCOME8X4F2K9P --user user_123 --json`
    """
    tenants.require(tenant_id)
    now = utc_now()
    asked = RedeemRequest(tenant_id, code, user_id)
    return serialization.coupon(redemption.redeem(asked, now).issued, now)


@click.command()
@of_tenant
@click.option("--user", "user_id", type=USER, required=True, help="Whose.")
@paged
@answering("redeemed_at", "code", "definition_name", "redemption_count", "status")
def history(tenant_id: str, user_id: str, limit: int, offset: int) -> dict[str, Any]:
    """List what a user has redeemed, the latest first.

    Example: `couponctl history --tenant acme --user user_123 --json`
    """
    tenants.require(tenant_id)
    now = utc_now()
    which = CouponFilter(user_id=user_id, redeemed=True)
    rows, total = administration.listed(tenant_id, which, page(limit, offset), now)
    return serialization.coupons("redemptions", rows, total, now)
