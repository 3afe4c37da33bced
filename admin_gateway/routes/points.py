"""Users' points over HTTP: give, take, look (Mambo, document S4)."""

from typing import Any

from flask import Response, g

from admin_gateway import requests
from admin_gateway.responses import points as documents
from admin_gateway.responses import serializers
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.points import PointChange
from coupon_core.services.points import wallets
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.responses import json_response

routes = JsonBlueprint("points", __name__, description="What users buy coupons with")


@routes.route("/credit", methods=["POST"])
@routes.response(201, documents.PointEntry, example=documents.CREDITED)
@routes.arguments(requests.PointsBody, example=documents.NEW_ENTRY)
def credit(body: dict[str, Any]) -> Response:
    """Give a user points."""
    change = PointChange(g.principal.tenant_id, **body)
    return json_response(documents.entry(wallets.credit(change, utc_now())), 201)


@routes.route("/debit", methods=["POST"])
@routes.response(201, documents.PointEntry, example=documents.DEBITED)
@routes.arguments(requests.PointsBody, example=documents.NEW_ENTRY)
def debit(body: dict[str, Any]) -> Response:
    """Take points from a user; a balance never goes below zero."""
    change = PointChange(g.principal.tenant_id, **body)
    return json_response(documents.entry(wallets.debit(change, utc_now())), 201)


@routes.route("/wallets")
@routes.response(200, documents.Wallets, example=documents.WALLETS)
@routes.arguments(requests.PointsQuery, location="query")
def list_wallets(query: dict[str, Any]) -> Response:
    """List balances, by user and point."""
    found = wallets.wallets(g.principal.tenant_id, **query)
    return serializers.listed("wallets", found, documents.wallet)


@routes.route("/entries")
@routes.response(200, documents.PointEntries, example=documents.POINT_ENTRIES)
@routes.arguments(requests.PointsQuery, location="query")
def list_entries(query: dict[str, Any]) -> Response:
    """List every change of a balance, newest first."""
    found = wallets.entries(g.principal.tenant_id, **query)
    return serializers.listed("entries", found, documents.entry)
