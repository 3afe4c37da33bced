"""Users that a tenant makes known, over HTTP (Mambo, document S4)."""

from typing import Any

from flask import Response, g

from admin_gateway import answers, schemas
from admin_gateway import point_documents as documents
from coupon_core import users
from coupon_core.model import utc_now
from coupon_core.web.answers import json_response
from coupon_core.web.blueprints import JsonBlueprint

routes = JsonBlueprint("users", __name__, description="Users who buy with points")


@routes.route("", methods=["POST"])
@routes.response(201, documents.User, example=documents.USER)
@routes.arguments(schemas.UserBody, example={"user_id": "john@doe.com"})
def create(body: dict[str, Any]) -> Response:
    """Make a user known."""
    made = users.create(g.principal.tenant_id, body, utc_now())
    return json_response(documents.user(made), 201)


@routes.route("")
@routes.response(200, documents.Users, example=documents.USERS)
@routes.arguments(schemas.UserQuery, location="query")
def list_all(query: dict[str, Any]) -> Response:
    """List known users, by id."""
    found = users.listed(g.principal.tenant_id, **query)
    return answers.listed("users", found, documents.user)


@routes.route("/<user_id>")
@routes.response(200, documents.User, example=documents.USER)
def get(user_id: str) -> Response:
    """Show a known user."""
    return json_response(documents.user(users.get(g.principal.tenant_id, user_id)))


@routes.route("/<user_id>", methods=["PATCH"])
@routes.response(200, documents.User, example=documents.USER)
@routes.arguments(schemas.UserChanges, example={"is_member": True})
def change(changes: dict[str, Any], user_id: str) -> Response:
    """Change members of a known user."""
    changed = users.update(g.principal.tenant_id, user_id, changes, utc_now())
    return json_response(documents.user(changed))
