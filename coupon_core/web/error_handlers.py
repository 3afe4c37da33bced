"""Turns everything that can be raised below a view into the dialect's JSON."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

import structlog
from flask import Flask, Response, current_app, request
from marshmallow import ValidationError
from werkzeug.exceptions import HTTPException

from coupon_core.domain.models import Refused
from coupon_core.observability import metrics
from coupon_core.observability.error_summary import frames_of, kind_of
from coupon_core.schemas.errors import NO_HEADERS, Problem
from coupon_core.schemas.validation_errors import from_validation
from coupon_core.security.rate_limiting.code_guessing import count_failure
from coupon_core.security.rate_limiting.policy import OverBudget, fields_of
from coupon_core.web.access_log import REASON
from coupon_core.web.dialects import (
    Dialect,
    Row,
    dialect_of,
    sorted_dialects,
)
from coupon_core.web.middleware import REQUEST_ID
from coupon_core.web.responses import json_response

log = structlog.get_logger("coupon.web")
DIALECTS = "coupon.dialects"
CHALLENGE = MappingProxyType({"WWW-Authenticate": 'Bearer realm="coupons"'})

# Our own words: Werkzeug's may quote the request, and change with its version.
HTTP: Mapping[int, tuple[str, str]] = MappingProxyType(
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
        422: ("UNPROCESSABLE", "The request could not be processed"),
        429: ("TOO_MANY_REQUESTS", "Too many requests"),
        431: ("HEADERS_TOO_LARGE", "Headers too large"),
        500: ("INTERNAL_ERROR", "Internal error"),
        503: ("UNAVAILABLE", "Temporarily unavailable, try again shortly"),
    }
)
_KEPT_HEADERS = frozenset({"Allow", "Retry-After", "WWW-Authenticate", "Content-Range"})
_INTERNAL: Row = (500, *HTTP[500])


def register_errors(
    app: Flask,
    dialects: Sequence[Dialect],
    unavailable_errors: Sequence[type[Exception]] = (),
) -> None:
    """Let `app` answer every error in JSON; one of the dialects has the prefix ""."""
    app.extensions[DIALECTS] = sorted_dialects(dialects)
    app.register_error_handler(Problem, answer_problem)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(ValidationError, _answer_invalid)
    app.register_error_handler(Refused, _answer_refused)
    app.register_error_handler(OverBudget, _answer_over_budget)
    app.after_request(_count_failure)
    app.register_error_handler(Exception, _answer_unforeseen)
    for kind in unavailable_errors:
        app.register_error_handler(kind, _answer_unavailable)


def answer_problem(problem: Problem) -> Response:
    """The answer for a problem, in the dialect of the path that was asked for."""
    request.environ.setdefault(REASON, problem.code)
    body = _dialect().render(problem, request.environ.get(REQUEST_ID, ""))
    response = json_response(body, problem.status, problem.headers)
    response.headers["Cache-Control"] = "no-store"
    return response


def _dialect() -> Dialect:
    dialects: tuple[Dialect, ...] = current_app.extensions[DIALECTS]
    return dialect_of(dialects, request.path)


def _answer_http(error: HTTPException) -> Response:
    status = error.code or 500
    code, text = HTTP.get(status) or _named(status)
    kept = {k: v for k, v in error.get_headers() if k in _KEPT_HEADERS}
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        _log_failure(getattr(error, "original_exception", None) or error)
    return answer_problem(Problem(status, code, text, headers=kept))


def _named(status: int) -> tuple[str, str]:
    known = HTTPStatus(status)
    return known.name, known.phrase


def _answer_invalid(error: ValidationError) -> Response:
    return answer_problem(from_validation(error))


def _answer_refused(refused: Refused) -> Response:
    request.environ[REASON] = refused.reason.value
    row = _dialect().refusals.get(refused.reason)
    if row is None:  # a table that lacks a row is our fault, not the caller's
        return _answer_unforeseen(refused)
    status, code, text = row
    headers = CHALLENGE if status == HTTPStatus.UNAUTHORIZED else NO_HEADERS
    return answer_problem(
        Problem(status, code, refused.detail or text, headers=headers)
    )


def _answer_over_budget(over: OverBudget) -> Response:
    metrics.limited(over.budget.name)
    text = f"Too many requests, try again in {over.seconds} s"
    return answer_problem(Problem(429, "RATE_LIMITED", text, headers=fields_of(over)))


def _count_failure(response: Response) -> Response:
    """Count a code that was unknown, now that no transaction waits for it.

    The answer is changed in place: others have put their headers on it.
    """
    try:
        count_failure()
    except OverBudget as over:
        refusal = _answer_over_budget(over)
        response.status_code = refusal.status_code
        response.set_data(refusal.get_data())
        response.headers.update(refusal.headers)
    return response


def _answer_unavailable(error: Exception) -> Response:
    log.warning("unavailable", **_about(error))
    return answer_problem(Problem(503, *HTTP[503], headers={"Retry-After": "1"}))


def _answer_unforeseen(error: Exception) -> Response:
    _log_failure(error)
    return answer_problem(Problem(*_INTERNAL))


def _log_failure(error: BaseException) -> None:
    log.error("request failed", **_about(error), frames=frames_of(error))


def _about(error: BaseException) -> dict[str, Any]:
    """What may be logged: the rule and not the path, which holds whole codes."""
    rule = request.url_rule
    return {
        "request_id": request.environ.get(REQUEST_ID, ""),
        "method": request.method,
        "rule": rule.rule if rule else None,
        "error": kind_of(error),
    }
