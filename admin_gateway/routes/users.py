"""Routes for the users that a tenant registers (the Mambo specification)."""

from typing import Any

from flask import g

from admin_gateway.requests.points import (
    CreateUserSchema,
    UpdateUserSchema,
    UserQuerySchema,
)
from admin_gateway.responses.points import UserListSchema, UserSchema
from admin_gateway.responses.serializers import to_page
from coupon_core.domain.models import utc_now
from coupon_core.domain.models.users import RegisteredUser
from coupon_core.schemas.base import Document
from coupon_core.services.points import users
from coupon_core.web.blueprint import JsonBlueprint

routes = JsonBlueprint("users", __name__, description="Registered users")


@routes.route("", methods=["POST"])
@routes.response(201, UserSchema)
@routes.arguments(CreateUserSchema, example={"user_id": "john@doe.com"})
def create(body: dict[str, Any]) -> RegisteredUser:
    """Register a user."""
    return users.create(g.principal.tenant_id, body, now=utc_now())


@routes.route("")
@routes.response(200, UserListSchema)
@routes.arguments(UserQuerySchema, location="query")
def list_all(query: dict[str, Any]) -> Document:
    """List registered users, by id."""
    return to_page("users", users.list_users(g.principal.tenant_id, **query))


@routes.route("/<user_id>")
@routes.response(200, UserSchema)
def get(user_id: str) -> RegisteredUser:
    """Return a registered user."""
    return users.get(g.principal.tenant_id, user_id)


@routes.route("/<user_id>", methods=["PATCH"])
@routes.response(200, UserSchema)
@routes.arguments(UpdateUserSchema, example={"is_member": True})
def change(changes: dict[str, Any], user_id: str) -> RegisteredUser:
    """Change members of a registered user."""
    return users.update(g.principal.tenant_id, user_id, changes=changes, now=utc_now())
