"""The OpenAPI 3.1 document: what the blueprints noted, and what every route shares."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from flask import Flask
from flask_smorest.spec.plugins import FlaskPlugin  # type: ignore[import-untyped]

from coupon_core.schemas.errors import Problem
from coupon_core.schemas.identifiers import PATH_TEXT
from coupon_core.web.dialects import Dialect
from coupon_core.web.error_handlers import HTTP
from coupon_core.web.idempotency import HEADER, KEY, ONCE
from coupon_core.web.responses import JSON

Spec: TypeAlias = dict[str, Any]
WRITES = frozenset({"post", "put", "patch", "delete"})
METHODS = WRITES | {"get"}

# Which statuses any route may answer, by what kind of route it is.
ALWAYS = (400, 414, 500, 503)
SECURED = (401, 403, 429)
NAMED = (404,)
WRITING = (409,)
IDEMPOTENT = (422,)  # a key used again with another payload (CONTRACTS 0.13)
WITH_BODY = (413, 415)

KEY_REFERENCE = {"$ref": f"#/components/parameters/{HEADER}"}
KEY_PARAMETER: Mapping[str, Any] = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": KEY, "maxLength": 255},
    "description": "One effect and one answer, however often it is sent: the answer is "
    "kept for a day, and repeated with Idempotent-Replayed: true.",
}

_EXTRA: Mapping[int, Mapping[str, Any]] = {
    409: {"Retry-After": "Seconds to wait, while the same request is under way"},
    401: {"WWW-Authenticate": "How to authenticate"},
    429: {
        "Retry-After": "Seconds to wait",
        "RateLimit-Policy": "Which budget is used up: its name, amount and seconds",
        "RateLimit": "What is left of it, and in how many seconds there is more",
    },
    503: {"Retry-After": "Seconds to wait"},
}


def finish(
    spec: Spec,
    app: Flask,
    schemes: Mapping[str, Any],
    servers: Sequence[str],
    dialects: Sequence[Dialect] = (),
) -> Spec:
    """Complete a spec in place: shared errors, security, operation ids, servers."""
    components = spec.setdefault("components", {})
    ours = {_name(status): _shared(status) for status in HTTP}
    components["responses"] = components.get("responses", {}) | ours
    _add_error_shapes(components, dialects)
    components["securitySchemes"] = dict(schemes)
    own = {name for dialect in dialects for name in dialect.security}
    spec["security"] = _one_of(name for name in schemes if name not in own)
    spec["servers"] = [{"url": url} for url in servers]
    components.setdefault("parameters", {})[HEADER] = dict(KEY_PARAMETER)
    _complete_paths(spec)
    names, once = _endpoints(app), _made_once(app)
    for path, method, operation in operations(spec):
        _secure(operation, path, dialects)
        if method == "post" and path in once:
            operation.setdefault("parameters", []).append(KEY_REFERENCE)
        _complete(operation, path, method, bool(schemes), dialects)
        operation.setdefault("operationId", names[path, method])
    _drop_unused(components["responses"], json.dumps(spec["paths"]))
    return spec


def _secure(operation: Spec, path: str, dialects: Sequence[Dialect]) -> None:
    """Say of an operation what its dialect alone takes, if it does."""
    for dialect in dialects:
        if dialect.security and dialect.covers(path):
            operation.setdefault("security", _one_of(dialect.security))


def _one_of(names: Iterable[str]) -> list[Spec]:
    return [{name: []} for name in names]


def _complete_paths(spec: Spec) -> None:
    """Say of each part of a path what all of them must be; `paths` refuses the rest."""
    for item in spec["paths"].values():
        for parameter in item.get("parameters", ()):
            if parameter["in"] == "path":
                schema = parameter.get("schema", {})
                parameter["schema"] = {"pattern": PATH_TEXT, **schema}


def operations(spec: Spec) -> Iterator[tuple[str, str, Spec]]:
    """Every operation of a spec with its path and its method in lower case."""
    for path, item in spec["paths"].items():
        for method in METHODS & item.keys():
            yield path, method, item[method]


def _add_error_shapes(components: Spec, dialects: Sequence[Dialect]) -> None:
    """The errors of dialects that do not look like Phoenix's."""
    schemas = components.setdefault("schemas", {})
    for dialect in dialects:
        if dialect.errors:
            schemas[dialect.errors.name] = dict(dialect.errors.schema)
            for status in HTTP:
                name = dialect.errors.name + _name(status)
                components["responses"][name] = _shaped(dialect, status)


