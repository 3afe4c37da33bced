"""Parser of generate requests: JSON, or CSV with one user per line."""

from collections.abc import Mapping
from typing import Any

from flask import Request
from marshmallow import ValidationError

from admin_gateway.requests.coupons import (
    GenerateCouponsQuerySchema,
    GenerateCouponsSchema,
)
from coupon_core.domain.models import utc_now
from coupon_core.domain.rules.expiry import require_future_expiry
from coupon_core.schemas.csv_users import read_users
from coupon_core.schemas.errors import ErrorDetail, validation_error
from coupon_core.schemas.validation_errors import convert_validation_error
from coupon_core.services.batches import MAX_USERS, BatchRequest
from coupon_core.web.query_string import parse_query
from coupon_core.web.request_body import read_body, read_object
from coupon_core.web.request_stream import is_csv, parse_csv_options

MAX_BODY_BYTES = 33_554_432
MAX_JSON_BODY_BYTES = 16_777_216

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
    try:
        query = _QUERY_SCHEMA.load(parse_query(request.environ, _QUERY_SCHEMA.fields))
    except ValidationError as error:
        raise convert_validation_error(error, "query") from None
    if not is_csv(request):
        return _parse_json_request(request, query)
    options = parse_csv_options(request, query.get("ignore_columns", frozenset()))
    users = read_users([read_body(request, MAX_BODY_BYTES)], options, MAX_USERS)
    return BatchRequest(len(users), users, expires_at=query.get("expires_at"))


def _parse_json_request(request: Request, query: Mapping[str, Any]) -> BatchRequest:
    for name in query:  # A JSON body has its own members for these values.
        raise validation_error(
            [ErrorDetail("expected only with a CSV body", name, "query")]
        )
    body = read_object(request, MAX_JSON_BODY_BYTES, alternative=" or text/csv")
    try:
        batch_request: BatchRequest = _BODY_SCHEMA.load(body)
    except ValidationError as error:
        raise convert_validation_error(error) from None
    return batch_request
