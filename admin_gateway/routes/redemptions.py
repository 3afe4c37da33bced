"""Routes for redemptions: the uses of all coupons of a tenant."""

from typing import Any

from flask import g

from admin_gateway.requests.redemptions import RedemptionQuerySchema
from admin_gateway.responses.redemptions import (
    RedemptionPageSchema,
    RedemptionSchema,
    to_redemption_page,
)
from coupon_core.domain.models import RedemptionRecord
from coupon_core.schemas.base import Document
from coupon_core.services.coupons import redemption_records
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
