"""Error bodies of the Mambo API and of its OAuth endpoint."""

from collections.abc import Mapping
from typing import Any

from coupon_core.schemas.errors import ApiError, serialize_error_detail
from coupon_core.web import error_catalogue
from coupon_core.web.dialects import ErrorShape

# Exceptions for errors of the request itself. Coupon refusals bring their own names.
EXCEPTION_TYPES: Mapping[int, str] = {
    400: "ValidationException",
    401: "UnauthorizedException",
    403: "ForbiddenException",
    404: "NotFoundException",
    405: "MethodNotAllowedException",
    409: "ConflictException",
    413: "PayloadTooLargeException",
    414: "UriTooLongException",
    415: "UnsupportedMediaTypeException",
    422: "UnprocessableException",
    429: "TooManyRequestsException",
    500: "InternalException",
    503: "UnavailableException",
}
OAUTH_ERRORS = frozenset(
    {"invalid_client", "invalid_request", "unsupported_grant_type", "invalid_scope"}
)
OAUTH_ERRORS_BY_STATUS: Mapping[int, str] = {
    401: "invalid_client",
    500: "server_error",
    503: "temporarily_unavailable",
}


_TEXT_SCHEMA = {"type": "string"}
ERROR_SHAPE = ErrorShape(
    "MamboError",
    api=error_catalogue.MAMBO,
    schema={
        "type": "object",
        "description": "Every error of the Mambo API.",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["type", "message"],
                "properties": {
                    "type": {"$ref": "#/components/schemas/MamboErrorCode"},
                    "message": _TEXT_SCHEMA,
                    "details": {
                        "type": "array",
                        "items": {"$ref": "#/components/schemas/ErrorDetail"},
                    },
                },
            }
        },
    },
)
OAUTH_ERROR_SHAPE = ErrorShape(
    "OAuthError",
    api=error_catalogue.MAMBO_OAUTH,
    schema={
        "type": "object",
        "description": "An OAuth error (RFC 6749, section 5.2).",
        "required": ["error", "error_description"],
        "properties": {
            "error": {"$ref": "#/components/schemas/OAuthErrorCode"},
            "error_description": _TEXT_SCHEMA,
        },
    },
)


def render_mambo_error(api_error: ApiError, request_id: str) -> dict[str, Any]:
    """Return the body `{"error": {"type", "message"}}` (docs/api-contracts.md 4.5)."""
    is_exception_name = api_error.code.endswith("Exception")
    exception_type = (
        api_error.code
        if is_exception_name
        else EXCEPTION_TYPES.get(api_error.status, "RequestException")
    )
    error: dict[str, Any] = {"type": exception_type, "message": api_error.message}
    if api_error.details:
        error["details"] = [
            serialize_error_detail(detail) for detail in api_error.details
        ]
    return {"error": error}


def render_oauth_error(api_error: ApiError, request_id: str) -> dict[str, Any]:
    """Return the body of an OAuth error (RFC 6749, section 5.2)."""
    by_status = OAUTH_ERRORS_BY_STATUS.get(api_error.status, "invalid_request")
    code = api_error.code if api_error.code in OAUTH_ERRORS else by_status
    return {"error": code, "error_description": api_error.message}
