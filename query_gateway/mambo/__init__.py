"""The Mambo API: buy, redeem and refund coupons (the Mambo specification)."""

from collections.abc import Mapping
from typing import Any

from coupon_core.web.dialects import ErrorFormat
from query_gateway import refusals
from query_gateway.mambo.errors import (
    ERROR_SHAPE,
    OAUTH_ERROR_SHAPE,
    render_mambo_error,
    render_oauth_error,
)
from query_gateway.mambo.oauth1 import PUBLIC_URL_EXTENSION
from query_gateway.mambo.routes import (
    activities,
    coupons,
    oauth,
    users,
)

__all__ = ["BLUEPRINTS", "DIALECTS", "PUBLIC_URL_EXTENSION", "SECURITY_SCHEMES"]

BLUEPRINTS = (
    oauth.blueprint,
    activities.blueprint,
    users.blueprint,
    coupons.blueprint,
)
DIALECTS = (
    ErrorFormat(
        "/api/v1",
        render_mambo_error,
        refusals=refusals.MAMBO_REFUSALS,
        security=("mamboToken", "mamboSignature"),
        errors=ERROR_SHAPE,
        access="a token or signature of a client key of kind `mambo`, for its own site",
    ),
    ErrorFormat(
        "/oauth",
        render_oauth_error,
        refusals=refusals.OAUTH_REFUSALS,
        errors=OAUTH_ERROR_SHAPE,
    ),
)
SECURITY_SCHEMES: Mapping[str, Any] = {
    "mamboToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "An access token from /oauth/token (OAuth 2.0, client "
        "credentials). Request it with the ID and secret of a client key of kind "
        "mambo as HTTP Basic credentials. A token is valid for one hour.",
    },
    "mamboSignature": {
        "type": "http",
        "scheme": "OAuth",
        "description": "An OAuth 1.0a signature (RFC 5849) for older SDKs: two-legged, "
        "HMAC-SHA1, with the ID and secret of a client key of kind mambo. The "
        "timestamp must be within 300 seconds of now. A POST that is repeated with the "
        "same timestamp, nonce and body is the same request.",
    },
}
