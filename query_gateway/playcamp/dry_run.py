"""PlayCamp's test mode: requests are checked as usual, but change nothing.

Callers switch it on in the query, as the vendor's SDKs do for every call, or in the
body (docs/api-contracts.md 3.5).
"""

from collections.abc import Mapping
from typing import Any

from flask import request
from marshmallow import ValidationError

from coupon_core.domain.models.webhooks import WebhookResponse
from coupon_core.schemas.validation_errors import convert_validation_error
from coupon_core.web.idempotency import mark_dry_run
from coupon_core.web.request_body import read_optional_object
from query_gateway.playcamp.schemas.requests import TestModeBodySchema

TEST_MODE_MEMBER = "isTest"
TEST_RESPONSE = WebhookResponse(status=200)
"""The response to a test event that test mode does not send."""

_BODY_SCHEMA = TestModeBodySchema()


def is_dry_run(query: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Return True in test mode; then the Idempotency-Key is not used up either."""
    is_test = bool(body[TEST_MODE_MEMBER]) or query[TEST_MODE_MEMBER] == "true"
    if is_test:
        mark_dry_run()
    return is_test


def without_test_mode(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a body without the test mode switch."""
    return {name: value for name, value in body.items() if name != TEST_MODE_MEMBER}


def read_test_mode_body() -> Mapping[str, Any]:
    """Return the optional body of a DELETE, which OpenAPI advises not to document.

    Raises:
        ApiError: The body is not an object, or `isTest` is not a boolean.
    """
    try:
        body: Mapping[str, Any] = _BODY_SCHEMA.load(read_optional_object(request))
    except ValidationError as error:
        raise convert_validation_error(error) from None
    return body
