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
