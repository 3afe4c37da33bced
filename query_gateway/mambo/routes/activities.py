"""Views of coupon activities: buy, redeem, refund (the Mambo specification)."""

from typing import Any

from flask import Response, g

from coupon_core.domain.models import Page, utc_now
from coupon_core.domain.models.attempts import AttemptAction
from coupon_core.domain.models.filters import ActivityFilter
from coupon_core.domain.models.purchases import Action, ActivityRequest
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.services.points import activities, users
from coupon_core.web.attempts import announce_attempt
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.error_handlers import report_refusal
from coupon_core.web.responses import json_response
from query_gateway.mambo import serializers
from query_gateway.mambo.authentication import authenticate
from query_gateway.mambo.list_filters import read_filters
from query_gateway.mambo.schemas.activities import (
    EXAMPLE_ACTIVITY,
    EXAMPLE_ACTIVITY_BODY,
    EXAMPLE_CODE_BODY,
    EXAMPLE_ID,
    EXAMPLE_REJECTED_ACTIVITY,
    MamboActivityBodySchema,
    MamboActivitySchema,
    MamboCodeBodySchema,
    MamboIdSchema,
    MamboRejectionSchema,
)
from query_gateway.mambo.schemas.queries import (
    MamboActivityQuerySchema,
    MamboUserListQuerySchema,
)
from query_gateway.mambo.serializers import parse_activity_id, parse_user_id

blueprint = JsonBlueprint(
    "mambo_activities",
    __name__,
    url_prefix="/api/v1",
    description="Buy, redeem and refund coupons (Mambo)",
)
blueprint.before_request(authenticate)


def _to_activity_request(body: dict[str, Any]) -> ActivityRequest:
    attrs, user_id = body.pop("attrs"), body.pop("uuid")
    created_at = body.pop("createdOnOverride", None)
    if created_at:
        body["createdOnOverride"] = format_timestamp_milliseconds(created_at)
    return ActivityRequest(
        g.principal.tenant_id,
        user_id,
        action=Action(attrs["action"]),
        code=attrs["code"],
        attributes=body,
        tags=[*body.get("tagTags", ()), *body.get("tagIds", ())],
        created_at=created_at,
    )


def _announce(activity_request: ActivityRequest) -> ActivityRequest:
    action = AttemptAction(activity_request.action)
    announce_attempt(action, activity_request.code, activity_request.user_id)
    return activity_request


@blueprint.route("/<site>/activities/sync", methods=["POST"])
@blueprint.response(200, MamboIdSchema, example=EXAMPLE_ID)
@blueprint.arguments(MamboActivityBodySchema, example=EXAMPLE_ACTIVITY_BODY)
def perform(body: dict[str, Any]) -> Response:
    """Buy, redeem or refund a coupon; a refusal changes nothing."""
    activity = activities.perform(_announce(_to_activity_request(body)), utc_now())
    return json_response({"id": activity.activity_id})


@blueprint.route("/<site>/activities", methods=["POST"])
@blueprint.response(200, MamboIdSchema, example=EXAMPLE_ID)
@blueprint.arguments(MamboActivityBodySchema, example=EXAMPLE_ACTIVITY_BODY)
def attempt(body: dict[str, Any]) -> Response:
    """Buy, redeem or refund a coupon; the activity records the result."""
    activity = activities.perform_or_record_failure(
        _announce(_to_activity_request(body)), utc_now(), report_refusal
    )
    return json_response({"id": activity.activity_id})


def _legacy_activity(action: Action, body: dict[str, str]) -> Response:
    activity_request = ActivityRequest(
        g.principal.tenant_id, body["uuid"], action=action, code=body["code"]
    )
    activity = activities.perform(_announce(activity_request), utc_now())
    return json_response({"id": activity.activity_id})


@blueprint.route("/<site>/coupons/redeem", methods=["POST"])
@blueprint.response(200, MamboIdSchema, example=EXAMPLE_ID)
@blueprint.arguments(MamboCodeBodySchema, example=EXAMPLE_CODE_BODY)
def redeem(body: dict[str, str]) -> Response:
    """Redeem a coupon (route of the 2015 SDKs)."""
    return _legacy_activity(Action.REDEEM, body)


@blueprint.route("/<site>/coupons/refund", methods=["POST"])
@blueprint.response(200, MamboIdSchema, example=EXAMPLE_ID)
@blueprint.arguments(MamboCodeBodySchema, example=EXAMPLE_CODE_BODY)
def refund(body: dict[str, str]) -> Response:
    """Refund a coupon (route of the 2015 SDKs)."""
    return _legacy_activity(Action.REFUND, body)


@blueprint.route("/<site>/activities")
@blueprint.response(200, MamboActivitySchema(many=True), example=[EXAMPLE_ACTIVITY])
@blueprint.arguments(MamboActivityQuerySchema, location="query")
def list_all(query: dict[str, Any]) -> Response:
    """List activities, newest first."""
    return _list_activities(*read_filters(query))


def _list_activities(members: dict[str, Any], page: Page) -> Response:
    rows = activities.list_activities(
        g.principal.tenant_id, ActivityFilter(**members), page=page
    )
    return json_response([serializers.serialize_activity(row) for row in rows])


def _list_activities_of_user(query: dict[str, Any], uuid: str) -> Response:
    user = users.get(g.principal.tenant_id, parse_user_id(uuid))
    members, page = read_filters(query, user)
    return _list_activities({**members, "user_id": user.user_id}, page)


@blueprint.route("/<site>/activities/<uuid>")
@blueprint.response(200, MamboActivitySchema(many=True), example=[EXAMPLE_ACTIVITY])
@blueprint.arguments(MamboUserListQuerySchema, location="query")
def list_by_user(query: dict[str, Any], uuid: str) -> Response:
    """List the activities of a user, newest first."""
    return _list_activities_of_user(query, uuid)


@blueprint.route("/<site>/users/<uuid>/activities")
@blueprint.response(200, MamboActivitySchema(many=True), example=[EXAMPLE_ACTIVITY])
@blueprint.arguments(MamboUserListQuerySchema, location="query")
def list_of_user(query: dict[str, Any], uuid: str) -> Response:
    """List the activities of a user, newest first (another path of the same list)."""
    return _list_activities_of_user(query, uuid)


@blueprint.route("/activities/<activity_id>")
@blueprint.response(200, MamboActivitySchema, example=EXAMPLE_ACTIVITY)
def get(activity_id: str) -> Response:
    """Show an activity."""
    found = activities.get(g.principal.tenant_id, parse_activity_id(activity_id))
    return json_response(serializers.serialize_activity(found))


@blueprint.route("/activities/<activity_id>/reject", methods=["POST"])
@blueprint.response(200, MamboActivitySchema, example=EXAMPLE_REJECTED_ACTIVITY)
@blueprint.arguments(MamboRejectionSchema, example={"reason": "By mistake"})
def reject(body: dict[str, str], activity_id: str) -> Response:
    """Mark an activity as rejected; only a refund undoes its effect."""
    rejected = activities.reject(
        g.principal.tenant_id, parse_activity_id(activity_id), reason=body["reason"]
    )
    return json_response(serializers.serialize_activity(rejected))
