"""Routes for the users that a tenant registers (the Mambo specification)."""

from typing import Any

from flask import Response, g

from admin_gateway import requests
from admin_gateway.responses import points as point_responses
from admin_gateway.responses import serializers
from coupon_core.domain.models import utc_now
from coupon_core.services.points import users
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.responses import json_response

routes = JsonBlueprint("users", __name__, description="Registered users")


@routes.route("", methods=["POST"])
@routes.response(201, point_responses.UserSchema, example=point_responses.USER)
@routes.arguments(requests.CreateUserSchema, example={"user_id": "john@doe.com"})
def create(body: dict[str, Any]) -> Response:
    """Register a user."""
    user = users.create(g.principal.tenant_id, body, now=utc_now())
    return json_response(point_responses.serialize_user(user), 201)


@routes.route("")
@routes.response(200, point_responses.UserListSchema, example=point_responses.USERS)
@routes.arguments(requests.UserQuerySchema, location="query")
def list_all(query: dict[str, Any]) -> Response:
    """List registered users, by id."""
    rows_and_total = users.list_users(g.principal.tenant_id, **query)
    return serializers.page_response(
        "users", rows_and_total, point_responses.serialize_user
    )


@routes.route("/<user_id>")
@routes.response(200, point_responses.UserSchema, example=point_responses.USER)
def get(user_id: str) -> Response:
    """Return a registered user."""
    return json_response(
        point_responses.serialize_user(users.get(g.principal.tenant_id, user_id))
    )


@routes.route("/<user_id>", methods=["PATCH"])
@routes.response(200, point_responses.UserSchema, example=point_responses.USER)
@routes.arguments(requests.UpdateUserSchema, example={"is_member": True})
def change(changes: dict[str, Any], user_id: str) -> Response:
    """Change members of a registered user."""
    user = users.update(g.principal.tenant_id, user_id, changes=changes, now=utc_now())
    return json_response(point_responses.serialize_user(user))
