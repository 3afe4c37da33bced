"""Coupons of a site: list, validate, create, change, clone, delete (CONTRACTS 4.2)."""

from typing import Any

from flask import Response, g

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.filters import OfferFilter
from coupon_core.domain.models.purchases import Action, Order
from coupon_core.schemas.errors import Problem
from coupon_core.services.points import activities, offers, users
from coupon_core.web.blueprint import JsonBlueprint, body_limit
from coupon_core.web.idempotency import reads_only
from coupon_core.web.responses import json_response, no_content
from query_gateway.mambo import serializers
from query_gateway.mambo.authentication import authenticate
from query_gateway.mambo.schemas import activities as schemas
from query_gateway.mambo.serializers import checked_coupon

NOT_FOUND = "#/components/responses/MamboErrorNOT_FOUND"
MOST_BYTES = 262_144  # a thousand codes and all else

blueprint = JsonBlueprint(
    "mambo_coupons",
    __name__,
    url_prefix="/api/v1",
    description="Coupons of a site (Mambo)",
)
blueprint.before_request(authenticate)


@blueprint.route("/<site>/coupons", methods=["POST"])
@blueprint.response(201, schemas.MamboCoupon, example=schemas.COUPON)
@blueprint.arguments(schemas.MamboCouponBody, example=schemas.NEW_COUPON)
@body_limit(MOST_BYTES)
def create(wanted: offers.Wanted) -> Response:
    """Add a coupon, with one code for all or a list of codes."""
    made = offers.create(g.principal.tenant_id, wanted, utc_now())
    return json_response(serializers.whole_coupon(made), 201)


def _list(query: dict[str, Any], **chosen: Any) -> Response:
    tenant_id = g.principal.tenant_id
    uuid = query.pop("uuid", None)
    visible_to = users.get(tenant_id, uuid).tags if uuid else None
    page = query.pop("page")
    which = OfferFilter(**query, visible_to=visible_to, **chosen)
    found = offers.listed(tenant_id, which, page)
    return json_response([serializers.coupon(one) for one in found])


@blueprint.route("/<site>/coupons")
@blueprint.response(200, schemas.MamboCoupon(many=True), example=[schemas.COUPON])
@blueprint.arguments(schemas.MamboCouponQuery, location="query")
def list_all(query: dict[str, Any]) -> Response:
    """List coupons, newest first."""
    return _list(query)


@blueprint.route("/<site>/coupons/buyable")
@blueprint.response(200, schemas.MamboCoupon(many=True), example=[schemas.COUPON])
@blueprint.arguments(schemas.MamboCouponQuery, location="query")
def list_buyable(query: dict[str, Any]) -> Response:
    """List the active coupons that can be bought with points."""
    return _list(query, buyable=True, only_active=True)


@blueprint.route("/<site>/coupons/regular")
@blueprint.response(200, schemas.MamboCoupon(many=True), example=[schemas.REGULAR])
@blueprint.arguments(schemas.MamboCouponQuery, location="query")
def list_regular(query: dict[str, Any]) -> Response:
    """List the active coupons that cannot be bought."""
    return _list(query, buyable=False, only_active=True)


@blueprint.route("/<site>/coupons/validate", methods=["POST"])
@blueprint.response(200, schemas.MamboValidated, example=schemas.VALIDATED)
@blueprint.arguments(schemas.MamboCodeBody, example=schemas.CODE_BODY)
@reads_only
def validate(body: dict[str, str]) -> Response:
    """Tell whether a user could redeem a code now; if not, which exception it is."""
    tenant_id = g.principal.tenant_id
    order = Order(tenant_id, body["uuid"], Action.REDEEM, body["code"])
    definition_id = activities.validate(order, utc_now())
    found = offers.get(tenant_id, definition_id)
    return json_response({"valid": True, "coupon": serializers.coupon(found)})


@blueprint.route("/coupons/<coupon_id>")
@blueprint.response(200, schemas.MamboCoupon, example=schemas.COUPON)
def get(coupon_id: str) -> Response:
    """Show a coupon, with the codes of its list if it has one."""
    found = offers.get(g.principal.tenant_id, checked_coupon(coupon_id))
    return json_response(serializers.whole_coupon(found))


@blueprint.route("/coupons/<coupon_id>", methods=["PUT"])
@blueprint.response(200, schemas.MamboCoupon, example=schemas.COUPON)
@blueprint.arguments(schemas.MamboCouponBody, example=schemas.NEW_COUPON)
@body_limit(MOST_BYTES)
def replace(wanted: offers.Wanted, coupon_id: str) -> Response:
    """Replace a coupon; to a list, codes are added."""
    ids = g.principal.tenant_id, checked_coupon(coupon_id)
    changed = offers.update(*ids, wanted, utc_now())
    return json_response(serializers.whole_coupon(changed))


@blueprint.route("/coupons/<coupon_id>", methods=["DELETE"])
@blueprint.response(204)
def delete(coupon_id: str) -> Response:
    """End a coupon; what users hold of it is worth nothing any more."""
    return _delete([checked_coupon(coupon_id)])


@blueprint.route("/coupons", methods=["DELETE"])
@blueprint.response(204)
@blueprint.doc(responses={"404": {"$ref": NOT_FOUND}})
@blueprint.arguments(schemas.MamboIds, example={"ids": [schemas.COUPON["id"]]})
def delete_many(body: dict[str, list[str]]) -> Response:
    """End several coupons: all or none."""
    return _delete(body["ids"])


def _delete(ids: list[str]) -> Response:
    offers.delete(g.principal.tenant_id, ids, utc_now())
    return no_content()


@blueprint.route("/coupons/<coupon_id>/clone", methods=["POST"])
@blueprint.response(201, schemas.MamboCoupon, example=schemas.CLONED)
def clone(coupon_id: str) -> Response:
    """Add a coupon on the same terms, not active yet, with a code of its own."""
    ids = g.principal.tenant_id, checked_coupon(coupon_id)
    made = offers.clone(*ids, utc_now())
    return json_response(serializers.whole_coupon(made), 201)


@blueprint.route("/coupons/<coupon_id>/image", methods=["POST"])
def add_image(coupon_id: str) -> Response:
    """Refused always: images are not kept here."""
    offers.get(g.principal.tenant_id, checked_coupon(coupon_id))
    text = "Images are not kept here: put the address of one into custom or a tag"
    raise Problem(400, "ImageNotSupportedException", text)
