"""Routes for redemptions: the uses of all coupons of a tenant."""

from typing import Any

from flask import g

from admin_gateway.requests.redemptions import (
    RedemptionQuerySchema,
    ReverseRedemptionSchema,
)
from admin_gateway.responses.redemptions import (
    REVERSED_REDEMPTION,
    RedemptionPageSchema,
    RedemptionSchema,
    to_redemption_page,
)
from coupon_core.domain.models import RedemptionRecord, utc_now
from coupon_core.schemas.base import Document
from coupon_core.services.coupons import redemption_records
from coupon_core.services.points import reversals
from coupon_core.web.blueprint import JsonBlueprint

routes = JsonBlueprint("redemptions", __name__, description="Uses of coupons")


@routes.route("")
@routes.response(200, RedemptionPageSchema)
@routes.arguments(RedemptionQuerySchema, location="query")
def list_all(query: dict[str, Any]) -> Document:
    """List redemptions through any of the APIs, newest first."""
    page = redemption_records.list_redemptions(g.principal.tenant_id, **query)
    return to_redemption_page(page)


@routes.route("/<redemption_id>")
@routes.response(200, RedemptionSchema)
def get(redemption_id: int) -> RedemptionRecord:
    """Return a redemption."""
    return redemption_records.get(g.principal.tenant_id, redemption_id)


@routes.route("/<redemption_id>/reverse", methods=["POST"])
@routes.response(200, RedemptionSchema, example=REVERSED_REDEMPTION)
@routes.arguments(ReverseRedemptionSchema, example={"reason": "Order cancelled"})
def reverse(body: dict[str, Any], redemption_id: int) -> RedemptionRecord:
    """Give a use back in every limit that counts it (idempotent).

    The coupon stays its user's. A use that was paid for with points gives them back,
    and ends the coupon, as a refund does.
    """
    caller = g.principal
    return reversals.reverse(
        caller.tenant_id,
        redemption_id,
        **body,
        now=utc_now(),
        actor=caller.key_id or "",
    )
