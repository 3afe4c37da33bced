"""Users and members, and the coupons that they hold (CONTRACTS 4.2)."""

from typing import Any

from flask import Response, g

from coupon_core.domain.models import Page, utc_now
from coupon_core.domain.models.filters import CouponFilter, OfferFilter
from coupon_core.domain.models.users import KnownUser
from coupon_core.services.coupons import administration
from coupon_core.services.points import offers, users
from coupon_core.services.points import wallets as points
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.responses import json_response
from query_gateway.mambo import serializers
from query_gateway.mambo.authentication import authenticate
from query_gateway.mambo.schemas import activities
from query_gateway.mambo.serializers import checked_user

blueprint = JsonBlueprint(
    "mambo_users",
    __name__,
    url_prefix="/api/v1",
    description="Users, members and their coupons (Mambo)",
)
blueprint.before_request(authenticate)


def _answer(user: KnownUser, status: int = 200) -> Response:
    page = Page(limit=500)
    wallets, _ = points.wallets(user.tenant_id, page, user.user_id)
    return json_response(serializers.user(user, wallets), status)


@blueprint.route("/<site>/users", methods=["POST"])
@blueprint.response(201, activities.MamboUser, example=activities.USER_DOCUMENT)
@blueprint.arguments(activities.MamboUserBody, example=activities.NEW_USER)
def create(body: dict[str, Any]) -> Response:
    """Make a user known, as a member unless told otherwise."""
    return _answer(users.create(g.principal.tenant_id, body, utc_now()), 201)


@blueprint.route("/<site>/users/<uuid>")
@blueprint.response(200, activities.MamboUser, example=activities.USER_DOCUMENT)
def get(uuid: str) -> Response:
    """Show a user and the points that they have."""
    return _answer(users.get(g.principal.tenant_id, checked_user(uuid)))


@blueprint.route("/<site>/users/<uuid>", methods=["PUT"])
@blueprint.response(200, activities.MamboUser, example=activities.USER_DOCUMENT)
@blueprint.arguments(activities.MamboUserChanges, example={"isMember": True})
def update(changes: dict[str, Any], uuid: str) -> Response:
    """Change the members of a user that are given."""
    ids = g.principal.tenant_id, checked_user(uuid)
    return _answer(users.update(*ids, changes, utc_now()))


@blueprint.route("/<site>/users/<uuid>/member", methods=["POST"])
@blueprint.response(200, activities.MamboUser, example=activities.USER_DOCUMENT)
def become_member(uuid: str) -> Response:
    """Make a user a member."""
    ids = g.principal.tenant_id, checked_user(uuid)
    return _answer(users.update(*ids, {"is_member": True}, utc_now()))


def _held(uuid: str, page: Page) -> list[dict[str, Any]]:
    """What a user holds, newest first. Refused when the user is unknown."""
    tenant_id, now = g.principal.tenant_id, utc_now()
    user = users.get(tenant_id, checked_user(uuid))
    which = CouponFilter(user_id=user.user_id, kept=True)
    rows, _ = administration.listed(tenant_id, which, page, now)
    ids = {row.definition.definition_id for row in rows}
    shown = offers.by_id(tenant_id, ids)
    known = [row for row in rows if row.definition.definition_id in shown]
    return [
        serializers.held(row, shown[row.definition.definition_id], now) for row in known
    ]


@blueprint.route("/<site>/users/<uuid>/coupons")
@blueprint.response(
    200, activities.MamboHeldCoupon(many=True), example=[activities.HELD]
)
@blueprint.arguments(activities.MamboPageQuery, location="query")
def list_coupons(query: dict[str, Any], uuid: str) -> Response:
    """List the coupons that a user holds, newest first."""
    return json_response(_held(uuid, query["page"]))


@blueprint.route("/<site>/users/<uuid>/coupons/all")
@blueprint.response(
    200, activities.MamboHeldCoupon(many=True), example=[activities.HELD]
)
@blueprint.arguments(activities.MamboPageQuery, location="query")
def list_all_coupons(query: dict[str, Any], uuid: str) -> Response:
    """List the coupons that a user holds, and after them those to be bought."""
    page, which = query["page"], OfferFilter(buyable=True, only_active=True)
    held = _held(uuid, page)
    buyable = offers.listed(g.principal.tenant_id, which, page)
    return json_response(held + [serializers.for_sale(one) for one in buyable])
