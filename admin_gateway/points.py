"""Users' points over HTTP: give, take, look (Mambo, document S4)."""

from typing import Any

from flask import Response, g

from admin_gateway import answers, schemas
from admin_gateway import point_documents as documents
from coupon_core import points
from coupon_core.model import utc_now
from coupon_core.model.points import PointChange
from coupon_core.web.answers import json_response
from coupon_core.web.blueprints import JsonBlueprint

routes = JsonBlueprint("points", __name__, description="What users buy coupons with")


@routes.route("/credit", methods=["POST"])
@routes.response(201, documents.PointEntry, example=documents.CREDITED)
@routes.arguments(schemas.PointsBody, example=documents.NEW_ENTRY)
def credit(body: dict[str, Any]) -> Response:
    """Give a user points."""
    change = PointChange(g.principal.tenant_id, **body)
    return json_response(documents.entry(points.credit(change, utc_now())), 201)


@routes.route("/debit", methods=["POST"])
@routes.response(201, documents.PointEntry, example=documents.DEBITED)
@routes.arguments(schemas.PointsBody, example=documents.NEW_ENTRY)
def debit(body: dict[str, Any]) -> Response:
    """Take points from a user; a balance never goes below zero."""
    change = PointChange(g.principal.tenant_id, **body)
    return json_response(documents.entry(points.debit(change, utc_now())), 201)


@routes.route("/wallets")
@routes.response(200, documents.Wallets, example=documents.WALLETS)
@routes.arguments(schemas.PointsQuery, location="query")
def list_wallets(query: dict[str, Any]) -> Response:
    """List balances, by user and point."""
    found = points.wallets(g.principal.tenant_id, **query)
    return answers.listed("wallets", found, documents.wallet)


@routes.route("/entries")
@routes.response(200, documents.PointEntries, example=documents.POINT_ENTRIES)
@routes.arguments(schemas.PointsQuery, location="query")
def list_entries(query: dict[str, Any]) -> Response:
    """List every change of a balance, newest first."""
    found = points.entries(g.principal.tenant_id, **query)
    return answers.listed("entries", found, documents.entry)
