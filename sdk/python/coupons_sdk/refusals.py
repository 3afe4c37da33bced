"""Which class of error an answer is."""

from __future__ import annotations

from collections.abc import Mapping

from coupons_sdk.errors import (
    ApiError,
    AuthenticationError,
    Conflict,
    CouponRefused,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    RateLimited,
    ServerError,
)

# Faults of a request. Every other 400, 404 and 409 of a call that uses a code is a
# refusal, also one whose code is newer than this SDK.
REQUEST_FAULTS = frozenset(
    {"BAD_REQUEST", "BAD_JSON", "BAD_PATH", "VALIDATION_ERROR", "NOT_FOUND", "CONFLICT"}
    | {"REQUEST_UNDER_WAY", ""}
)
REFUSAL_STATUSES = frozenset({400, 404, 409})

# What to check, by the code of an error.
ADVICE: Mapping[str, str] = {
    "AUTH_001": "Check the tenant ID, and that the secret is one of this tenant's",
    "AUTH_002": "Check that base_url is the address of the right gateway: the query "
    "gateway takes Hmac or TenantToken, the admin gateway ApiKey",
    "INVALID_TOKEN": "Check that the token is a whole one, that it was signed with a "
    "secret of this tenant, and that it is for the query gateway",
    "TOKEN_EXPIRED": "Mint another one: TenantToken takes a function that returns it",
    "INVALID_API_KEY": "It is unknown, revoked or expired. Check that base_url is the "
    "address of the admin gateway that has it",
    "ACCESS_DENIED": "The credential is another tenant's, or another user's",
    "NOT_FOUND": "Check that base_url is the address of the right gateway, without "
    "the path of its API",
}
_BY_STATUS: Mapping[int, type[ApiError]] = {
    401: AuthenticationError,
    403: PermissionDenied,
    404: NotFound,
    409: Conflict,
    429: RateLimited,
}


def select_error(status: int, code: str, *, is_refusable: bool) -> type[ApiError]:
    """Return the class of an error answer.

    `is_refusable` is True for the calls that use a code or a reservation.
    """
    if is_refusable and status in REFUSAL_STATUSES and code not in REQUEST_FAULTS:
        return CouponRefused
    return _BY_STATUS.get(status, ServerError if status >= 500 else InvalidRequest)
