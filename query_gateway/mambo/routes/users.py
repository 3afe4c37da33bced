"""Views of users and the coupons they hold (docs/api-contracts.md 4.2)."""

from typing import Any

from flask import Response, g

from coupon_core.domain.models import Page, utc_now
from coupon_core.domain.models.filters import OfferFilter
from coupon_core.domain.models.users import RegisteredUser
from coupon_core.schemas.errors import ErrorDetail, validation_error
from coupon_core.services.points import held_coupons as held_coupon_service
from coupon_core.services.points import offers, users
from coupon_core.services.points import wallets as wallet_service
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.responses import json_response
from query_gateway.mambo import serializers
from query_gateway.mambo.authentication import authenticate
from query_gateway.mambo.list_filters import read_filters
from query_gateway.mambo.schemas.queries import MamboUserListQuerySchema
from query_gateway.mambo.schemas.users import (
    EXAMPLE_HELD_COUPON,
    EXAMPLE_USER,
    EXAMPLE_USER_BODY,
    MamboHeldCouponSchema,
    MamboUserBodySchema,
    MamboUserChangesSchema,
    MamboUserSchema,
)
from query_gateway.mambo.serializers import parse_user_id

blueprint = JsonBlueprint(
    "mambo_users",
    __name__,
    url_prefix="/api/v1",
    description="Users, members and their coupons (Mambo)",
)
blueprint.before_request(authenticate)


def _user_response(user: RegisteredUser, status: int = 200) -> Response:
    page = Page(limit=500)
    wallets, _ = wallet_service.list_wallets(user.tenant_id, page, user_id=user.user_id)
    return json_response(serializers.serialize_user(user, wallets), status)


@blueprint.route("/<site>/users", methods=["POST"])
@blueprint.response(201, MamboUserSchema, example=EXAMPLE_USER)
@blueprint.arguments(MamboUserBodySchema, example=EXAMPLE_USER_BODY)
def create(body: dict[str, Any]) -> Response:
    """Register a user; users are members unless isMember is false."""
    return _user_response(users.create(g.principal.tenant_id, body, now=utc_now()), 201)


@blueprint.route("/<site>/users/<uuid>")
@blueprint.response(200, MamboUserSchema, example=EXAMPLE_USER)
def get(uuid: str) -> Response:
    """Show a user and the user's points."""
    return _user_response(users.get(g.principal.tenant_id, parse_user_id(uuid)))


def _update_user(uuid: str, changes: dict[str, Any]) -> RegisteredUser:
    return users.update(
        g.principal.tenant_id, parse_user_id(uuid), changes=changes, now=utc_now()
    )


@blueprint.route("/<site>/users/<uuid>", methods=["PUT"])
@blueprint.response(200, MamboUserSchema, example=EXAMPLE_USER)
@blueprint.arguments(MamboUserChangesSchema, example={"isMember": True})
def update(changes: dict[str, Any], uuid: str) -> Response:
    """Change a user; members that are left out stay unchanged."""
    if changes.pop("uuid", uuid) != uuid:
        text = "expected the uuid in the path, or none; the uuid of a user is final"
        raise validation_error([ErrorDetail(text, "uuid", target="body")])
    return _user_response(_update_user(uuid, changes))


@blueprint.route("/<site>/users/<uuid>/member", methods=["POST"])
@blueprint.response(200, MamboUserSchema, example=EXAMPLE_USER)
def become_member(uuid: str) -> Response:
    """Make a user a member."""
    return _user_response(_update_user(uuid, {"is_member": True}))


def _read_list(
    query: dict[str, Any], uuid: str
) -> tuple[RegisteredUser, dict[str, Any], Page]:
    """Return the user, the members of the filter and the page.

    Raises:
        Refused: The user does not exist.
    """
    user = users.get(g.principal.tenant_id, parse_user_id(uuid))
    members, page = read_filters(query, user)
    return user, members, page


def _list_held_coupons(
    user: RegisteredUser, members: dict[str, Any], page: Page
) -> list[dict[str, Any]]:
    held_coupons = held_coupon_service.list_held_coupons(
        user.tenant_id, user.user_id, offer_filter=OfferFilter(**members), page=page
    )
    now = utc_now()
    return [serializers.serialize_held_coupon(held, now) for held in held_coupons]


def _list_buyable_coupons(
    user: RegisteredUser, members: dict[str, Any], page: Page
) -> list[dict[str, Any]]:
    """Return what the rest of a page has of the coupons that the user can buy."""
    rest = held_coupon_service.get_following_page(
        user.tenant_id, user.user_id, offer_filter=OfferFilter(**members), page=page
    )
    buyable_filter = OfferFilter(**members, buyable=True, only_active=True)
    buyable = offers.list_offered_coupons(user.tenant_id, buyable_filter, page=rest)
    return [serializers.serialize_buyable_coupon(offered) for offered in buyable]


@blueprint.route("/<site>/users/<uuid>/coupons")
@blueprint.response(
    200,
    MamboHeldCouponSchema(many=True),
    example=[EXAMPLE_HELD_COUPON],
)
@blueprint.arguments(MamboUserListQuerySchema, location="query")
def list_coupons(query: dict[str, Any], uuid: str) -> Response:
    """List the coupons that a user holds, newest first."""
    return json_response(_list_held_coupons(*_read_list(query, uuid)))


@blueprint.route("/<site>/users/<uuid>/coupons/all")
@blueprint.response(
    200,
    MamboHeldCouponSchema(many=True),
    example=[EXAMPLE_HELD_COUPON],
)
@blueprint.arguments(MamboUserListQuerySchema, location="query")
def list_all_coupons(query: dict[str, Any], uuid: str) -> Response:
    """List the coupons that a user holds, followed by those the user can buy."""
    user, members, page = _read_list(query, uuid)
    held_coupons = _list_held_coupons(user, members, page)
    return json_response(held_coupons + _list_buyable_coupons(user, members, page))
