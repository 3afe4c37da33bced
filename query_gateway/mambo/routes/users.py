"""Views of users and the coupons they hold (docs/api-contracts.md 4.2)."""

from typing import Any

from flask import Response, g

from coupon_core.domain.models import Page, utc_now
from coupon_core.domain.models.filters import CouponFilter, OfferFilter
from coupon_core.domain.models.users import RegisteredUser
from coupon_core.services.coupons import administration
from coupon_core.services.points import offers, users
from coupon_core.services.points import wallets as wallet_service
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.responses import json_response
from query_gateway.mambo import serializers
from query_gateway.mambo.authentication import authenticate
from query_gateway.mambo.schemas.queries import MamboPageQuerySchema
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
    return _user_response(_update_user(uuid, changes))


@blueprint.route("/<site>/users/<uuid>/member", methods=["POST"])
@blueprint.response(200, MamboUserSchema, example=EXAMPLE_USER)
def become_member(uuid: str) -> Response:
    """Make a user a member."""
    return _user_response(_update_user(uuid, {"is_member": True}))


def _list_held_coupons(uuid: str, page: Page) -> list[dict[str, Any]]:
    """Return the coupons that a user holds, newest first.

    Raises:
        Refused: The user does not exist.
    """
    tenant_id, now = g.principal.tenant_id, utc_now()
    user = users.get(tenant_id, parse_user_id(uuid))
    coupon_filter = CouponFilter(user_id=user.user_id, kept=True)
    rows, _ = administration.list_coupons(tenant_id, coupon_filter, page=page, now=now)
    ids = {row.definition.definition_id for row in rows}
    offers_by_id = offers.find_by_ids(tenant_id, ids)
    offered_rows = [row for row in rows if row.definition.definition_id in offers_by_id]
    return [
        serializers.serialize_held_coupon(
            row, offers_by_id[row.definition.definition_id], now=now
        )
        for row in offered_rows
    ]


@blueprint.route("/<site>/users/<uuid>/coupons")
@blueprint.response(
    200,
    MamboHeldCouponSchema(many=True),
    example=[EXAMPLE_HELD_COUPON],
)
@blueprint.arguments(MamboPageQuerySchema, location="query")
def list_coupons(query: dict[str, Any], uuid: str) -> Response:
    """List the coupons that a user holds, newest first."""
    return json_response(_list_held_coupons(uuid, query["page"]))


@blueprint.route("/<site>/users/<uuid>/coupons/all")
@blueprint.response(
    200,
    MamboHeldCouponSchema(many=True),
    example=[EXAMPLE_HELD_COUPON],
)
@blueprint.arguments(MamboPageQuerySchema, location="query")
def list_all_coupons(query: dict[str, Any], uuid: str) -> Response:
    """List the coupons that a user holds, followed by those the user can buy."""
    page, offer_filter = query["page"], OfferFilter(buyable=True, only_active=True)
    held_coupons = _list_held_coupons(uuid, page)
    buyable = offers.list_offered_coupons(
        g.principal.tenant_id, offer_filter, page=page
    )
    buyable_coupons = [serializers.serialize_buyable_coupon(offer) for offer in buyable]
    return json_response(held_coupons + buyable_coupons)
