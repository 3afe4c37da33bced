"""PlayCamp's coupons: validate, redeem, and what a user has used (document S3)."""

from typing import Any

from flask import Response, g

from coupon_core.domain.identifiers import is_user_id
from coupon_core.domain.models import (
    Dialect,
    RewardItem,
    Validation,
    utc_now,
)
from coupon_core.schemas.errors import Detail, invalid
from coupon_core.schemas.identifiers import USER_ID_SAID
from coupon_core.services.campaigns import packages
from coupon_core.services.catalog import reward_items
from coupon_core.services.coupons import redemption, validation
from coupon_core.services.coupons.redemption import RedeemRequest
from coupon_core.web.idempotency import reads_only
from query_gateway.playcamp import serializers
from query_gateway.playcamp.authentication import new_blueprint
from query_gateway.playcamp.responses import listed, one
from query_gateway.playcamp.schemas import coupons as schemas
from query_gateway.playcamp.schemas import requests

server = new_blueprint("playcamp_server_coupons", "Creators' codes, for game servers")
client = new_blueprint("playcamp_client_coupons", "Creators' codes, for game clients")


@server.route("/validate", methods=["POST"])
@server.response(200, schemas.OneValidation, examples=schemas.VALIDATIONS)
@server.arguments(requests.TestQuery, location="query")
@server.arguments(requests.ValidateBody, example=schemas.VALIDATE)
@reads_only
def validate(query: dict[str, str], body: dict[str, Any]) -> Response:
    """Tell whether a user can redeem a code now; the answer is 200 either way."""
    code, user_id = body["couponCode"], body["userId"]
    told = validation.validate(g.principal.tenant_id, code, user_id, utc_now())
    return _told(code, told)


@client.route("/validate", methods=["POST"])
@client.response(200, schemas.OneValidation, examples=schemas.VALIDATIONS)
@client.arguments(requests.TestQuery, location="query")
@client.arguments(
    requests.ClientValidateBody, example={"couponCode": schemas.VALIDATE["couponCode"]}
)
@reads_only
def validate_for_anybody(query: dict[str, str], body: dict[str, Any]) -> Response:
    """Tell whether a code is good now for who has not used it; always 200."""
    code = body["couponCode"]
    told = validation.validate_claim(g.principal.tenant_id, code, utc_now())
    return _told(code, told)


def _told(code: str, told: Validation) -> Response:
    reason = told.decision.reason
    if reason:
        return one(serializers.invalid(code, reason))
    whose = packages.attribution(g.principal.tenant_id, code)
    return one(serializers.valid(code, _reward_item(told), whose))


def _reward_item(told: Validation) -> RewardItem:
    if told.issued:
        return told.issued.reward_item
    return reward_items.get(g.principal.tenant_id, told.definition.reward_item_id)


@server.route("/redeem", methods=["POST"])
@server.response(200, schemas.OneRedeemed, example={"data": schemas.REDEEMED})
@server.alt_response(400, schema=schemas.CouponError, example=schemas.EXPIRED)
@server.alt_response(404, schema=schemas.CouponError, example=schemas.NOT_FOUND)
@server.arguments(requests.TestQuery, location="query")
@server.arguments(requests.UseBody, example=schemas.REDEEM)
def redeem(query: dict[str, str], body: dict[str, Any]) -> Response:
    """Use a code once for a user; what refuses it leaves all as it was."""
    tenant_id, context = g.principal.tenant_id, requests.context_of(body)
    ids = tenant_id, body["couponCode"], body["userId"]
    asked = RedeemRequest(*ids, Dialect.PLAYCAMP, context)
    is_test = requests.is_test(query, body)
    use = redemption.rehearse if is_test else redemption.redeem
    done = use(asked, utc_now())
    whose = packages.attribution(tenant_id, done.issued.coupon.code)
    return one(serializers.redeemed(done, whose))


@server.route("/user/<user_id>")
@server.response(200, schemas.CodeUses, example=schemas.CODE_USES)
@server.arguments(requests.PageQuery, location="query")
def list_uses(query: dict[str, Any], user_id: str) -> Response:
    """List what a user has used, newest first, through whichever system."""
    if not is_user_id(user_id):
        raise invalid([Detail(f"expected {USER_ID_SAID}", "userId", "path")])
    page = query["page"]
    found = packages.used_by(g.principal.tenant_id, user_id, page)
    return listed(found, page, serializers.code_use)
