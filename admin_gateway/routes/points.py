"""Routes for users' points (the Mambo specification)."""

from typing import Any

from flask import Response, g

from admin_gateway import requests
from admin_gateway.responses import points as point_responses
from admin_gateway.responses import serializers
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.points import PointChange
from coupon_core.services.points import wallets
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.responses import json_response

routes = JsonBlueprint(
    "points", __name__, description="Points that users buy coupons with"
)


@routes.route("/credit", methods=["POST"])
@routes.response(
    201, point_responses.PointEntrySchema, example=point_responses.CREDIT_ENTRY
)
@routes.arguments(requests.PointChangeSchema, example=point_responses.POINT_CHANGE)
def credit(body: dict[str, Any]) -> Response:
    """Credit points to a user."""
    change = PointChange(g.principal.tenant_id, **body)
    return json_response(
        point_responses.serialize_point_entry(wallets.credit(change, utc_now())), 201
    )


@routes.route("/debit", methods=["POST"])
@routes.response(
    201, point_responses.PointEntrySchema, example=point_responses.DEBIT_ENTRY
)
@routes.arguments(requests.PointChangeSchema, example=point_responses.POINT_CHANGE)
def debit(body: dict[str, Any]) -> Response:
    """Debit points from a user. A balance never goes below zero."""
    change = PointChange(g.principal.tenant_id, **body)
    return json_response(
        point_responses.serialize_point_entry(wallets.debit(change, utc_now())), 201
    )


@routes.route("/wallets")
@routes.response(200, point_responses.WalletListSchema, example=point_responses.WALLETS)
@routes.arguments(requests.PointsQuerySchema, location="query")
def list_wallets(query: dict[str, Any]) -> Response:
    """List balances, by user and kind of point."""
    rows_and_total = wallets.list_wallets(g.principal.tenant_id, **query)
    return serializers.page_response(
        "wallets", rows_and_total, point_responses.serialize_wallet
    )


@routes.route("/entries")
@routes.response(
    200, point_responses.PointEntryListSchema, example=point_responses.POINT_ENTRIES
)
@routes.arguments(requests.PointsQuerySchema, location="query")
def list_entries(query: dict[str, Any]) -> Response:
    """List every change of a balance, newest first."""
    rows_and_total = wallets.list_entries(g.principal.tenant_id, **query)
    return serializers.page_response(
        "entries", rows_and_total, point_responses.serialize_point_entry
    )
