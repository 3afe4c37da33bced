"""Views of a site's coupons (docs/api-contracts.md 4.2)."""

from typing import Any

from flask import Response, g

from coupon_core.domain.models import Decision, Dialect, Validation, utc_now
from coupon_core.domain.models.attempts import AttemptAction
from coupon_core.domain.models.filters import OfferFilter
from coupon_core.domain.models.purchases import Action, ActivityRequest
from coupon_core.schemas.errors import ApiError
from coupon_core.services.points import activities, offers
from coupon_core.web.attempts import announce_attempt, record_validation
from coupon_core.web.blueprint import JsonBlueprint, limit_body
from coupon_core.web.idempotency import safe_post
from coupon_core.web.responses import json_response, no_content_response
from query_gateway.mambo import serializers
from query_gateway.mambo.authentication import authenticate
from query_gateway.mambo.list_filters import read_filters
from query_gateway.mambo.schemas.activities import (
    EXAMPLE_CODE_BODY,
    EXAMPLE_VALIDATION,
    MamboCodeBodySchema,
    MamboValidationSchema,
)
from query_gateway.mambo.schemas.coupons import (
    EXAMPLE_CLONED_COUPON,
    EXAMPLE_COUPON,
    EXAMPLE_COUPON_BODY,
    EXAMPLE_REGULAR_COUPON,
    MamboCouponBodySchema,
    MamboCouponSchema,
)
from query_gateway.mambo.schemas.queries import MamboIdsSchema, MamboListQuerySchema
from query_gateway.mambo.serializers import parse_coupon_id

NOT_FOUND_RESPONSE = "#/components/responses/MamboNOT_FOUND"
# Enough for 1,000 codes and all other members.
MAX_BODY_BYTES = 262_144

blueprint = JsonBlueprint(
    "mambo_coupons",
    __name__,
    url_prefix="/api/v1",
    description="Coupons of a site (Mambo)",
)
blueprint.before_request(authenticate)


@blueprint.route("/<site>/coupons", methods=["POST"])
@blueprint.response(201, MamboCouponSchema, example=EXAMPLE_COUPON)
@blueprint.arguments(MamboCouponBodySchema, example=EXAMPLE_COUPON_BODY)
@limit_body(MAX_BODY_BYTES)
def create(offer_draft: offers.OfferDraft) -> Response:
    """Create a coupon with one shared code or a list of codes."""
    created = offers.create(g.principal.tenant_id, offer_draft, now=utc_now())
    return json_response(serializers.serialize_coupon_with_codes(created), 201)


def _list_offers(query: dict[str, Any], **filters: Any) -> Response:
    members, page = read_filters(query)
    offer_filter = OfferFilter(**members, **filters)
    found = offers.list_offered_coupons(g.principal.tenant_id, offer_filter, page=page)
    return json_response([serializers.serialize_coupon(coupon) for coupon in found])


@blueprint.route("/<site>/coupons")
@blueprint.response(200, MamboCouponSchema(many=True), example=[EXAMPLE_COUPON])
@blueprint.arguments(MamboListQuerySchema, location="query")
def list_all(query: dict[str, Any]) -> Response:
    """List coupons, newest first."""
    return _list_offers(query)


@blueprint.route("/<site>/coupons/buyable")
@blueprint.response(200, MamboCouponSchema(many=True), example=[EXAMPLE_COUPON])
@blueprint.arguments(MamboListQuerySchema, location="query")
def list_buyable(query: dict[str, Any]) -> Response:
    """List the active coupons that can be bought with points."""
    return _list_offers(query, buyable=True, only_active=True)


@blueprint.route("/<site>/coupons/regular")
@blueprint.response(200, MamboCouponSchema(many=True), example=[EXAMPLE_REGULAR_COUPON])
@blueprint.arguments(MamboListQuerySchema, location="query")
def list_regular(query: dict[str, Any]) -> Response:
    """List the active coupons that cannot be bought."""
    return _list_offers(query, buyable=False, only_active=True)


