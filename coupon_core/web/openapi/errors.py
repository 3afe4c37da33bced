"""Errors in the OpenAPI document: statuses, bodies and the codes of each API."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from coupon_core.schemas.errors import ApiError
from coupon_core.web.dialects import ErrorFormat, find_dialect
from coupon_core.web.error_catalogue import list_codes
from coupon_core.web.error_handlers import HTTP_ERRORS
from coupon_core.web.openapi.headers import add_headers
from coupon_core.web.responses import JSON_MEDIA_TYPE

Json = dict[str, Any]

WRITE_METHODS = frozenset({"post", "put", "patch", "delete"})
# The error statuses of a route, by kind of route.
COMMON_STATUSES = (400, 414, 500, 503)
AUTH_STATUSES = (401, 403, 429)
PATH_STATUSES = (404,)
WRITE_STATUSES = (409,)
# A key that is reused with another payload (`docs/api-contracts.md` 0.13).
IDEMPOTENCY_STATUSES = (422,)
BODY_STATUSES = (413, 415)
# Codes that are sent, where the one of the status itself is only a general form.
_EXAMPLE_CODES: Mapping[int, str] = {
    401: "AUTH_002",
    403: "ACCESS_DENIED",
    409: "REQUEST_UNDER_WAY",
    422: "IDEMPOTENCY_KEY_REUSED",
    429: "RATE_LIMITED",
}
_EXAMPLE_REQUEST_ID = "5f115e26645805f7e9306f6a"


def add_error_components(components: Json, dialects: Sequence[ErrorFormat]) -> None:
    """Add body, codes and responses of the errors of each API."""
    schemas = components.setdefault("schemas", {})
    for dialect in dialects:
        name = dialect.errors.name
        schemas[f"{name}Code"] = {
            "type": "string",
            "enum": [*list_codes(dialect.errors.api)],
            "description": "A stable error code. Its meaning and remedy are listed at "
            "`/errors`.",
        }
        if dialect.errors.schema is not None:
            schemas[name] = dict(dialect.errors.schema)
        elif name in schemas:  # the schema of Phoenix, which `JsonApi` adds
            reference = {"$ref": f"#/components/schemas/{name}Code"}
            schemas[name]["properties"]["code"] = reference
        components.setdefault("responses", {}).update(
            (_get_response_name(dialect, status), _build_response(dialect, status))
            for status in HTTP_ERRORS
        )


def _get_response_name(dialect: ErrorFormat, status: int) -> str:
    prefix = dialect.errors.name.removesuffix("Error")
    return f"{prefix}{HTTP_ERRORS[status][0]}"


def _build_response(dialect: ErrorFormat, status: int) -> Json:
    code, text = HTTP_ERRORS[status]
    example_error = ApiError(status, _EXAMPLE_CODES.get(status, code), message=text)
    body = {
        "schema": {"$ref": f"#/components/schemas/{dialect.errors.name}"},
        "example": dict(dialect.render(example_error, _EXAMPLE_REQUEST_ID)),
    }
    response: Json = {"description": text, "content": {JSON_MEDIA_TYPE: body}}
    add_headers(response, status)
    return response


def add_error_responses(
    operation: Json,
    path: str,
    method: str,
    *,
    is_idempotent: bool,
    dialects: Sequence[ErrorFormat],
) -> None:
    """Add every error that an operation can answer with and does not document itself.

    `dialects` must be sorted by `sort_dialects`.
    """
    responses = operation.setdefault("responses", {})
    dialect = find_dialect(dialects, path)
    for status in _list_statuses(operation, path, method, is_idempotent=is_idempotent):
        if not _is_documented(responses.get(str(status))):
            name = _get_response_name(dialect, status)
            responses[str(status)] = {"$ref": f"#/components/responses/{name}"}
    operation["responses"] = dict(sorted(responses.items()))


def _is_documented(response: Any) -> bool:
    """Return True if the view itself documents this status, not only its parser."""
    return bool(response) and "$ref" not in response


def _list_statuses(
    operation: Json, path: str, method: str, *, is_idempotent: bool
) -> Iterator[int]:
    yield from COMMON_STATUSES
    if operation.get("security") != []:
        yield from AUTH_STATUSES
    if "{" in path:
        yield from PATH_STATUSES
    if method in WRITE_METHODS:
        yield from WRITE_STATUSES
    if is_idempotent:
        yield from IDEMPOTENCY_STATUSES
    if "requestBody" in operation:
        yield from BODY_STATUSES
