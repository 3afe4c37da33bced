"""The whole stock of codes over HTTP: look through, give to users, export."""

from itertools import chain, islice
from typing import Any

from flask import Response, g

from admin_gateway import answers, schemas
from admin_gateway import code_documents as documents
from admin_gateway.documents import COUPON, Coupon
from coupon_core import exporting, inventory, phoenix
from coupon_core.model import utc_now
from coupon_core.web.answers import json_response
from coupon_core.web.blueprints import JsonBlueprint

routes = JsonBlueprint("codes", __name__, description="The stock of codes")
FILE = {"Content-Disposition": 'attachment; filename="codes.csv"'}


@routes.route("")
@routes.response(200, documents.Codes, example=documents.CODES)
@routes.arguments(schemas.CodeQuery, location="query")
def list_all(query: dict[str, Any]) -> Response:
    """List codes, newest first, as quick among ten million as among ten.

    A page may hold fewer than `limit`, even none, while `next` tells where to go on.
    """
    now, which, place = utc_now(), query["which"], query["place"]
    rows, last = inventory.listed(g.principal.tenant_id, which, place, now)
    shown = [answers.stocked(row, now) for row in rows]
    following = schemas.cursor_of(last, which) if last else None
    return json_response({"coupons": shown, "next": following})


@routes.route("/<coupon_id>")
@routes.response(200, documents.ToldCoupon, example=documents.TOLD)
def get(coupon_id: str) -> Response:
    """Show a coupon and all that became of it, by whom where that is known."""
    now = utc_now()
    told = inventory.timeline(g.principal.tenant_id, coupon_id, now)
    return json_response(answers.told(*told, now))


@routes.route("/assign", methods=["POST"])
@routes.response(200, Coupon, example=COUPON)
@routes.arguments(
    schemas.AssignBody, example={"code": "WELCOME8X4F2K9P", "user_id": "user_123"}
)
def assign(body: dict[str, str]) -> Response:
    """Put a code that nobody holds into a user's hands; again changes nothing."""
    now, caller = utc_now(), g.principal
    by = {"actor": caller.key_id or "", "now": now}
    issued = inventory.assign(caller.tenant_id, **body, **by)
    return json_response(phoenix.coupon(issued, now))


@routes.route("/export")
@routes.response(
    200, documents.TEXT, content_type="text/csv", example=documents.CSV_ANSWER
)
@routes.arguments(schemas.CodeFilters, location="query")
def export(query: dict[str, Any]) -> Response:
    """Get codes as CSV, newest first; cells that look like formulas begin with '."""
    pages = exporting.pages(g.principal.tenant_id, query["which"], utc_now())
    begun = list(islice(pages, 2))  # what cannot be done is told by the status
    return Response(chain(begun, pages), content_type="text/csv", headers=FILE)
