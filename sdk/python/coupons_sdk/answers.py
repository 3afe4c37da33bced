"""Read answers: documents, errors, and what is neither."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar

import httpx2

from coupons_sdk.errors import (
    AnswerTooLarge,
    ApiError,
    AuthenticationError,
    ConnectionFailed,
    ConnectionTimeout,
    UnexpectedAnswer,
)
from coupons_sdk.options import Options
from coupons_sdk.refusals import ADVICE, select_error
from coupons_sdk.requests import Call
from coupons_sdk.retries import parse_date, parse_retry_after

T = TypeVar("T")

# No retry can succeed after these.
PERMANENT_FAILURES = (
    httpx2.LocalProtocolError,
    httpx2.UnsupportedProtocol,
    httpx2.ProxyError,
    httpx2.DecodingError,
)
# After these the request has not reached the server.
UNSENT_FAILURES = (
    httpx2.ConnectError,
    httpx2.ConnectTimeout,
    httpx2.PoolTimeout,
    *PERMANENT_FAILURES,
)
# A larger difference makes signatures and tokens invalid sooner or later.
MAX_CLOCK_DIFFERENCE_SECONDS = 60


class Answer(NamedTuple):
    """An answer with its content, which is empty where it is streamed."""

    response: httpx2.Response
    content: bytes = b""


class Content:
    """The content of an answer, which is received in parts, up to a limit."""

    def __init__(self, call: Call[Any], response: httpx2.Response, limit: int) -> None:
        self._call, self._response, self._limit = call, response, limit
        self._parts: list[bytes] = []
        self._size = 0

    def add(self, part: bytes) -> None:
        """Keep a part.

        Raises:
            AnswerTooLarge: There is more than the limit.
        """
        self._parts.append(part)
        self._size += len(part)
        if self._size > self._limit:
            raise AnswerTooLarge(
                self._response.status_code,
                f"The answer of {self._call.title}",
                size=self._size,
                limit=self._limit,
                request_id=self._response.headers.get("x-request-id", ""),
            )

    def complete(self) -> Answer:
        """Return the answer."""
        return Answer(self._response, b"".join(self._parts))


def read_answer(call: Call[T], answer: Answer) -> T:
    """Return the document of a successful answer.

    Raises:
        UnexpectedAnswer: It is not the document that was expected.
    """
    response, content = answer
    is_empty = response.status_code == 204 or response.is_error
    try:
        return call.parse(None if is_empty else _parse_json(content))
    except ValueError as error:  # bad JSON and bad UTF-8 are ValueErrors as well
        raise UnexpectedAnswer(
            response.status_code,
            f"The answer of {call.title} cannot be read: {error}. Check that base_url "
            "is the address of a coupon gateway.",
            request_id=response.headers.get("x-request-id", ""),
        ) from error


def read_error(call: Call[Any], answer: Answer) -> ApiError:
    """Return the error of an answer that is not successful."""
    response, content = answer
    status, headers = response.status_code, response.headers
    request_id = headers.get("x-request-id", "")
    if 300 <= status < 400:
        message = (
            f"The server redirects to {_describe_location(response)}. Redirects are "
            "not followed, because they could reveal the credential: correct base_url."
        )
        return UnexpectedAnswer(status, message, request_id=request_id)
    document = _read_error_document(content)
    code = _get_text(document, "code")
    kind = select_error(status, code, is_refusable=call.is_refusable)
    message = _get_text(document, "message") or (
        f"The server answered {status} {response.reason_phrase} without an error "
        "document; perhaps a proxy did"
    )
    clock = _describe_clock_difference(headers) if kind is AuthenticationError else ""
    return kind(
        status,
        message,
        code=code,
        request_id=_get_text(document, "request_id") or request_id,
        details=_get_details(document),
        retry_after=parse_retry_after(headers),
        advice=clock or ADVICE.get(code, ""),
    )


def _read_error_document(content: bytes) -> Mapping[str, Any]:
    try:
        document = _parse_json(content)
    except ValueError:
        return {}
    is_error = isinstance(document, dict) and isinstance(document.get("code"), str)
    return document if is_error else {}


def _parse_json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _get_text(document: Mapping[str, Any], name: str) -> str:
    text = document.get(name)
    return text if isinstance(text, str) else ""


def _get_details(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    details = document.get("details")
    items = details if isinstance(details, list) else []
    return [item for item in items if isinstance(item, dict)]


def _describe_location(response: httpx2.Response) -> str:
    try:
        target = response.request.url.join(response.headers.get("location", ""))
    except httpx2.InvalidURL:
        return "an invalid address"
    return f"{target.scheme}://{target.netloc.decode('ascii', 'replace')}"


def _describe_clock_difference(headers: Mapping[str, str]) -> str:
    server_time = parse_date(headers.get("date", ""))
    if server_time is None:
        return ""
    seconds = (datetime.now(UTC) - server_time).total_seconds()
    if abs(seconds) <= MAX_CLOCK_DIFFERENCE_SECONDS:
        return ""
    direction = "ahead of" if seconds > 0 else "behind"
    return (
        f"The clock of this machine is {abs(seconds):.0f} seconds {direction} the "
        "server's: synchronize it"
    )


def describe_failure(
    failure: httpx2.RequestError, call: Call[Any], options: Options, *, is_part: bool
) -> ConnectionFailed:
    """Return the error of a request without an answer, or without a part of a file."""
    is_outcome_unknown = not isinstance(failure, UNSENT_FAILURES)
    title = f"No answer from {options.base_url} to {call.title}"
    if isinstance(failure, httpx2.TimeoutException):
        reason = "no further part arrived" if is_part else "it was not complete"
        if not is_outcome_unknown:
            reason = "there was no connection"
        return ConnectionTimeout(
            f"{title}: {reason} within {options.timeout:g} seconds (timeout).",
            is_outcome_unknown=is_outcome_unknown,
        )
    text = (str(failure) or type(failure).__name__).rstrip(".")
    advice = ""
    if is_certificate_failure(failure):
        advice = (
            " Its certificate does not verify: install the authority's certificate, or "
            "pass a transport that has it."
        )
    elif "WRONG_VERSION_NUMBER" in text:
        advice = " The server does not use TLS: its address begins with http://."
    return ConnectionFailed(
        f"{title}: {text}.{advice}", is_outcome_unknown=is_outcome_unknown
    )


def is_permanent(failure: httpx2.RequestError) -> bool:
    """Return True if another try would fail as well."""
    return isinstance(failure, PERMANENT_FAILURES) or is_certificate_failure(failure)


def is_certificate_failure(failure: BaseException | None) -> bool:
    """Return True if the certificate of the server was refused."""
    while failure is not None:
        if isinstance(failure, ssl.SSLCertVerificationError):
            return True
        failure = failure.__cause__ or failure.__context__
    return False
