"""What a route itself declares, in words: access, limits and idempotency."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from flask import Flask
from flask_smorest.spec.plugins import FlaskPlugin  # type: ignore[import-untyped]

from coupon_core.web.idempotency import IDEMPOTENT_MARK
from coupon_core.web.request_body import BODY_LIMITS_EXTENSION
from coupon_core.web.slow_requests import SLOW_MARK

Operation: TypeAlias = tuple[str, str]  # path and lower-case method
DescribeAccess: TypeAlias = Callable[["DocumentedRoute"], str]

_REPEATABLE = "repeating the request has no further effect"
_IDEMPOTENCY_BY_METHOD = {
    "get": "the request changes nothing",
    "post": "the request changes nothing; `Idempotency-Key` is ignored",
    "put": _REPEATABLE,
    "patch": _REPEATABLE,
    "delete": _REPEATABLE,
}
_IDEMPOTENT_POST = (
    "with an `Idempotency-Key`, a repeated request has no further effect and receives "
    "the stored response"
)


@dataclass(frozen=True, slots=True)
class DocumentedRoute:
    """A path and method with what its view declares."""

    path: str
    method: str
    endpoint: str
    operation_id: str
    body_limit: int
    is_idempotent: bool
    is_slow: bool

    @property
    def blueprint(self) -> str:
        """Return the name under which the blueprint of the view is registered."""
        return self.endpoint.rpartition(".")[0]


def map_routes(app: Flask) -> Mapping[Operation, DocumentedRoute]:
    """Return what every route of an app declares, by path and lower-case method."""
    routes = (route for rule in app.url_map.iter_rules() for route in _read(rule, app))
    return {(route.path, route.method): route for route in routes}


def _read(rule: Any, app: Flask) -> Iterator[DocumentedRoute]:
    view = app.view_functions[rule.endpoint]
    body_limits = app.extensions[BODY_LIMITS_EXTENSION]
    for method in rule.methods or ():
        yield DocumentedRoute(
            path=FlaskPlugin.flaskpath2openapi(rule.rule),
            method=method.lower(),
            endpoint=rule.endpoint,
            operation_id=_format_operation_id(rule.endpoint, method, rule.methods),
            body_limit=body_limits.get(rule.endpoint, body_limits[None]),
            is_idempotent=method == "POST" and hasattr(view, IDEMPOTENT_MARK),
            is_slow=hasattr(view, SLOW_MARK),
        )


def _format_operation_id(endpoint: str, method: str, methods: set[str]) -> str:
    is_shared = len(methods - {"HEAD", "OPTIONS"}) > 1
    return endpoint.replace(".", "_") + (f"_{method.lower()}" if is_shared else "")


def describe_route(
    route: DocumentedRoute, operation: Mapping[str, Any], access: str
) -> str:
    """Return access, limits and idempotency of an operation as a Markdown list."""
    is_public = operation.get("security") == []
    limits = [*_list_limits(route, operation, is_public=is_public)] or ["none"]
    idempotency = (
        _IDEMPOTENT_POST
        if route.is_idempotent
        else _IDEMPOTENCY_BY_METHOD[route.method]
    )
    return "\n".join(
        (
            f"- Access: {'public' if is_public else access}.",
            f"- Limits: {'; '.join(limits)}.",
            f"- Idempotency: {idempotency}.",
        )
    )


def _list_limits(
    route: DocumentedRoute, operation: Mapping[str, Any], *, is_public: bool
) -> Iterator[str]:
    if "requestBody" in operation:
        yield f"a body of at most {_format_bytes(route.body_limit)} (413)"
    if not is_public:
        yield "requests per caller and per tenant (429)"
    if route.is_slow:
        yield "simultaneous requests of this kind (503)"


def _format_bytes(count: int) -> str:
    kibibytes = count / 1024
    if kibibytes < 1024:
        return f"{kibibytes:,.0f} KiB"
    return f"{kibibytes / 1024:,.0f} MiB"
