"""Schemas and examples of the OAuth token endpoint."""

from marshmallow import fields

from coupon_core.schemas.base import LenientSchema
from coupon_core.schemas.fields import StrictString
from coupon_core.web.responses import JSON_MEDIA_TYPE

EXAMPLE_TOKEN = {
    "access_token": "eyJhbGci…",
    "token_type": "bearer",
    "expires_in": 3600,
}
TOKEN_ERROR_RESPONSES = {
    "401": {
        "description": "The client credentials are invalid, revoked or expired.",
        "content": {
            JSON_MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/OAuthError"},
                "example": {
                    "error": "invalid_client",
                    "error_description": "The keys are wrong, revoked or expired",
                },
            }
        },
    }
}


class MamboTokenSchema(LenientSchema):
    """The response of the token endpoint (RFC 6749, section 5.1)."""

    access_token = fields.String(required=True)
    token_type = fields.String(required=True)
    expires_in = fields.Integer(required=True)


class MamboGrantSchema(LenientSchema):
    """The token request; parameters are accepted in the query and in a form body."""

    grant_type = StrictString(metadata={"description": "Must be client_credentials."})
