"""The coupons of a definition over HTTP: generate, list, revoke (CONTRACTS 1.5)."""

from typing import Any

from flask import Response, g, request

from admin_gateway import requests
from admin_gateway.requests import generation as generating
from admin_gateway.responses import batches as batch_documents
from admin_gateway.responses import core, serializers
from coupon_core.domain import serialization
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.services import batches
from coupon_core.services.coupons import administration, generation
from coupon_core.web.blueprint import (
    JsonBlueprint,
    body_limit,
    documents_body,
    documents_query,
)
from coupon_core.web.responses import json_response

routes = JsonBlueprint("coupons", __name__, description="Coupons of a definition")


@routes.route("/<definition_id>/generate", methods=["POST"])
@routes.response(201, core.Generated, example=core.GENERATED)
@routes.alt_response(
    202, schema=batch_documents.Batch, example=batch_documents.NEW_BATCH
)
@documents_body(requests.GenerateBody, example={"user_ids": ["user_123"]})
@documents_query(requests.GenerateQuery)
@body_limit(generating.MOST_BYTES)
def generate(definition_id: str) -> Response:
    """Make a coupon for each user, or some that nobody holds yet: all or none.

    Up to 1,000 are made at once; more become a batch (202). Users may also come as
    text/csv, a user id a line; what the query says is for those.
    """
    wanted = generating.wanted_by(request)
    if not wanted.is_small:
        return _accept(definition_id, wanted)
    now, tenant_id, users = utc_now(), g.principal.tenant_id, wanted.holders
    ids = tenant_id, definition_id
    made = generation.generate(*ids, users, now, wanted.expires_at)
    return json_response(serializers.generated(made, now), 201)


def _accept(definition_id: str, wanted: batches.Wanted) -> Response:
    tenant_id = g.principal.tenant_id
    batch = batches.request(tenant_id, definition_id, wanted, utc_now())
    return serializers.accepted_batch(batch)


@routes.route("/<definition_id>/coupons")
@routes.response(200, core.Coupons, example=core.COUPONS)
@routes.arguments(requests.CouponQuery, location="query")
def list_all(query: dict[str, Any], definition_id: str) -> Response:
    """List the coupons of a definition, newest first."""
    now, page = utc_now(), query.pop("page")
    which = CouponFilter(definition_id=definition_id, **query)
    found = administration.listed(g.principal.tenant_id, which, page, now)
    return json_response(serializers.coupons(found, now))


@routes.route("/<definition_id>/coupons/<coupon_id>")
@routes.response(200, core.Coupon, example=core.COUPON)
def get(definition_id: str, coupon_id: str) -> Response:
    """Show a coupon."""
    now, which = utc_now(), CouponFilter(definition_id, coupon_id=coupon_id)
    issued = administration.get(g.principal.tenant_id, which, now)
    return json_response(serialization.coupon(issued, now))


@routes.route("/<definition_id>/coupons/<coupon_id>/revoke", methods=["POST"])
@routes.response(200, core.Coupon, example=core.REVOKED)
def revoke(definition_id: str, coupon_id: str) -> Response:
    """Take a coupon out of use; again changes nothing."""
    return _revoke(CouponFilter(definition_id, coupon_id=coupon_id))


@routes.route("/<definition_id>/coupons/revoke", methods=["POST"])
@routes.response(200, core.Coupon, example=core.REVOKED)
@routes.arguments(requests.RevokeBody, example={"code": "WELCOME8X4F2K9P"})
def revoke_code(body: dict[str, str], definition_id: str) -> Response:
    """Take a coupon out of use, named by its code and, if shared, its user."""
    return _revoke(CouponFilter(definition_id, **body))


def _revoke(which: CouponFilter) -> Response:
    now, caller = utc_now(), g.principal
    revoked = administration.revoke(caller.tenant_id, which, now, caller.key_id or "")
    return json_response(serialization.coupon(revoked, now))


@routes.route("/codes/<code>")
@routes.response(200, core.Coupons, example=core.COUPONS)
@routes.arguments(requests.ListQuery, location="query")
def of_code(query: dict[str, Any], code: str) -> Response:
    """Show who holds a code, whichever definition it is of."""
    now = utc_now()
    found = administration.of_code(g.principal.tenant_id, code, query["page"], now)
    return json_response(serializers.coupons(found, now))
