"""Routes for all codes of a tenant: list, show, assign, export."""

from itertools import chain, islice
from typing import Any

from flask import Response, g

from admin_gateway.requests.codes import (
    AssignCodeSchema,
    CodeFilterSchema,
    CodeQuerySchema,
    format_cursor,
)
from admin_gateway.responses import serializers
from admin_gateway.responses.codes import (
    CODE_PAGE,
    COUPON_WITH_TIMELINE,
    CSV_EXPORT,
    TEXT_SCHEMA,
    CodePageSchema,
    CouponWithTimelineSchema,
)
from admin_gateway.responses.core import EXAMPLE_COUPON, CouponSchema
from admin_gateway.responses.explanation_documents import serialize_coupon_with_timeline
from coupon_core.domain import serialization
from coupon_core.domain.models import utc_now
from coupon_core.services.codes import csv_export, inventory, timeline
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.openapi.headers import refer_to_headers
from coupon_core.web.responses import json_response
from coupon_core.web.slow_requests import slow_request

routes = JsonBlueprint("codes", __name__, description="All codes of a tenant")
EXPORT_HEADERS = {"Content-Disposition": 'attachment; filename="codes.csv"'}


@routes.route("")
@routes.response(200, CodePageSchema, example=CODE_PAGE)
@routes.arguments(CodeQuerySchema, location="query")
def list_all(query: dict[str, Any]) -> Response:
    """List codes, newest first; the number of codes does not affect the speed.

    A page may hold fewer codes than `limit`, or none, and still have a `next` cursor.
    """
    now, coupon_filter = utc_now(), query["coupon_filter"]
    rows, last_id = inventory.list_codes(
        g.principal.tenant_id, coupon_filter, cursor=query["cursor"], now=now
    )
    coupons = [serializers.serialize_coupon_with_batch(row, now) for row in rows]
    next_cursor = format_cursor(last_id, coupon_filter) if last_id else None
    return json_response({"coupons": coupons, "next": next_cursor})


@routes.route("/<coupon_id>")
@routes.response(
    200,
    CouponWithTimelineSchema,
    example=COUPON_WITH_TIMELINE,
)
def get(coupon_id: str) -> Response:
    """Return a coupon with its timeline, and the actor of each event if known.

    `state` says whether its holder, or any user, can redeem it now.
    """
    now = utc_now()
    coupon, entries = timeline.get_timeline(g.principal.tenant_id, coupon_id, now=now)
    return json_response(serialize_coupon_with_timeline(coupon, entries, now=now))


@routes.route("/assign", methods=["POST"])
@routes.response(200, CouponSchema, example=EXAMPLE_COUPON)
@routes.arguments(
    AssignCodeSchema,
    example={"code": "WELCOME8X4F2K9P", "user_id": "user_123"},
)
def assign(body: dict[str, Any]) -> Response:
    """Assign an unassigned code to a user (idempotent)."""
    now, caller = utc_now(), g.principal
    issued = inventory.assign(
        caller.tenant_id, **body, actor=caller.key_id or "", now=now
    )
    return json_response(serialization.serialize_coupon(issued, now))


@routes.route("/export")
@routes.response(
    200,
    TEXT_SCHEMA,
    content_type="text/csv",
    example=CSV_EXPORT,
    headers=refer_to_headers("Content-Disposition"),
)
@routes.arguments(CodeFilterSchema, location="query")
@slow_request
def export(query: dict[str, Any]) -> Response:
    """Export codes as CSV, newest first. Cells that look like formulas start with '.

    Needs the scope `export`; every export is recorded in the audit log.
    """
    pages = csv_export.export_pages(
        g.principal.tenant_id, query["coupon_filter"], now=utc_now()
    )
    # Read before the status is sent, so that an error can still set it.
    first_pages = list(islice(pages, 2))
    return Response(
        chain(first_pages, pages), content_type="text/csv", headers=EXPORT_HEADERS
    )
