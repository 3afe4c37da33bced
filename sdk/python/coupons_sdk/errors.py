"""The errors that the SDK raises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

# Faults of a request. Every other 400, 404 and 409 of a call that uses a code is a
# refusal, also one whose code is newer than this SDK.
REQUEST_FAULTS = frozenset(
    {"BAD_REQUEST", "BAD_JSON", "BAD_PATH", "VALIDATION_ERROR", "NOT_FOUND", "CONFLICT"}
    | {"REQUEST_UNDER_WAY", ""}
)
REFUSAL_STATUSES = frozenset({400, 404, 409})


class CouponsError(Exception):
    """The base class of all errors of this SDK."""


class ConfigurationError(CouponsError, ValueError):
    """A client was created, or a method called, with an unusable argument."""


class InvalidSignature(CouponsError):
    """A webhook was not signed with any of the secrets, or too long ago."""


class WaitTimeout(CouponsError):
    """A batch or job has not finished within the time that was given."""


class ConnectionFailed(CouponsError):
    """No answer arrived: the server is away, or the connection broke.

    `is_outcome_unknown` is True if the server may have carried out the request.
    """

    def __init__(self, message: str, *, is_outcome_unknown: bool = True) -> None:
        super().__init__(message)
        self.is_outcome_unknown = is_outcome_unknown


class ConnectionTimeout(ConnectionFailed):
    """No answer arrived in time."""


class ApiError(CouponsError):
    """The server answered with an error.

    `code` is one of the codes in docs/errors.md, `details` names the fields in error,
    and `request_id` identifies the request in the logs of the server.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str = "",
        request_id: str = "",
        details: Sequence[Mapping[str, Any]] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.request_id = request_id
        self.details = tuple(details)
        self.retry_after = retry_after

    def __str__(self) -> str:
        about = [str(self.status), self.code, self.request_id]
        lines = [f"{self.message} ({' '.join(item for item in about if item)})"]
        lines += [f"{item.get('path')}: {item.get('message')}" for item in self.details]
        return "; ".join(lines)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore_error, (type(self), self.__dict__)


def _restore_error(kind: type[ApiError], members: dict[str, Any]) -> ApiError:
    error = kind.__new__(kind, members["message"])
    error.__dict__.update(members)
    return error


class CouponRefused(ApiError):
    """A code or reservation cannot be used; `code` is the reason."""


class InvalidRequest(ApiError):
    """The request is invalid (400, 413, 415, 422, …); `details` names its fields."""


class AuthenticationError(ApiError):
    """The credential is missing, wrong, expired or revoked (401)."""


class PermissionDenied(ApiError):
    """The credential may not do this (403)."""


class NotFound(ApiError):
    """The object does not exist (404)."""


class Conflict(ApiError):
    """The state of the object does not allow this (409)."""


class RateLimited(ApiError):
    """There were too many requests (429); repeat after `retry_after` seconds."""


class ServerError(ApiError):
    """The server failed, or is busy (5xx)."""


class UnexpectedAnswer(ApiError):
    """The answer is not one of the coupon gateways', for example HTML of a proxy."""


class AnswerTooLarge(UnexpectedAnswer):
    """An answer, or a row of a file, is larger than `max_answer_bytes`.

    `size` is what was read of it, uncompressed, when it was refused; `limit` is the
    option.
    """

    def __init__(
        self, status: int, title: str, *, size: int, limit: int, request_id: str = ""
    ) -> None:
        super().__init__(
            status,
            f"{title} has at least {size:,} bytes, more than the limit of {limit:,} "
            "(max_answer_bytes). Ask for less at a time, for example with limit=, or "
            "create the client with a larger max_answer_bytes",
            request_id=request_id,
        )
        self.size = size
        self.limit = limit


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