def _shaped(dialect: Dialect, status: int) -> Spec:
    code, text = HTTP[status]
    name = dialect.errors.name if dialect.errors else "Error"
    body = {
        "schema": {"$ref": f"#/components/schemas/{name}"},
        "example": dict(dialect.render(Problem(status, code, text), "f81d4fae")),
    }
    return {**_shared(status), "content": {JSON: body}}


def _errors_of(path: str, dialects: Sequence[Dialect]) -> str:
    """What the names of the errors of a path begin with."""
    found = (one.errors.name for one in dialects if one.errors and one.covers(path))
    return next(found, "")


def _complete(
    operation: Spec,
    path: str,
    method: str,
    secured: bool,
    dialects: Sequence[Dialect],
) -> None:
    responses = operation.setdefault("responses", {})
    shape = _errors_of(path, dialects)
    for status in _statuses(operation, path, method, secured):
        if not _told(responses.get(str(status))):
            name = f"{shape}{_name(status)}"
            responses[str(status)] = {"$ref": f"#/components/responses/{name}"}
    operation["responses"] = dict(sorted(responses.items()))


def _told(response: Any) -> bool:
    """Whether a view documented this status itself, and not the parser for it."""
    return bool(response) and "$ref" not in response


def _statuses(operation: Spec, path: str, method: str, secured: bool) -> Iterator[int]:
    yield from ALWAYS
    if secured and operation.get("security") != []:
        yield from SECURED
    if "{" in path:
        yield from NAMED
    if method in WRITES:
        yield from WRITING
    if KEY_REFERENCE in operation.get("parameters", ()):
        yield from IDEMPOTENT
    if "requestBody" in operation:
        yield from WITH_BODY


def _made_once(app: Flask) -> frozenset[str]:
    """The paths whose POST has one effect, however often it is sent."""
    return frozenset(
        FlaskPlugin.flaskpath2openapi(rule.rule)
        for rule in app.url_map.iter_rules()
        if hasattr(app.view_functions[rule.endpoint], ONCE)
    )


def _endpoints(app: Flask) -> dict[tuple[str, str], str]:
    """The operation id of each path and method: the endpoint's name, made one word."""
    return {
        (FlaskPlugin.flaskpath2openapi(rule.rule), method.lower()): _operation_id(
            rule.endpoint, method, rule.methods or set()
        )
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
    }


def _operation_id(endpoint: str, method: str, methods: set[str]) -> str:
    shared = len(methods - {"HEAD", "OPTIONS"}) > 1
    return endpoint.replace(".", "_") + (f"_{method.lower()}" if shared else "")


def _name(status: int) -> str:
    return HTTP[status][0]


def _shared(status: int) -> Spec:
    """The component for one error status, with an example of its body."""
    code, text = HTTP[status]
    example = {"error": text, "message": text, "code": code, "request_id": "f81d4fae"}
    schema = {"$ref": "#/components/schemas/Error"}
    response: Spec = {
        "description": text,
        "content": {JSON: {"schema": schema, "example": example}},
    }
    headers = _EXTRA.get(status)
    if headers:
        response["headers"] = {
            name: {"description": told, "schema": {"type": "string"}}
            for name, told in headers.items()
        }
    return response


def _drop_unused(responses: Spec, paths: str) -> None:
    for name in list(responses):
        if f'"#/components/responses/{name}"' not in paths:
            del responses[name]
