"""The whole stock of codes over HTTP: look through, give to users, export."""

from itertools import chain, islice
from typing import Any

from flask import Response, g

from admin_gateway import requests
from admin_gateway.responses import codes as documents
from admin_gateway.responses import serializers
from admin_gateway.responses.core import COUPON, Coupon
from coupon_core.domain import serialization
from coupon_core.domain.models import utc_now
from coupon_core.services.codes import csv_export, inventory
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.responses import json_response

routes = JsonBlueprint("codes", __name__, description="The stock of codes")
FILE = {"Content-Disposition": 'attachment; filename="codes.csv"'}


@routes.route("")
@routes.response(200, documents.Codes, example=documents.CODES)
@routes.arguments(requests.CodeQuery, location="query")
def list_all(query: dict[str, Any]) -> Response:
    """List codes, newest first, as quick among ten million as among ten.

    A page may hold fewer than `limit`, even none, while `next` tells where to go on.
    """
    now, which, place = utc_now(), query["which"], query["place"]
    rows, last = inventory.listed(g.principal.tenant_id, which, place, now)
    shown = [serializers.stocked(row, now) for row in rows]
    following = requests.cursor_of(last, which) if last else None
    return json_response({"coupons": shown, "next": following})


@routes.route("/<coupon_id>")
@routes.response(200, documents.ToldCoupon, example=documents.TOLD)
def get(coupon_id: str) -> Response:
    """Show a coupon and all that became of it, by whom where that is known."""
    now = utc_now()
    told = inventory.timeline(g.principal.tenant_id, coupon_id, now)
    return json_response(serializers.told(*told, now))


@routes.route("/assign", methods=["POST"])
@routes.response(200, Coupon, example=COUPON)
@routes.arguments(
    requests.AssignBody, example={"code": "WELCOME8X4F2K9P", "user_id": "user_123"}
)
def assign(body: dict[str, str]) -> Response:
    """Put a code that nobody holds into a user's hands; again changes nothing."""
    now, caller = utc_now(), g.principal
    by = {"actor": caller.key_id or "", "now": now}
    issued = inventory.assign(caller.tenant_id, **body, **by)
    return json_response(serialization.coupon(issued, now))


@routes.route("/export")
@routes.response(
    200, documents.TEXT, content_type="text/csv", example=documents.CSV_ANSWER
)
@routes.arguments(requests.CodeFilters, location="query")
def export(query: dict[str, Any]) -> Response:
    """Get codes as CSV, newest first; cells that look like formulas begin with '."""
    pages = csv_export.pages(g.principal.tenant_id, query["which"], utc_now())
    begun = list(islice(pages, 2))  # what cannot be done is told by the status
    return Response(chain(begun, pages), content_type="text/csv", headers=FILE)
