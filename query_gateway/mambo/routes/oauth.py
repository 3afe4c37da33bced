"""`POST /oauth/token`: client credentials, in both spellings (CONTRACTS 4.1)."""

import base64
import binascii
from collections.abc import Mapping

from flask import Response, request

from coupon_core.domain.models import AuthReason, Refused, utc_now
from coupon_core.schemas.errors import Problem
from coupon_core.security.authentication import TOKEN_SECONDS, issue_client_token
from coupon_core.web.blueprint import JsonBlueprint, documents_query
from coupon_core.web.idempotency import reads_only
from coupon_core.web.query_string import strict_query
from coupon_core.web.request_body import read_body
from coupon_core.web.responses import json_response
from query_gateway.mambo.schemas import activities

MEMBERS = ("grant_type", "client_id", "client_secret")
FORM = "application/x-www-form-urlencoded"
BASIC = {"WWW-Authenticate": 'Basic realm="coupons"'}

blueprint = JsonBlueprint(
    "mambo_oauth",
    __name__,
    url_prefix="/oauth",
    description="Tokens for SDKs of Mambo",
)


@blueprint.route("/token", methods=["POST"])
@blueprint.response(200, activities.MamboToken, example=activities.TOKEN)
@blueprint.doc(security=[], responses=activities.REFUSED_TOKEN)
@reads_only
@documents_query(activities.MamboGrant)
def token() -> Response:
    """Give a short-lived token for a client key and its secret (HTTP Basic)."""
    asked = {**strict_query(request.environ, MEMBERS), **_form()}
    _check_grant(asked.get("grant_type"))
    issued = issue_client_token(*_credentials(asked), utc_now())
    body = {"access_token": issued, "token_type": "bearer"}
    return json_response({**body, "expires_in": TOKEN_SECONDS})


def _form() -> dict[str, str]:
    body = read_body(request)
    if not body:
        return {}
    if request.mimetype != FORM:
        text = f"Content-Type: {FORM} was expected"
        raise Problem(400, "invalid_request", text)
    return strict_query({"QUERY_STRING": body.decode("latin-1")}, MEMBERS)


def _check_grant(grant: str | None) -> None:
    if grant is None:
        text = "grant_type: missing; expected client_credentials"
        raise Problem(400, "invalid_request", text)
    if grant != "client_credentials":
        text = "grant_type: expected client_credentials"
        raise Problem(400, "unsupported_grant_type", text)


def _credentials(asked: Mapping[str, str]) -> tuple[str, str]:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        return _of_basic(encoded)
    if "client_id" not in asked:
        text = "The keys are missing: expected Basic authentication"
        raise Problem(401, "invalid_client", text, headers=BASIC)
    return asked["client_id"], asked.get("client_secret", "")


def _of_basic(encoded: str) -> tuple[str, str]:
    try:
        plain = base64.b64decode(encoded.strip(), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        raise Refused(AuthReason.BAD_CLIENT_KEY) from None
    key_id, _, secret = plain.partition(":")
    return key_id, secret
