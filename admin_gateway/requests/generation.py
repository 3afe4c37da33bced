"""Parser of generate requests: JSON, or CSV with one user per line."""

import csv
import io
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from flask import Request
from marshmallow import ValidationError
from werkzeug.http import parse_options_header

from admin_gateway.requests import GenerateCouponsQuerySchema, GenerateCouponsSchema
from coupon_core.domain.identifiers import is_user_id
from coupon_core.domain.models import utc_now
from coupon_core.domain.rules.expiry import require_future_expiry
from coupon_core.schemas.errors import (
    MAX_DETAILS,
    ApiError,
    ErrorDetail,
    validation_error,
)
from coupon_core.schemas.identifiers import USER_ID_EXPECTED
from coupon_core.schemas.validation_errors import convert_validation_error
from coupon_core.services.batches import MAX_USERS, BatchRequest
from coupon_core.web.query_string import parse_query
from coupon_core.web.request_body import read_body, read_object

CSV_CONTENT_TYPE = "text/csv"
MAX_BODY_BYTES = 33_554_432
MAX_JSON_BODY_BYTES = 16_777_216
USER_ID_COLUMN = "user_id"  # A first line with this text is a header.

_BODY_SCHEMA, _QUERY_SCHEMA = GenerateCouponsSchema(), GenerateCouponsQuerySchema()


def parse_batch_request(request: Request) -> BatchRequest:
    """Return the batch that a request asks for.

    Raises:
        ApiError: The query or the body is invalid.
        Refused: The expiry is in the past.
    """
    batch_request = _parse_json_or_csv(request)
    require_future_expiry(batch_request.expires_at, utc_now())
    return batch_request


def _parse_json_or_csv(request: Request) -> BatchRequest:
    content_type, options = parse_options_header(
        request.environ.get("CONTENT_TYPE", "")
    )
    try:
        query = _QUERY_SCHEMA.load(parse_query(request.environ, _QUERY_SCHEMA.fields))
        if content_type.lower() != CSV_CONTENT_TYPE:
            return _parse_json_request(request, query)
    except ValidationError as error:
        raise convert_validation_error(error) from None
    if options.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        text = "Content-Type: expected CSV in UTF-8"
        raise ApiError(415, "UNSUPPORTED_MEDIA_TYPE", text)
    users = parse_users_csv(read_body(request, MAX_BODY_BYTES))
    return BatchRequest(len(users), users, expires_at=query.get("expires_at"))


def _parse_json_request(request: Request, query: Mapping[str, Any]) -> BatchRequest:
    for name in query:  # A JSON body has its own members for these values.
        raise validation_error(
            [ErrorDetail("expected only with a CSV body", name, "query")]
        )
    batch_request: BatchRequest = _BODY_SCHEMA.load(
        read_object(request, MAX_JSON_BODY_BYTES)
    )
    return batch_request


def parse_users_csv(data: bytes) -> list[str]:
    """Return each user once, in the order of the lines.

    Raises:
        ApiError: Some lines are invalid, or there are no users or too many.
    """
    users: dict[str, None] = {}
    errors: list[ErrorDetail] = []
    for line, row in _read_rows(data):
        error = _row_error(row)
        if error and len(errors) <= MAX_DETAILS:
            errors.append(_line_error(line, error))
        users[row[0]] = None
    if not users and not errors:
        errors.append(_line_error(1, "expected one user id per line, got none"))
    if len(users) > MAX_USERS:
        errors.append(ErrorDetail(f"expected at most {MAX_USERS:,} users", "", "body"))
    if errors:
        raise validation_error(errors)
    return list(users)


def _read_rows(data: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the cells of each non-empty line, without the header."""
    # Spreadsheets put a byte order mark before UTF-8; this codec accepts both.
    text = io.TextIOWrapper(io.BytesIO(data), "utf-8-sig", newline="")
    reader = csv.reader(text, strict=True)
    try:
        filled = ((reader.line_num, row) for row in reader if any(row))
        for line, row in islice(filled, 1):
            if row != [USER_ID_COLUMN]:
                yield line, row
        yield from filled
    except csv.Error as error:
        raise validation_error(
            [_line_error(reader.line_num, f"expected CSV: {error}")]
        ) from None
    except UnicodeDecodeError:
        raise validation_error(
            [_line_error(reader.line_num + 1, "expected UTF-8")]
        ) from None


def _row_error(row: list[str]) -> str:
    if len(row) > 1:
        return f"expected one column, {USER_ID_COLUMN}; got {len(row)}"
    return "" if is_user_id(row[0]) else f"expected {USER_ID_EXPECTED}"


def _line_error(line: int, message: str) -> ErrorDetail:
    return ErrorDetail(message, f"line {line}", "body")
