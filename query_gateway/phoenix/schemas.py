"""Schemas, path parameters and examples of the Phoenix API."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields

from coupon_core.domain.identifiers import MAX_USER_ID_LENGTH
from coupon_core.domain.models import CouponStatus
from coupon_core.schemas.base import LenientSchema, PageQuerySchema
from coupon_core.schemas.fields import ChoiceField, StrictInteger
from coupon_core.schemas.identifiers import (
    TENANT_ID_PATTERN,
    USER_ID_PATTERN,
    UUID_PATTERN,
    UserIdField,
)
from coupon_core.schemas.metadata import RedemptionNoteSchema
from coupon_core.schemas.phoenix_documents import (
    EXAMPLE_COUPON,
    EXAMPLE_DEFINITION,
    CouponSchema,
)
from coupon_core.schemas.validation_errors import convert_validation_error
from coupon_core.services.coupons.reservations import (
    DEFAULT_TTL_SECONDS,
    MAX_TTL_SECONDS,
    MIN_TTL_SECONDS,
)

SECURITY_SCHEMES: Mapping[str, Any] = {
    "tenantToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "Signed with the tenant secret (HS256). Claims: sub (the user), "
        'sub_type "tenant", sub_id (the tenant), iat, exp.',
    },
    "tenantSignature": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Signature",
        "description": "hmac-sha256=<hex> over METHOD, PATH, TIMESTAMP and BODY, "
        "joined by line feeds. Requires X-Tenant-Id and X-Timestamp. Accepted only "
        "on paths that contain the tenant.",
    },
}
ACCESS = (
    "a token of the tenant, and with the tenant in the path also a signature; a token "
    "with `sub` acts for this user only"
)
# Codes have no pattern: a code of any other form is answered with 404.
PATH_PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "tenant_id": {"type": "string", "pattern": TENANT_ID_PATTERN},
    "user_id": {
        "type": "string",
        "pattern": USER_ID_PATTERN,
        "maxLength": MAX_USER_ID_LENGTH,
    },
    "coupon_id": {"type": "string", "pattern": UUID_PATTERN},
    "reservation_id": {"type": "string", "pattern": UUID_PATTERN},
}
EXAMPLE_REDEEMED_COUPON = {
    **EXAMPLE_COUPON,
    "status": "redeemed",
    "redeemed_at": "2025-01-15T14:30:00Z",
    "redemption_count": 1,
}


def list_path_parameters(rule: str) -> list[dict[str, Any]]:
    """Return the OpenAPI parameters of a rule's path."""
    return [
        {"name": name, "in": "path", "required": True, "schema": dict(schema)}
        for name, schema in PATH_PARAMETERS.items()
        if f"{name}>" in rule
    ]


class DefinitionSchema(LenientSchema):
    """A definition as players see it."""

    id = fields.UUID(required=True)
    tenant_id = fields.String(required=True)
    name = fields.String(required=True)
    description = fields.String(required=True)
    config = fields.Dict(required=True)
    status = fields.String(required=True)


class DefinitionsSchema(LenientSchema):
    """A page of definitions and the number of all."""

    definitions = fields.List(fields.Nested(DefinitionSchema), required=True)
    total = fields.Integer(required=True)


class RedemptionsSchema(LenientSchema):
    """A page of a user's redeemed coupons and the number of all."""

    redemptions = fields.List(fields.Nested(CouponSchema), required=True)
    total = fields.Integer(required=True)


class ValidationSchema(LenientSchema):
    """The result of a validation: the coupon or the definition, or the error."""

    valid = fields.Boolean(required=True)
    coupon = fields.Nested(CouponSchema, required=True, allow_none=True)
    definition = fields.Nested(DefinitionSchema, required=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)
    error_code = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "description": "The code with which redeem refuses for the same reason."
        },
    )


class ValidateQuerySchema(LenientSchema):
    """The user to validate for; a user token names the user already."""

    user_id = UserIdField(
        metadata={"description": "The user to validate for; a user token implies it."}
    )


_REDEMPTION_NOTE_SCHEMA = RedemptionNoteSchema()


def parse_redemption_note(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return `reference` and `metadata` of a redeem request, which few requests have.

    Raises:
        ApiError: 400 if one of them is invalid.
    """
    if "reference" not in body and "metadata" not in body:
        return {}
    try:
        note: dict[str, Any] = _REDEMPTION_NOTE_SCHEMA.load(body)
    except ValidationError as error:
        raise convert_validation_error(error) from None
    return note


class RedeemBodySchema(RedemptionNoteSchema):
    """The user who redeems, and what to note on the redemption."""

    user_id = UserIdField(required=True)


class ReserveBodySchema(RedeemBodySchema):
    """The user for whom a use is held, for how long, and what to note on it."""

    ttl_seconds = StrictInteger(
        min_value=MIN_TTL_SECONDS,
        max_value=MAX_TTL_SECONDS,
        load_default=DEFAULT_TTL_SECONDS,
        metadata={
            "description": "Seconds after which the use is available again, unless "
            "the reservation was confirmed."
        },
    )


EXAMPLE_RESERVATION = {
    "reservation_id": "01936f2e-6d3e-7e50-9c77-4a7c8c3fbd32",
    "coupon": EXAMPLE_COUPON,
    "expires_at": "2025-01-15T10:10:00Z",
}


class ReservationSchema(LenientSchema):
    """A reserved use, and the coupon that it is a use of."""

    reservation_id = fields.UUID(
        required=True, metadata={"description": "Reservation ID."}
    )
    coupon = fields.Nested(CouponSchema, required=True)
    expires_at = fields.DateTime(
        required=True, metadata={"description": "Until when the use is held."}
    )


class CouponPageQuerySchema(PageQuerySchema):
    """A page of a user's coupons, optionally of one status."""

    status = ChoiceField(
        *CouponStatus, metadata={"description": "Only coupons of this status."}
    )


EXAMPLES: Mapping[str, Any] = {
    "definitions": {"definitions": [EXAMPLE_DEFINITION], "total": 1},
    "coupons": {"coupons": [EXAMPLE_COUPON], "total": 1},
    "redemptions": {"redemptions": [EXAMPLE_REDEEMED_COUPON], "total": 1},
}
EXAMPLE_VALIDATIONS: Mapping[str, Any] = {
    "valid": {
        "value": {
            "valid": True,
            "coupon": EXAMPLE_COUPON,
            "definition": None,
            "error": None,
            "error_code": None,
        }
    },
    "invalid": {
        "value": {
            "valid": False,
            "coupon": None,
            "definition": None,
            "error": "Coupon has expired",
            "error_code": "COUPON_EXPIRED",
        }
    },
}
