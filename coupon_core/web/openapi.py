"""Complete the OpenAPI 3.1 document of the blueprints with what all routes share."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from flask import Flask
from flask_smorest.spec.plugins import FlaskPlugin  # type: ignore[import-untyped]

from coupon_core.schemas.errors import ApiError
from coupon_core.schemas.identifiers import PATH_SEGMENT_PATTERN
from coupon_core.web.dialects import ErrorFormat
from coupon_core.web.error_handlers import HTTP_ERRORS
from coupon_core.web.idempotency import IDEMPOTENT_MARK
from coupon_core.web.idempotency_keys import KEY_HEADER, KEY_PATTERN
from coupon_core.web.responses import JSON_MEDIA_TYPE

Spec: TypeAlias = dict[str, Any]
WRITE_METHODS = frozenset({"post", "put", "patch", "delete"})
DOCUMENTED_METHODS = WRITE_METHODS | {"get"}

# The error statuses of a route, by kind of route.
COMMON_STATUSES = (400, 414, 500, 503)
AUTH_STATUSES = (401, 403, 429)
PATH_STATUSES = (404,)
WRITE_STATUSES = (409,)
# A key that is reused with another payload (`docs/api-contracts.md` 0.13).
IDEMPOTENCY_STATUSES = (422,)
BODY_STATUSES = (413, 415)

KEY_REFERENCE = {"$ref": f"#/components/parameters/{KEY_HEADER}"}
KEY_PARAMETER: Mapping[str, Any] = {
    "name": KEY_HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": KEY_PATTERN, "maxLength": 255},
    "description": "A retry with the same key has no further effect and receives the "
    "stored response with `Idempotent-Replayed: true`. Responses are kept for a day.",
}

_HEADERS_BY_STATUS: Mapping[int, Mapping[str, Any]] = {
    409: {"Retry-After": "Seconds to wait while the same request is being processed"},
    401: {"WWW-Authenticate": "The authentication scheme to use"},
    429: {
        "Retry-After": "Seconds to wait",
        "RateLimit-Policy": "The exceeded limit: its name, quota and window in seconds",
        "RateLimit": "The remaining quota and the seconds until it is replenished",
    },
    503: {"Retry-After": "Seconds to wait"},
}


def complete_spec(
    spec: Spec,
    app: Flask,
    schemes: Mapping[str, Any],
    servers: Sequence[str],
    dialects: Sequence[ErrorFormat] = (),
) -> Spec:
    """Complete a spec in place: errors, security, operation ids, servers."""
    components = spec.setdefault("components", {})
    error_responses = {
        _get_error_name(status): _build_error_response(status) for status in HTTP_ERRORS
    }
    components["responses"] = components.get("responses", {}) | error_responses
    _add_error_shapes(components, dialects)
    components["securitySchemes"] = dict(schemes)
    dialect_schemes = {name for dialect in dialects for name in dialect.security}
    spec["security"] = _to_security_requirements(
        name for name in schemes if name not in dialect_schemes
    )
    spec["servers"] = [{"url": url} for url in servers]
    components.setdefault("parameters", {})[KEY_HEADER] = dict(KEY_PARAMETER)
    _complete_path_parameters(spec)
    operation_ids = _map_operation_ids(app)
    idempotent_paths = _find_idempotent_paths(app)
    for path, method, operation in iterate_operations(spec):
        _set_security(operation, path, dialects=dialects)
        if method == "post" and path in idempotent_paths:
            operation.setdefault("parameters", []).append(KEY_REFERENCE)
        _complete_operation(
            operation, path, method=method, is_secured=bool(schemes), dialects=dialects
        )
        operation.setdefault("operationId", operation_ids[path, method])
    _drop_unused(components["responses"], json.dumps(spec["paths"]))
    return spec


def _set_security(operation: Spec, path: str, dialects: Sequence[ErrorFormat]) -> None:
    """Set the security of operations whose dialect has its own schemes."""
    for dialect in dialects:
        if dialect.security and dialect.has_path(path):
            operation.setdefault(
                "security", _to_security_requirements(dialect.security)
            )


def _to_security_requirements(names: Iterable[str]) -> list[Spec]:
    return [{name: []} for name in names]


def _complete_path_parameters(spec: Spec) -> None:
    """Add the pattern that `path_validation` enforces to every path parameter."""
    for path_item in spec["paths"].values():
        for parameter in path_item.get("parameters", ()):
            if parameter["in"] == "path":
                schema = parameter.get("schema", {})
                parameter["schema"] = {"pattern": PATH_SEGMENT_PATTERN, **schema}


def iterate_operations(spec: Spec) -> Iterator[tuple[str, str, Spec]]:
    """Yield every operation of a spec with its path and lower-case method."""
    for path, path_item in spec["paths"].items():
        for method in DOCUMENTED_METHODS & path_item.keys():
            yield path, method, path_item[method]


def _add_error_shapes(components: Spec, dialects: Sequence[ErrorFormat]) -> None:
    """Add the errors of dialects that differ from Phoenix."""
    schemas = components.setdefault("schemas", {})
    for dialect in dialects:
        if dialect.errors:
            schemas[dialect.errors.name] = dict(dialect.errors.schema)
            for status in HTTP_ERRORS:
                name = dialect.errors.name + _get_error_name(status)
                components["responses"][name] = _build_dialect_response(dialect, status)


def _build_dialect_response(dialect: ErrorFormat, status: int) -> Spec:
    code, text = HTTP_ERRORS[status]
    name = dialect.errors.name if dialect.errors else "Error"
    body = {
        "schema": {"$ref": f"#/components/schemas/{name}"},
        "example": dict(
            dialect.render(ApiError(status, code, message=text), "f81d4fae")
        ),
    }
    return {**_build_error_response(status), "content": {JSON_MEDIA_TYPE: body}}


def _find_error_prefix(path: str, dialects: Sequence[ErrorFormat]) -> str:
    """Return the prefix of the error component names of a path."""
    names = (
        dialect.errors.name
        for dialect in dialects
        if dialect.errors and dialect.has_path(path)
    )
    return next(names, "")


def _complete_operation(
    operation: Spec,
    path: str,
    method: str,
    is_secured: bool,
    dialects: Sequence[ErrorFormat],
) -> None:
    responses = operation.setdefault("responses", {})
    prefix = _find_error_prefix(path, dialects)
    for status in _list_statuses(operation, path, method=method, is_secured=is_secured):
        if not _is_documented(responses.get(str(status))):
            name = f"{prefix}{_get_error_name(status)}"
            responses[str(status)] = {"$ref": f"#/components/responses/{name}"}
    operation["responses"] = dict(sorted(responses.items()))


def _is_documented(response: Any) -> bool:
    """Return True if the view itself documents this status, not only its parser."""
    return bool(response) and "$ref" not in response


def _list_statuses(
    operation: Spec, path: str, method: str, is_secured: bool
) -> Iterator[int]:
    yield from COMMON_STATUSES
    if is_secured and operation.get("security") != []:
        yield from AUTH_STATUSES
    if "{" in path:
        yield from PATH_STATUSES
    if method in WRITE_METHODS:
        yield from WRITE_STATUSES
    if KEY_REFERENCE in operation.get("parameters", ()):
        yield from IDEMPOTENCY_STATUSES
    if "requestBody" in operation:
        yield from BODY_STATUSES


def _find_idempotent_paths(app: Flask) -> frozenset[str]:
    """Return the paths whose POST is idempotent."""
    return frozenset(
        FlaskPlugin.flaskpath2openapi(rule.rule)
        for rule in app.url_map.iter_rules()
        if hasattr(app.view_functions[rule.endpoint], IDEMPOTENT_MARK)
    )


def _map_operation_ids(app: Flask) -> dict[tuple[str, str], str]:
    """Return the operation id of each path and method, made from the endpoint."""
    return {
        (
            FlaskPlugin.flaskpath2openapi(rule.rule),
            method.lower(),
        ): _format_operation_id(rule.endpoint, method, methods=rule.methods or set())
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }


def _format_operation_id(endpoint: str, method: str, methods: set[str]) -> str:
    is_shared = len(methods - {"HEAD", "OPTIONS"}) > 1
    return endpoint.replace(".", "_") + (f"_{method.lower()}" if is_shared else "")


def _get_error_name(status: int) -> str:
    return HTTP_ERRORS[status][0]


def _build_error_response(status: int) -> Spec:
    """Return the component of an error status, with an example of its body."""
    code, text = HTTP_ERRORS[status]
    example = {"error": text, "message": text, "code": code, "request_id": "f81d4fae"}
    schema = {"$ref": "#/components/schemas/Error"}
    response: Spec = {
        "description": text,
        "content": {JSON_MEDIA_TYPE: {"schema": schema, "example": example}},
    }
    headers = _HEADERS_BY_STATUS.get(status)
    if headers:
        response["headers"] = {
            name: {"description": description, "schema": {"type": "string"}}
            for name, description in headers.items()
        }
    return response


def _drop_unused(responses: Spec, paths: str) -> None:
    for name in list(responses):
        if f'"#/components/responses/{name}"' not in paths:
            del responses[name]
