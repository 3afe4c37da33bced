"""The errors that the SDK raises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class CouponsError(Exception):
    """The base class of all errors of this SDK.

    >>> try:
    ...     coupons.redeem("NO-SUCH-CODE", user_id)
    ... except CouponsError as error:
    ...     type(error).__name__
    'CouponRefused'
    """


class ConfigurationError(CouponsError, ValueError):
    """A client was created, or a method called, with an unusable argument.

    >>> Coupons("coupons.example.com", None)
    Traceback (most recent call last):
    coupons_sdk.errors.ConfigurationError: Invalid base_url: expected an address ...
    """


class InvalidSignature(CouponsError):
    """A webhook was not signed with any of the secrets, or too long ago.

    >>> verify_webhook(body, headers, "whsec_c29tZWJvZHkgZWxzZQ==")
    Traceback (most recent call last):
    coupons_sdk.errors.InvalidSignature: ...
    """


class WaitTimeout(CouponsError):
    """A batch or job has not finished within the time that was given.

    >>> batch = admin.generate(definition_id, count=1_000_000)
    >>> admin.batches.wait(batch.batch_id, timeout=0)
    Traceback (most recent call last):
    coupons_sdk.errors.WaitTimeout: Batch ... is still ...
    >>> admin.batches.cancel(batch.batch_id).state
    'cancelled'
    """


class ConnectionFailed(CouponsError):
    """No answer arrived: the server is away, or the connection broke.

    `is_outcome_unknown` is True if the server may have carried out the request.

    >>> try:
    ...     Coupons("http://127.0.0.1:9", None, max_retries=0).health()
    ... except ConnectionFailed as error:
    ...     error.is_outcome_unknown
    False
    """

    def __init__(self, message: str, *, is_outcome_unknown: bool = True) -> None:
        super().__init__(message)
        self.is_outcome_unknown = is_outcome_unknown


class ConnectionTimeout(ConnectionFailed):
    """No answer arrived in time.

    >>> coupons.with_options(timeout=1e-9, max_retries=0).health()
    Traceback (most recent call last):
    coupons_sdk.errors.ConnectionTimeout: No answer from ... to GET /health: ...
    """


class ApiError(CouponsError):
    """The server answered with an error.

    `code` is one of the codes in docs/errors.md, `details` names the fields in error,
    `request_id` identifies the request in the logs of the server, and `advice`, which
    ends `message`, says what to check.

    >>> try:
    ...     coupons.get(user_id, "no-such-coupon")
    ... except ApiError as error:
    ...     error.status, error.code
    (404, 'COUPON_NOT_FOUND')
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
        advice: str = "",
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = f"{message}. {advice}" if advice else message
        self.advice = advice
        self.code = code
        self.request_id = request_id
        self.details = tuple(details)
        self.retry_after = retry_after

    def __str__(self) -> str:
        about = [str(self.status), self.code, self.request_id]
        lines = [f"{self.message} ({' '.join(item for item in about if item)})"]
        for item in self.details:
            detail = f"{item.get('path')}: {item.get('message')}"
            if detail not in self.message:  # which may contain the first one
                lines.append(detail)
        return "; ".join(lines)

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore_error, (type(self), self.__dict__)


def _restore_error(kind: type[ApiError], members: dict[str, Any]) -> ApiError:
    error = kind.__new__(kind, members["message"])
    error.__dict__.update(members)
    return error


class CouponRefused(ApiError):
    """A code or reservation cannot be used; `code` is the reason.

    >>> try:
    ...     coupons.redeem("NO-SUCH-CODE", user_id)
    ... except CouponRefused as refused:
    ...     refused.code
    'COUPON_NOT_FOUND'
    """


class InvalidRequest(ApiError):
    """The request is invalid (400, 413, 415, 422, …); `details` names its fields.

    >>> coupons.redeem(code, "")
    Traceback (most recent call last):
    coupons_sdk.errors.InvalidRequest: Invalid body: user_id: expected a user id ...
    """


class AuthenticationError(ApiError):
    """The credential is missing, wrong, expired or revoked (401).

    >>> with Coupons(query_url, Hmac(tenant_id, "wrong")) as stranger:
    ...     stranger.redeem(code, user_id)
    Traceback (most recent call last):
    coupons_sdk.errors.AuthenticationError: ... (401 ...
    """


class PermissionDenied(ApiError):
    """The credential may not do this (403).

    >>> token = mint_token(tenant_id, tenant_secret, user_id="zoe")
    >>> with Coupons(query_url, TenantToken(token)) as zoe:
    ...     zoe.redeem(code, user_id)
    Traceback (most recent call last):
    coupons_sdk.errors.PermissionDenied: ... (403 ACCESS_DENIED ...
    """


class NotFound(ApiError):
    """The object does not exist (404).

    >>> admin.rewards.get("no-such-reward")
    Traceback (most recent call last):
    coupons_sdk.errors.NotFound: ... (404 REWARD_ITEM_NOT_FOUND ...
    """


class Conflict(ApiError):
    """The state of the object does not allow this (409).

    >>> admin.codes.assign(code, "zoe")
    Traceback (most recent call last):
    coupons_sdk.errors.Conflict: ... (409 ...
    """


class RateLimited(ApiError):
    """There were too many requests (429); repeat after `retry_after` seconds.

    >>> answer = httpx2.Response(429, headers={"Retry-After": "60"})
    >>> busy = httpx2.MockTransport(lambda _: answer)
    >>> try:
    ...     Coupons(query_url, None, transport=busy).ready()
    ... except RateLimited as error:
    ...     error.retry_after
    60.0
    """


class ServerError(ApiError):
    """The server failed, or is busy (5xx).

    >>> broken = httpx2.MockTransport(lambda _: httpx2.Response(500))
    >>> Coupons(query_url, None, transport=broken).ready()
    Traceback (most recent call last):
    coupons_sdk.errors.ServerError: The server answered 500 ...
    """


class UnexpectedAnswer(ApiError):
    """The answer is not one of the coupon gateways', for example HTML of a proxy.

    >>> proxy = httpx2.MockTransport(lambda _: httpx2.Response(200, text="<html>"))
    >>> Coupons(query_url, None, transport=proxy).ready()
    Traceback (most recent call last):
    coupons_sdk.errors.UnexpectedAnswer: The answer of GET /ready cannot be read: ...
    """


class AnswerTooLarge(UnexpectedAnswer):
    """An answer, or a row of a file, is larger than `max_answer_bytes`.

    `size` is what was read of it, uncompressed, when it was refused; `limit` is the
    option.

    >>> coupons.with_options(max_answer_bytes=9).health()
    Traceback (most recent call last):
    coupons_sdk.errors.AnswerTooLarge: The answer of GET /health has at least ...
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
