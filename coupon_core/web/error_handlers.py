"""Convert every exception raised below a view into JSON of the dialect."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

import structlog
from flask import Flask, Response, after_this_request, current_app, request
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException

from coupon_core.domain.models import Refused
from coupon_core.observability import metrics
from coupon_core.observability.error_causes import SCHEMA_MISMATCH, find_cause
from coupon_core.observability.error_summary import describe_error, stack_frames
from coupon_core.schemas.errors import NO_HEADERS, ApiError
from coupon_core.schemas.validation_errors import convert_validation_error
from coupon_core.security.rate_limiting.code_guessing import FailedLookup
from coupon_core.security.rate_limiting.policy import (
    RateLimitExceeded,
    rate_limit_headers,
)
from coupon_core.web.access_log import REASON_ENVIRON_KEY
from coupon_core.web.attempts import record_refusal
from coupon_core.web.dialects import ErrorFormat, find_dialect, sort_dialects
from coupon_core.web.middleware import REQUEST_ID_ENVIRON_KEY
from coupon_core.web.responses import json_response

log = structlog.get_logger("coupon.web")
DIALECTS_EXTENSION = "coupon.dialects"
BEARER_CHALLENGE_HEADERS = MappingProxyType(
    {"WWW-Authenticate": 'Bearer realm="coupons"'}
)

# Our own texts: those of Werkzeug may quote the request and change between versions.
HTTP_ERRORS: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        400: ("BAD_REQUEST", "The request could not be understood"),
        401: ("UNAUTHORIZED", "Authentication required"),
        403: ("FORBIDDEN", "Access denied"),
        404: ("NOT_FOUND", "Not found"),
        405: ("METHOD_NOT_ALLOWED", "Method not allowed"),
        406: ("NOT_ACCEPTABLE", "Only JSON is available"),
        408: ("REQUEST_TIMEOUT", "The request took too long to arrive"),
        409: ("CONFLICT", "Conflict"),
        411: ("LENGTH_REQUIRED", "Content-Length required"),
        412: ("PRECONDITION_FAILED", "Precondition failed"),
        413: ("PAYLOAD_TOO_LARGE", "Body too large"),
        414: ("URI_TOO_LONG", "Path or query too long"),
        415: ("UNSUPPORTED_MEDIA_TYPE", "Content-Type: application/json was expected"),
        416: ("RANGE_NOT_SATISFIABLE", "Range not satisfiable"),
        417: ("EXPECTATION_FAILED", "Expectation Failed"),
        422: ("UNPROCESSABLE", "The request could not be processed"),
        429: ("TOO_MANY_REQUESTS", "Too many requests"),
        431: ("HEADERS_TOO_LARGE", "Headers too large"),
        500: ("INTERNAL_ERROR", "Internal error"),
        501: ("NOT_IMPLEMENTED", "Not Implemented"),
        503: ("UNAVAILABLE", "Temporarily unavailable, try again shortly"),
    }
)
_PRESERVED_HEADERS = frozenset(
    {"Allow", "Retry-After", "WWW-Authenticate", "Content-Range"}
)


def register_error_handlers(
    app: Flask,
    dialects: Sequence[ErrorFormat],
    unavailable_errors: Sequence[type[Exception]] = (),
    raises_unexpected: bool = False,
) -> None:
    """Render every error of `app` as JSON; one dialect must have the prefix "".

    With `raises_unexpected`, what would be answered with 500 or 503 is raised to the
    caller of the app.
    """
    app.extensions[DIALECTS_EXTENSION] = sort_dialects(dialects)
    app.register_error_handler(ApiError, handle_api_error)
    app.register_error_handler(HTTPException, _handle_http_exception)
    app.register_error_handler(ValidationError, _handle_validation_error)
    app.register_error_handler(Refused, _handle_refused)
    app.register_error_handler(FailedLookup, _handle_failed_lookup)
    app.register_error_handler(RateLimitExceeded, _handle_rate_limit)
    if raises_unexpected:
        app.config["PROPAGATE_EXCEPTIONS"] = True
        return
    app.register_error_handler(Exception, _handle_unexpected)
    for error_class in unavailable_errors:
        app.register_error_handler(error_class, _handle_unavailable)


def handle_api_error(api_error: ApiError) -> Response:
    """Return the response to an error in the dialect of the requested path."""
    request.environ.setdefault(REASON_ENVIRON_KEY, api_error.code)
    dialect = _get_dialect()
    request_id = request.environ.get(REQUEST_ID_ENVIRON_KEY, "")
    if dialect.respond:
        response = dialect.respond(api_error, request_id)
    else:
        body = dialect.render(api_error, request_id)
        response = json_response(body, api_error.status, headers=api_error.headers)
    response.headers["Cache-Control"] = "no-store"
    return response


def _get_dialect() -> ErrorFormat:
    dialects: tuple[ErrorFormat, ...] = current_app.extensions[DIALECTS_EXTENSION]
    return find_dialect(dialects, request.path)


def _handle_http_exception(error: HTTPException) -> Response:
    status = error.code or 500
    code, text = HTTP_ERRORS.get(status) or _describe_status(status)
    kept_headers = {
        name: value for name, value in error.get_headers() if name in _PRESERVED_HEADERS
    }
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        _log_failure(getattr(error, "original_exception", None) or error)
    return handle_api_error(ApiError(status, code, message=text, headers=kept_headers))


def _describe_status(status: int) -> tuple[str, str]:
    http_status = HTTPStatus(status)
    return http_status.name, http_status.phrase


def _handle_validation_error(error: ValidationError) -> Response:
    return handle_api_error(convert_validation_error(error))


def _handle_refused(refused: Refused) -> Response:
    request.environ[REASON_ENVIRON_KEY] = refused.reason.value
    row = _get_dialect().refusals.get(refused.reason)
    if row is None:  # a missing row is our error, hence a 500
        return _handle_unexpected(refused)
    status, code, text = row
    record_refusal(refused, code, _get_dialect().errors.api)
    headers = (
        BEARER_CHALLENGE_HEADERS if status == HTTPStatus.UNAUTHORIZED else NO_HEADERS
    )
    return handle_api_error(
        ApiError(status, code, message=refused.detail or text, headers=headers)
    )


def report_refusal(refused: Refused) -> None:
    """Record a refusal that the view answers itself, and count an unknown code.

    The code is counted after the transaction of the request has ended. The effect of
    the request is stored, so its answer remains as it is even if this failure exceeds a
    limit; the next lookup of the caller is then refused.
    """
    dialect = _get_dialect()
    _, code, _ = dialect.refusals[refused.reason]
    record_refusal(refused, code, dialect.errors.api)
    if isinstance(refused, FailedLookup):
        after_this_request(partial(_count_failure, refused))


def _count_failure(failed: FailedLookup, response: Response) -> Response:
    with suppress(RateLimitExceeded):
        failed.count_failure()
    return response


def _handle_failed_lookup(failed: FailedLookup) -> Response:
    """Count an unknown code; the transaction of the view has been rolled back."""
    try:
        failed.count_failure()
    except RateLimitExceeded as exceeded:
        return _handle_rate_limit(exceeded)
    return _handle_refused(failed)


def _handle_rate_limit(exceeded: RateLimitExceeded) -> Response:
    metrics.count_rate_limited(exceeded.rate_limit.name)
    text = f"{exceeded.text}, try again in {exceeded.retry_after} s"
    return handle_api_error(
        ApiError(
            429, "RATE_LIMITED", message=text, headers=rate_limit_headers(exceeded)
        )
    )


def _handle_unavailable(error: Exception) -> Response:
    log.warning("unavailable", **_describe_failure(error))
    code, text = HTTP_ERRORS[503]
    return handle_api_error(
        ApiError(503, code, message=text, headers={"Retry-After": "1"})
    )


def _handle_unexpected(error: Exception) -> Response:
    if find_cause(error) == SCHEMA_MISMATCH:
        return _handle_unavailable(error)  # until `couponctl db upgrade` has run
    _log_failure(error)
    code, text = HTTP_ERRORS[500]
    return handle_api_error(ApiError(500, code, message=text))


def _log_failure(error: BaseException) -> None:
    log.error("request failed", **_describe_failure(error), frames=stack_frames(error))


def _describe_failure(error: BaseException) -> dict[str, Any]:
    """Return what may be logged: the rule, because the path contains codes."""
    rule = request.url_rule
    return {
        "request_id": request.environ.get(REQUEST_ID_ENVIRON_KEY, ""),
        "method": request.method,
        "rule": rule.rule if rule else None,
        "error": describe_error(error),
    }
