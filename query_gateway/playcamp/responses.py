"""PlayCamp's envelopes: one object, a list with its pages, an error (CONTRACTS 3.1)."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import Response

from coupon_core.domain.models import Page
from coupon_core.schemas.errors import Problem, rendered
from coupon_core.web.responses import json_response
from query_gateway.refusals import PLAYCAMP_CODES

Document = dict[str, Any]

INVALID = "Validation Error"
# The codes of PlayCamp's own pages; what it has no word for keeps ours.
CODES: Mapping[int, str] = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    409: "CONFLICT",
    500: "INTERNAL_ERROR",
}


def time_text(moment: datetime | None) -> str | None:
    """`YYYY-MM-DDTHH:MM:SS.mmmZ`, as PlayCamp writes times."""
    if moment is None:
        return None
    return moment.isoformat(timespec="milliseconds")[:23] + "Z"


def one(document: Document, status: int = 200) -> Response:
    """The answer that is one object."""
    return json_response({"data": document}, status)


def every(rows: Sequence[Any], shown: Callable[[Any], Document]) -> Response:
    """The answer that is a list without pages."""
    return json_response({"data": [shown(row) for row in rows]})


def listed(
    found: tuple[Sequence[Any], int], page: Page, shown: Callable[[Any], Document]
) -> Response:
    """The answer that is a page of a list; its pages count from 1."""
    rows, total = found
    pagination = {
        "page": page.offset // page.limit + 1,
        "limit": page.limit,
        "total": total,
        "totalPages": -(-total // page.limit),
    }
    data = [shown(row) for row in rows]
    return json_response({"data": data, "pagination": pagination})


def render(problem: Problem, request_id: str) -> Document:
    """The body of an error; `error` stays text, else SDKs lose all of it."""
    body: Document = {
        "error": problem.message,
        "message": problem.message,
        "code": _code(problem),
        "request_id": request_id,
    }
    if problem.code in PLAYCAMP_CODES:
        body |= {"errorCode": problem.code, "errorMessage": problem.message}
    if problem.details:
        details = [rendered(detail) for detail in problem.details]
        body |= {"error": _headline(problem), "details": details}
    return body


def _code(problem: Problem) -> str:
    if problem.code in PLAYCAMP_CODES:
        return problem.code
    if problem.status == 400 and problem.details:
        return "VALIDATION_ERROR"
    return CODES.get(problem.status, problem.code)


def _headline(problem: Problem) -> str:
    return INVALID if problem.status == 400 else problem.message
