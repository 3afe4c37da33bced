"""The coupons of a definition over HTTP: generate, list, revoke (CONTRACTS 1.5)."""

from typing import Any

from flask import Response, g, request

from admin_gateway import answers, batch_documents, documents, generating, schemas
from coupon_core import batches, coupons, generation, phoenix
from coupon_core.model import utc_now
from coupon_core.store.coupons import CouponFilter
from coupon_core.web.answers import json_response
from coupon_core.web.blueprints import (
    JsonBlueprint,
    body_limit,
    documents_body,
    documents_query,
)

routes = JsonBlueprint("coupons", __name__, description="Coupons of a definition")


@routes.route("/<definition_id>/generate", methods=["POST"])
@routes.response(201, documents.Generated, example=documents.GENERATED)
@routes.alt_response(
    202, schema=batch_documents.Batch, example=batch_documents.NEW_BATCH
)
@documents_body(schemas.GenerateBody, example={"user_ids": ["user_123"]})
@documents_query(schemas.GenerateQuery)
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
    return json_response(answers.generated(made, now), 201)


def _accept(definition_id: str, wanted: batches.Wanted) -> Response:
    tenant_id = g.principal.tenant_id
    batch = batches.request(tenant_id, definition_id, wanted, utc_now())
    return answers.accepted_batch(batch)


@routes.route("/<definition_id>/coupons")
@routes.response(200, documents.Coupons, example=documents.COUPONS)
@routes.arguments(schemas.CouponQuery, location="query")
def list_all(query: dict[str, Any], definition_id: str) -> Response:
    """List the coupons of a definition, newest first."""
    now, page = utc_now(), query.pop("page")
    which = CouponFilter(definition_id=definition_id, **query)
    found = coupons.listed(g.principal.tenant_id, which, page, now)
    return json_response(answers.coupons(found, now))


@routes.route("/<definition_id>/coupons/<coupon_id>")
@routes.response(200, documents.Coupon, example=documents.COUPON)
def get(definition_id: str, coupon_id: str) -> Response:
    """Show a coupon."""
    now, which = utc_now(), CouponFilter(definition_id, coupon_id=coupon_id)
    issued = coupons.get(g.principal.tenant_id, which, now)
    return json_response(phoenix.coupon(issued, now))


@routes.route("/<definition_id>/coupons/<coupon_id>/revoke", methods=["POST"])
@routes.response(200, documents.Coupon, example=documents.REVOKED)
def revoke(definition_id: str, coupon_id: str) -> Response:
    """Take a coupon out of use; again changes nothing."""
    return _revoke(CouponFilter(definition_id, coupon_id=coupon_id))


@routes.route("/<definition_id>/coupons/revoke", methods=["POST"])
@routes.response(200, documents.Coupon, example=documents.REVOKED)
@routes.arguments(schemas.RevokeBody, example={"code": "WELCOME8X4F2K9P"})
def revoke_code(body: dict[str, str], definition_id: str) -> Response:
    """Take a coupon out of use, named by its code and, if shared, its user."""
    return _revoke(CouponFilter(definition_id, **body))


def _revoke(which: CouponFilter) -> Response:
    now, caller = utc_now(), g.principal
    revoked = coupons.revoke(caller.tenant_id, which, now, caller.key_id or "")
    return json_response(phoenix.coupon(revoked, now))


@routes.route("/codes/<code>")
@routes.response(200, documents.Coupons, example=documents.COUPONS)
@routes.arguments(schemas.ListQuery, location="query")
def of_code(query: dict[str, Any], code: str) -> Response:
    """Show who holds a code, whichever definition it is of."""
    now = utc_now()
    found = coupons.of_code(g.principal.tenant_id, code, query["page"], now)
    return json_response(answers.coupons(found, now))