@blueprint.route("/<site>/coupons/validate", methods=["POST"])
@blueprint.response(200, MamboValidationSchema, example=EXAMPLE_VALIDATION)
@blueprint.arguments(MamboCodeBodySchema, example=EXAMPLE_CODE_BODY)
@safe_post
def validate(body: dict[str, str]) -> Response:
    """Check whether a user can redeem a code now; if not, return the exception."""
    tenant_id = g.principal.tenant_id
    activity_request = ActivityRequest(
        tenant_id, body["uuid"], action=Action.REDEEM, code=body["code"]
    )
    announce_attempt(AttemptAction.VALIDATE, body["code"], body["uuid"])
    definition = activities.validate(activity_request, utc_now())
    result = Validation(Decision(), definition=definition)
    record_validation(result, body["code"], user_id=body["uuid"], dialect=Dialect.MAMBO)
    found = offers.get(tenant_id, definition.definition_id)
    return json_response({"valid": True, "coupon": serializers.serialize_coupon(found)})


@blueprint.route("/coupons/<coupon_id>")
@blueprint.response(200, MamboCouponSchema, example=EXAMPLE_COUPON)
def get(coupon_id: str) -> Response:
    """Show a coupon, with its list of codes if it has one."""
    found = offers.get(g.principal.tenant_id, parse_coupon_id(coupon_id))
    return json_response(serializers.serialize_coupon_with_codes(found))


@blueprint.route("/coupons/<coupon_id>", methods=["PUT"])
@blueprint.response(200, MamboCouponSchema, example=EXAMPLE_COUPON)
@blueprint.arguments(MamboCouponBodySchema, example=EXAMPLE_COUPON_BODY)
@limit_body(MAX_BODY_BYTES)
def replace(offer_draft: offers.OfferDraft, coupon_id: str) -> Response:
    """Replace a coupon; new codes are appended to a list."""
    changed = offers.update(
        g.principal.tenant_id,
        parse_coupon_id(coupon_id),
        draft=offer_draft,
        now=utc_now(),
    )
    return json_response(serializers.serialize_coupon_with_codes(changed))


@blueprint.route("/coupons/<coupon_id>", methods=["DELETE"])
@blueprint.response(204)
def delete(coupon_id: str) -> Response:
    """Delete a coupon; users can no longer redeem what they hold of it."""
    return _delete_offers([parse_coupon_id(coupon_id)])


@blueprint.route("/coupons", methods=["DELETE"])
@blueprint.response(204)
@blueprint.doc(responses={"404": {"$ref": NOT_FOUND_RESPONSE}})
@blueprint.arguments(MamboIdsSchema, example={"ids": [EXAMPLE_COUPON["id"]]})
@limit_body(MAX_BODY_BYTES)
def delete_many(body: dict[str, list[str]]) -> Response:
    """Delete several coupons: all of them or none."""
    return _delete_offers([parse_coupon_id(text) for text in body["ids"]])


def _delete_offers(coupon_ids: list[str]) -> Response:
    offers.delete(g.principal.tenant_id, coupon_ids, now=utc_now())
    return no_content_response()


@blueprint.route("/coupons/<coupon_id>/clone", methods=["POST"])
@blueprint.response(201, MamboCouponSchema, example=EXAMPLE_CLONED_COUPON)
def clone(coupon_id: str) -> Response:
    """Create an inactive copy of a coupon with a code of its own."""
    created = offers.clone(
        g.principal.tenant_id, parse_coupon_id(coupon_id), now=utc_now()
    )
    return json_response(serializers.serialize_coupon_with_codes(created), 201)


@blueprint.route("/coupons/<coupon_id>/image", methods=["POST"])
@blueprint.response(200, MamboCouponSchema, example=EXAMPLE_COUPON)
def add_image(coupon_id: str) -> Response:
    """Refuse an image; images are not supported, so the documented 200 is not sent."""
    offers.get(g.principal.tenant_id, parse_coupon_id(coupon_id))
    text = "Images are not supported: put the URL of an image into custom instead"
    raise ApiError(400, "ImageNotSupportedException", message=text)
