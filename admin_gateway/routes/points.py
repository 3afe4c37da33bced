"""Routes for users' points (the Mambo specification)."""

from typing import Any

from flask import g

from admin_gateway.requests.points import PointChangeSchema, PointsQuerySchema
from admin_gateway.responses.points import (
    DEBIT_ENTRY,
    POINT_CHANGE,
    PointEntryListSchema,
    PointEntrySchema,
    WalletListSchema,
)
from admin_gateway.responses.serializers import to_page
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.points import PointChange, PointEntry
from coupon_core.schemas.base import Document
from coupon_core.services.points import wallets
from coupon_core.web.blueprint import JsonBlueprint

routes = JsonBlueprint(
    "points", __name__, description="Points that users buy coupons with"
)


@routes.route("/credit", methods=["POST"])
@routes.response(201, PointEntrySchema)
@routes.arguments(PointChangeSchema, example=POINT_CHANGE)
def credit(body: dict[str, Any]) -> PointEntry:
    """Credit points to a user."""
    change = PointChange(g.principal.tenant_id, **body)
    return wallets.credit(change, utc_now())


@routes.route("/debit", methods=["POST"])
@routes.response(201, PointEntrySchema, example=DEBIT_ENTRY)
@routes.arguments(PointChangeSchema, example=POINT_CHANGE)
def debit(body: dict[str, Any]) -> PointEntry:
    """Debit points from a user. A balance never goes below zero."""
    change = PointChange(g.principal.tenant_id, **body)
    return wallets.debit(change, utc_now())


@routes.route("/wallets")
@routes.response(200, WalletListSchema)
@routes.arguments(PointsQuerySchema, location="query")
def list_wallets(query: dict[str, Any]) -> Document:
    """List balances, by user and kind of point."""
    return to_page("wallets", wallets.list_wallets(g.principal.tenant_id, **query))


@routes.route("/entries")
@routes.response(200, PointEntryListSchema)
@routes.arguments(PointsQuerySchema, location="query")
def list_entries(query: dict[str, Any]) -> Document:
    """List every change of a balance, newest first."""
    return to_page("entries", wallets.list_entries(g.principal.tenant_id, **query))
