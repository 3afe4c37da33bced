"""How Mambo says no: an exception in an envelope; OAuth's errors without one."""

from collections.abc import Mapping
from typing import Any

from coupon_core.schemas.errors import Problem, rendered
from coupon_core.web.dialects import ErrorShape

# What is wrong with a request as such; the exceptions of coupons have their own names.
TYPES: Mapping[int, str] = {
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
OAUTH_STATUSES: Mapping[int, str] = {
    401: "invalid_client",
    500: "server_error",
    503: "temporarily_unavailable",
}


_TEXT = {"type": "string"}
ERRORS = ErrorShape(
    "MamboError",
    {
        "type": "object",
        "description": "Every error of the Mambo dialect.",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["type", "message"],
                "properties": {
                    "type": _TEXT,
                    "message": _TEXT,
                    "details": {"type": "array", "items": {"type": "object"}},
                },
            }
        },
    },
)
OAUTH_SHAPE = ErrorShape(
    "OAuthError",
    {
        "type": "object",
        "description": "An error as OAuth has it (RFC 6749, 5.2).",
        "required": ["error", "error_description"],
        "properties": {"error": _TEXT, "error_description": _TEXT},
    },
)


def render(problem: Problem, request_id: str) -> dict[str, Any]:
    """`{"error": {"type", "message"}}` (CONTRACTS 4.5)."""
    named = problem.code.endswith("Exception")
    told = problem.code if named else TYPES.get(problem.status, "RequestException")
    error: dict[str, Any] = {"type": told, "message": problem.message}
    if problem.details:
        error["details"] = [rendered(detail) for detail in problem.details]
    return {"error": error}


def render_oauth(problem: Problem, request_id: str) -> dict[str, Any]:
    """RFC 6749, 5.2."""
    by_status = OAUTH_STATUSES.get(problem.status, "invalid_request")
    code = problem.code if problem.code in OAUTH_ERRORS else by_status
    return {"error": code, "error_description": problem.message}
