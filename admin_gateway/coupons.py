"""The coupons of a definition over HTTP: generate, list, revoke (CONTRACTS 1.5)."""

from typing import Any

from flask import Response, g

from admin_gateway import answers, documents, schemas
from coupon_core import coupons, generation, phoenix
from coupon_core.model import utc_now
from coupon_core.store.coupons import CouponFilter
from coupon_core.web.answers import json_response
from coupon_core.web.blueprints import JsonBlueprint, body_limit

MOST_BYTES = 1_048_576  # a thousand user ids, each as long as it may be

routes = JsonBlueprint("coupons", __name__, description="Coupons of a definition")


@routes.route("/<definition_id>/generate", methods=["POST"])
@routes.response(201, documents.Generated, example=documents.GENERATED)
@routes.arguments(schemas.GenerateBody, example={"user_ids": ["user_123"]})
@body_limit(MOST_BYTES)
def generate(body: dict[str, Any], definition_id: str) -> Response:
    """Make a coupon for each user, or some that nobody holds yet: all or none."""
    now, tenant_id = utc_now(), g.principal.tenant_id
    made = generation.generate(tenant_id, definition_id, now=now, **body)
    # Users who held the shared code before keep their coupon: it is not new.
    new = sum(one.coupon.generated_at == now for one in made)
    return json_response(answers.coupons((made, len(made)), now, generated=new), 201)


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
