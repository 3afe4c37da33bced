"""View of `POST /oauth/token`: client credentials (docs/api-contracts.md 4.1)."""

import base64
import binascii
from collections.abc import Mapping

from flask import Response, request

from coupon_core.domain.models import AuthReason, Refused, utc_now
from coupon_core.schemas.errors import ApiError
from coupon_core.security.authentication import (
    TOKEN_LIFETIME_SECONDS,
    issue_client_token,
)
from coupon_core.web.blueprint import JsonBlueprint, document_query
from coupon_core.web.idempotency import safe_post
from coupon_core.web.query_string import parse_query
from coupon_core.web.request_body import read_body
from coupon_core.web.responses import json_response
from query_gateway.mambo.schemas.tokens import (
    EXAMPLE_TOKEN,
    TOKEN_ERROR_RESPONSES,
    MamboGrantSchema,
    MamboTokenSchema,
)

GRANT_PARAMETERS = ("grant_type", "client_id", "client_secret")
FORM_MEDIA_TYPE = "application/x-www-form-urlencoded"
BASIC_CHALLENGE_HEADERS = {"WWW-Authenticate": 'Basic realm="coupons"'}

blueprint = JsonBlueprint(
    "mambo_oauth",
    __name__,
    url_prefix="/oauth",
    description="Access tokens for Mambo SDKs",
)


@blueprint.route("/token", methods=["POST"])
@blueprint.response(200, MamboTokenSchema, example=EXAMPLE_TOKEN)
@blueprint.doc(security=[], responses=TOKEN_ERROR_RESPONSES)
@safe_post
@document_query(MamboGrantSchema)
def token() -> Response:
    """Issue a short-lived token for a client key and its secret (HTTP Basic)."""
    parameters = {**parse_query(request.environ, GRANT_PARAMETERS), **_read_form()}
    _check_grant(parameters.get("grant_type"))
    key_id, secret = _read_credentials(parameters)
    access_token = issue_client_token(key_id, secret, now=utc_now())
    body = {"access_token": access_token, "token_type": "bearer"}
    return json_response({**body, "expires_in": TOKEN_LIFETIME_SECONDS})


def _read_form() -> dict[str, str]:
    body = read_body(request)
    if not body:
        return {}
    if request.mimetype != FORM_MEDIA_TYPE:
        text = f"Content-Type: {FORM_MEDIA_TYPE} was expected"
        raise ApiError(400, "invalid_request", message=text)
    return parse_query({"QUERY_STRING": body.decode("latin-1")}, GRANT_PARAMETERS)


def _check_grant(grant: str | None) -> None:
    if grant is None:
        text = "grant_type: missing; expected client_credentials"
        raise ApiError(400, "invalid_request", message=text)
    if grant != "client_credentials":
        text = "grant_type: expected client_credentials"
        raise ApiError(400, "unsupported_grant_type", message=text)


def _read_credentials(parameters: Mapping[str, str]) -> tuple[str, str]:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        return _parse_basic(encoded)
    if "client_id" not in parameters:
        text = "The client credentials are missing: expected HTTP Basic authentication"
        raise ApiError(
            401, "invalid_client", message=text, headers=BASIC_CHALLENGE_HEADERS
        )
    return parameters["client_id"], parameters.get("client_secret", "")


def _parse_basic(encoded: str) -> tuple[str, str]:
    try:
        credentials = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        raise Refused(AuthReason.BAD_CLIENT_KEY) from None
    key_id, _, secret = credentials.partition(":")
    return key_id, secret
