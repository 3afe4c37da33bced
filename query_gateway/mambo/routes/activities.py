"""Coupon activities: buy, redeem, refund; and what was done (document S4)."""

from typing import Any

from flask import Response, g

from coupon_core.domain.models import utc_now
from coupon_core.domain.models.purchases import Action, Order
from coupon_core.services.points import activities
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.responses import json_response
from query_gateway.mambo import serializers
from query_gateway.mambo.authentication import authenticate
from query_gateway.mambo.schemas import activities as schemas
from query_gateway.mambo.serializers import known_id

blueprint = JsonBlueprint(
    "mambo_activities",
    __name__,
    url_prefix="/api/v1",
    description="Buy, redeem and refund coupons (Mambo)",
)
blueprint.before_request(authenticate)


def _ordered(body: dict[str, Any]) -> Order:
    attrs = body.pop("attrs")
    about = body.pop("uuid"), Action(attrs["action"]), attrs["code"]
    return Order(g.principal.tenant_id, *about, attributes=body)


@blueprint.route("/<site>/activities/sync", methods=["POST"])
@blueprint.response(200, schemas.MamboId, example=schemas.ID)
@blueprint.arguments(schemas.MamboActivityBody, example=schemas.NEW_ACTIVITY)
def perform(body: dict[str, Any]) -> Response:
    """Buy, redeem or refund a coupon; what refuses it changes nothing."""
    done = activities.perform(_ordered(body), utc_now())
    return json_response({"id": done.activity_id})


@blueprint.route("/<site>/activities", methods=["POST"])
@blueprint.response(200, schemas.MamboId, example=schemas.ID)
@blueprint.arguments(schemas.MamboActivityBody, example=schemas.NEW_ACTIVITY)
def attempt(body: dict[str, Any]) -> Response:
    """Buy, redeem or refund a coupon; the activity tells what became of it."""
    done = activities.attempt(_ordered(body), utc_now())
    return json_response({"id": done.activity_id})


def _of_2015(action: Action, body: dict[str, str]) -> Response:
    order = Order(g.principal.tenant_id, body["uuid"], action, body["code"])
    done = activities.perform(order, utc_now())
    return json_response({"id": done.activity_id})


@blueprint.route("/<site>/coupons/redeem", methods=["POST"])
@blueprint.response(200, schemas.MamboId, example=schemas.ID)
@blueprint.arguments(schemas.MamboCodeBody, example=schemas.CODE_BODY)
def redeem(body: dict[str, str]) -> Response:
    """Redeem a coupon, as SDKs of 2015 do."""
    return _of_2015(Action.REDEEM, body)


@blueprint.route("/<site>/coupons/refund", methods=["POST"])
@blueprint.response(200, schemas.MamboId, example=schemas.ID)
@blueprint.arguments(schemas.MamboCodeBody, example=schemas.CODE_BODY)
def refund(body: dict[str, str]) -> Response:
    """Refund a coupon, as SDKs of 2015 do."""
    return _of_2015(Action.REFUND, body)


@blueprint.route("/<site>/activities")
@blueprint.response(200, schemas.MamboActivity(many=True), example=[schemas.ACTIVITY])
@blueprint.arguments(schemas.MamboActivityQuery, location="query")
def list_all(query: dict[str, Any]) -> Response:
    """List activities, newest first."""
    user_id = query.get("uuid")
    found = activities.listed(g.principal.tenant_id, query["page"], user_id)
    return json_response([serializers.activity(one) for one in found])


@blueprint.route("/activities/<activity_id>")
@blueprint.response(200, schemas.MamboActivity, example=schemas.ACTIVITY)
def get(activity_id: str) -> Response:
    """Show an activity."""
    found = activities.get(g.principal.tenant_id, known_id(activity_id))
    return json_response(serializers.activity(found))


@blueprint.route("/activities/<activity_id>/reject", methods=["POST"])
@blueprint.response(200, schemas.MamboActivity, example=schemas.REJECTED)
@blueprint.arguments(schemas.MamboRejection, example={"reason": "By mistake"})
def reject(body: dict[str, str], activity_id: str) -> Response:
    """Mark an activity as rejected; what it did is undone by a refund only."""
    ids = g.principal.tenant_id, known_id(activity_id)
    return json_response(serializers.activity(activities.reject(*ids, body["reason"])))
