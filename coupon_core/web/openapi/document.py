"""Complete the OpenAPI 3.1 document of the blueprints with what all routes share."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from flask import Flask

from coupon_core.schemas.identifiers import PATH_SEGMENT_PATTERN
from coupon_core.web.dialects import (
    PHOENIX_ERRORS,
    ErrorFormat,
    ErrorShape,
    find_dialect,
)
from coupon_core.web.idempotency_keys import KEY_HEADER, KEY_PATTERN
from coupon_core.web.openapi.components import (
    complete_schema,
    complete_schemas,
    get_description,
    remove_unused_components,
)
from coupon_core.web.openapi.errors import (
    WRITE_METHODS,
    add_error_components,
    add_error_responses,
)
from coupon_core.web.openapi.headers import HEADER_COMPONENTS, add_headers
from coupon_core.web.openapi.routes import (
    DescribeAccess,
    DocumentedRoute,
    describe_route,
    map_routes,
)

Spec: TypeAlias = dict[str, Any]
DOCUMENTED_METHODS = WRITE_METHODS | {"get"}

KEY_REFERENCE = {"$ref": f"#/components/parameters/{KEY_HEADER}"}
KEY_PARAMETER: Mapping[str, Any] = {
    "name": KEY_HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": KEY_PATTERN, "maxLength": 255},
    "description": "A retry with the same key has no further effect and receives the "
    "stored response with `Idempotent-Replayed: true`. Successful responses are kept "
    "for a day, refusals by a rule for 10 minutes.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentParts:
    """What an app knows about its document besides the routes.

    `dialects` are sorted by `sort_dialects`; the one without a prefix has the `errors`
    of all other routes. `describe_access` says what these require of their caller.
    `aliases` are blueprints whose routes exist under another path, and are deprecated.
    """

    schemes: Mapping[str, Any] = field(default_factory=dict)
    servers: Sequence[str] = ()
    dialects: Sequence[ErrorFormat] = ()
    errors: ErrorShape = PHOENIX_ERRORS
    describe_access: DescribeAccess = lambda _: "a credential"
    aliases: frozenset[str] = frozenset()


def complete_spec(spec: Spec, app: Flask, parts: DocumentParts) -> Spec:
    """Complete a spec in place: errors, headers, security, descriptions, servers."""
    components = spec.setdefault("components", {})
    add_error_components(components, parts.dialects)
    components["headers"] = dict(HEADER_COMPONENTS)
    components["securitySchemes"] = dict(parts.schemes)
    components.setdefault("parameters", {})[KEY_HEADER] = dict(KEY_PARAMETER)
    dialect_schemes = {name for part in parts.dialects for name in part.security}
    spec["security"] = _to_security_requirements(
        name for name in parts.schemes if name not in dialect_schemes
    )
    spec["servers"] = [{"url": url} for url in parts.servers]
    _complete_parameters(spec)
    routes = map_routes(app)
    for path, method, operation in iterate_operations(spec):
        _complete_operation(operation, routes[path, method], parts)
    complete_schemas(components["schemas"])
    complete_schema([spec["paths"], components["responses"], components["headers"]])
    remove_unused_components(spec)
    return spec


def _to_security_requirements(names: Iterable[str]) -> list[Spec]:
    return [{name: []} for name in names]


def _complete_parameters(spec: Spec) -> None:
    """Add the pattern that `path_validation` enforces to path parameters, and texts."""
    for path_item in spec["paths"].values():
        for holder in (path_item, *path_item.values()):
            for parameter in _list_parameters(holder):
                text = get_description(parameter["name"])
                if text is not None:
                    parameter.setdefault("description", text)
                if parameter["in"] == "path":
                    schema = parameter.get("schema", {})
                    parameter["schema"] = {"pattern": PATH_SEGMENT_PATTERN, **schema}


def _list_parameters(holder: Any) -> list[Spec]:
    found = holder.get("parameters", ()) if isinstance(holder, dict) else ()
    return [parameter for parameter in found if "name" in parameter]


def iterate_operations(spec: Spec) -> Iterator[tuple[str, str, Spec]]:
    """Yield every operation of a spec with its path and lower-case method."""
    for path, path_item in spec["paths"].items():
        for method in sorted(DOCUMENTED_METHODS & path_item.keys()):
            yield path, method, path_item[method]


def _complete_operation(
    operation: Spec, route: DocumentedRoute, parts: DocumentParts
) -> None:
    dialect = find_dialect(parts.dialects, route.path)
    if dialect.security:
        operation.setdefault("security", _to_security_requirements(dialect.security))
    if not parts.schemes:
        operation["security"] = []
    if route.is_idempotent:
        operation.setdefault("parameters", []).append(KEY_REFERENCE)
    add_error_responses(
        operation,
        route.path,
        route.method,
        is_idempotent=route.is_idempotent,
        dialects=parts.dialects,
    )
    for status, response in operation["responses"].items():
        if "$ref" not in response:
            add_headers(response, int(status), is_idempotent=route.is_idempotent)
    access = dialect.access or parts.describe_access(route)
    text = describe_route(route, operation, access)
    details = [operation.get("description"), text]
    operation["description"] = "\n\n".join(filter(None, details))
    operation.setdefault("operationId", route.operation_id)
    if route.blueprint in parts.aliases:
        operation["deprecated"] = True
