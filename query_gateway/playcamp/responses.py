"""Response envelopes of the PlayCamp API (docs/api-contracts.md 3.1)."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response

from coupon_core.domain.models import Page
from coupon_core.schemas.base import Document
from coupon_core.schemas.errors import ApiError, serialize_error_detail
from coupon_core.web import error_catalogue
from coupon_core.web.dialects import ErrorShape
from coupon_core.web.responses import json_response
from query_gateway.refusals import PLAYCAMP_CODES

VALIDATION_HEADLINE = "Validation Error"
# Codes that PlayCamp documents; all other errors keep our own code.
CODES_BY_STATUS: Mapping[int, str] = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    409: "CONFLICT",
    500: "INTERNAL_ERROR",
}

ERROR_REFERENCE = {"$ref": "#/components/schemas/PlayCampError"}
_TEXT_SCHEMA = {"type": "string"}
_CODE_REFERENCE = {"$ref": "#/components/schemas/PlayCampErrorCode"}
ERRORS = ErrorShape(
    "PlayCampError",
    api=error_catalogue.PLAYCAMP,
    schema={
        "type": "object",
        "description": "Every error of the PlayCamp API. `errorCode` and "
        "`errorMessage` are present if a code was refused.",
        "required": ["error", "message", "code", "request_id"],
        "properties": {
            "error": _TEXT_SCHEMA,
            "message": _TEXT_SCHEMA,
            "code": _CODE_REFERENCE,
            "request_id": _TEXT_SCHEMA,
            "errorCode": _CODE_REFERENCE,
            "errorMessage": _TEXT_SCHEMA,
            "details": {
                "type": "array",
                "items": {"$ref": "#/components/schemas/ErrorDetail"},
            },
        },
    },
)


def object_response(document: Document, status: int = 200) -> Response:
    """Return a response with one object."""
    return json_response({"data": document}, status)


def to_page(found: tuple[Sequence[Any], int], page: Page) -> Document:
    """Return the envelope of one page of a list; pages count from 1."""
    rows, total = found
    pagination = {
        "page": page.offset // page.limit + 1,
        "limit": page.limit,
        "total": total,
        "totalPages": -(-total // page.limit),
    }
    return {"data": rows, "pagination": pagination}


def render_playcamp_error(api_error: ApiError, request_id: str) -> Document:
    """Return the body of an error.

    `error` is always text: SDKs discard the whole error if it is an object. With
    `details`, `message` is the headline, because SDKs show the details after it.
    """
    body: Document = {
        "error": api_error.message,
        "message": api_error.message,
        "code": _get_code(api_error),
        "request_id": request_id,
    }
    if api_error.code in PLAYCAMP_CODES:
        body |= {"errorCode": api_error.code, "errorMessage": api_error.message}
    if api_error.details:
        details = [serialize_error_detail(detail) for detail in api_error.details]
        headline = _get_headline(api_error)
        body |= {"error": headline, "message": headline, "details": details}
    return body


def _get_code(api_error: ApiError) -> str:
    if api_error.code in PLAYCAMP_CODES:
        return api_error.code
    if api_error.status == 400 and api_error.details:
        return "VALIDATION_ERROR"
    return CODES_BY_STATUS.get(api_error.status, api_error.code)


def _get_headline(api_error: ApiError) -> str:
    return VALIDATION_HEADLINE if api_error.status == 400 else api_error.message
