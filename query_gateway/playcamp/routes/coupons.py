"""Views of PlayCamp coupons: validate, redeem, history (the PlayCamp specification)."""

from typing import Any

from flask import Response, g

from coupon_core.domain.identifiers import is_user_id
from coupon_core.domain.models import (
    Dialect,
    Reason,
    RewardItem,
    Validation,
    utc_now,
)
from coupon_core.domain.models.attempts import AttemptAction
from coupon_core.schemas.base import Document
from coupon_core.schemas.errors import ErrorDetail, validation_error
from coupon_core.schemas.identifiers import USER_ID_EXPECTED
from coupon_core.services.campaigns import packages
from coupon_core.services.catalog import reward_items
from coupon_core.services.coupons import redemption, validation
from coupon_core.services.coupons.redemption import RedeemRequest
from coupon_core.services.errors import require_found
from coupon_core.web.attempts import announce_attempt, record_validation
from coupon_core.web.coupon_refusals import REFUSALS
from coupon_core.web.idempotency import safe_post
from query_gateway.playcamp import serializers
from query_gateway.playcamp.authentication import create_blueprint
from query_gateway.playcamp.dry_run import is_dry_run
from query_gateway.playcamp.responses import ERROR_REFERENCE, object_response, to_page
from query_gateway.playcamp.schemas import requests
from query_gateway.playcamp.schemas.coupons import (
    EXAMPLE_EXPIRED,
    EXAMPLE_NOT_FOUND,
    EXAMPLE_REDEEM_BODY,
    EXAMPLE_VALIDATE_BODY,
    EXAMPLE_VALIDATIONS,
    CodeRedemptionResponseSchema,
    CodeUsagePageSchema,
    CodeValidationResponseSchema,
)

server_blueprint = create_blueprint(
    "playcamp_server_coupons", "Creators' codes for game servers"
)
client_blueprint = create_blueprint(
    "playcamp_client_coupons", "Creators' codes for game clients"
)


@server_blueprint.route("/validate", methods=["POST"])
@server_blueprint.response(
    200, CodeValidationResponseSchema, examples=EXAMPLE_VALIDATIONS
)
@server_blueprint.arguments(requests.TestModeQuerySchema, location="query")
@server_blueprint.arguments(requests.ValidateBodySchema, example=EXAMPLE_VALIDATE_BODY)
@safe_post
def validate(query: dict[str, str], body: dict[str, Any]) -> Response:
    """Check whether a user can redeem a code now; the status is 200 either way."""
    code, user_id = body["couponCode"], body["userId"]
    result = validation.validate(
        g.principal.tenant_id,
        code,
        user_id=user_id,
        now=utc_now(),
        key_id=g.principal.key_id,
    )
    return _respond_to_validation(code, user_id, result, is_dry_run(query, body))


@client_blueprint.route("/validate", methods=["POST"])
@client_blueprint.response(
    200, CodeValidationResponseSchema, examples=EXAMPLE_VALIDATIONS
)
@client_blueprint.arguments(requests.TestModeQuerySchema, location="query")
@client_blueprint.arguments(
    requests.ClientValidateBodySchema,
    example={"couponCode": EXAMPLE_VALIDATE_BODY["couponCode"]},
)
@safe_post
def validate_for_anybody(query: dict[str, str], body: dict[str, Any]) -> Response:
    """Check whether a user who has not used a code can redeem it now; always 200."""
    code = body["couponCode"]
    result = validation.validate_for_new_user(
        g.principal.tenant_id, code, now=utc_now(), key_id=g.principal.key_id
    )
    return _respond_to_validation(code, None, result, is_dry_run(query, body))


def _respond_to_validation(
    code: str, user_id: str | None, result: Validation, is_test: bool
) -> Response:
    reason = result.decision.reason
    if not is_test:
        record_validation(
            result,
            code,
            user_id=user_id,
            dialect=Dialect.PLAYCAMP,
            error_code=REFUSALS[reason].playcamp[1] if reason else "",
        )
    if reason:
        return object_response(serializers.serialize_invalid(code, reason))
    attribution = packages.get_attribution(g.principal.tenant_id, code)
    return object_response(
        serializers.serialize_valid(
            code, _get_reward_item(result), attribution=attribution
        )
    )


def _get_reward_item(result: Validation) -> RewardItem:
    if result.issued:
        return result.issued.reward_item
    definition = require_found(result.definition, Reason.COUPON_NOT_FOUND)
    return reward_items.get(g.principal.tenant_id, definition.reward_item_id)


@server_blueprint.route("/redeem", methods=["POST"])
@server_blueprint.response(200, CodeRedemptionResponseSchema)
@server_blueprint.alt_response(400, schema=ERROR_REFERENCE, example=EXAMPLE_EXPIRED)
@server_blueprint.alt_response(404, schema=ERROR_REFERENCE, example=EXAMPLE_NOT_FOUND)
@server_blueprint.arguments(requests.TestModeQuerySchema, location="query")
@server_blueprint.arguments(requests.CodeRedeemBodySchema, example=EXAMPLE_REDEEM_BODY)
def redeem(query: dict[str, str], body: dict[str, Any]) -> Response:
    """Redeem a code once for a user; a refusal changes nothing."""
    tenant_id, context = g.principal.tenant_id, requests.collect_context(body)
    redeem_request = RedeemRequest(
        tenant_id,
        body["couponCode"],
        user_id=body["userId"],
        dialect=Dialect.PLAYCAMP,
        context=context,
        reference=body.get("callbackId"),
    )
    if is_dry_run(query, body):
        run = redemption.dry_run
    else:
        run = redemption.redeem
        announce_attempt(
            AttemptAction.REDEEM, redeem_request.code, redeem_request.user_id
        )
    # Before the redemption: a failure after it would deny what is already stored.
    attribution = packages.get_attribution(tenant_id, body["couponCode"])
    result = run(redeem_request, utc_now())
    return object_response(serializers.serialize_redemption(result, attribution))


@server_blueprint.route("/user/<user_id>")
@server_blueprint.response(200, CodeUsagePageSchema)
@server_blueprint.arguments(requests.PlayCampPageQuerySchema, location="query")
def list_uses(query: dict[str, Any], user_id: str) -> Document:
    """List the codes that a user has used through any of the APIs, newest first."""
    if not is_user_id(user_id):
        raise validation_error(
            [ErrorDetail(f"expected {USER_ID_EXPECTED}", "userId", target="path")]
        )
    page = query["page"]
    found = packages.list_code_usages(g.principal.tenant_id, user_id, page=page)
    return to_page(found, page)
