"""A gateway whose routes are called with variations of a valid request."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.test import TestResponse

from coupon_core.web.request_body import BODY_LIMITS_EXTENSION
from tests.authorization.route_cases import Route
from tests.support.admin_client import ResponseValidator
from tests.support.route_walker import RouteWalker

JSON_CONTENT_TYPE = "application/json"


@dataclass
class FuzzedGateway:
    """A gateway in this process; each answer is validated against its document."""

    walk: RouteWalker
    documented: ResponseValidator = field(init=False)

    def __post_init__(self) -> None:
        self.documented = ResponseValidator(self.walk.app)

    def send_raw(self, route: Route, query: str = "", **options: Any) -> TestResponse:
        """Send a request with a valid credential."""
        path = route.build_path(self.walk.args).partition("?")[0]
        data = options.get("data", b"")
        headers = self.walk.build_headers(route.method, path, data)
        headers.update(options.pop("headers", {}))
        answer = self.walk.app.test_client().open(
            path + query, method=route.method, headers=headers, **options
        )
        self.documented.check(answer, route.method, path)
        return answer

    def send(self, route: Route, body: Any) -> TestResponse:
        """Send a body as JSON."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.send_raw(route, data=data, content_type=JSON_CONTENT_TYPE)

    def list_bodies(self, kind: type) -> Iterator[tuple[Route, Any]]:
        """Yield the routes with a body of this kind, and a valid body for each."""
        for route in self.walk.list_routes():
            if isinstance(route.case.body, kind):
                sent = route.build_body(self.walk.args)
                yield route, json.loads(sent) if kind is dict else sent

    def list_query_parameters(self, route: Route) -> list[Mapping[str, Any]]:
        """Return the documented query parameters of a route."""
        path = route.build_path(self.walk.args).partition("?")[0]
        documented = self.documented.get_operation(route.method, path).get(
            "parameters", []
        )
        return [parameter for parameter in documented if parameter.get("in") == "query"]

    def get_max_body_bytes(self, route: Route) -> int:
        """Return the maximum body size of a route."""
        limits: Mapping[str | None, int] = self.walk.app.extensions[
            BODY_LIMITS_EXTENSION
        ]
        match = self.documented.url_adapter.match
        endpoint, _ = match(
            route.build_path(self.walk.args).partition("?")[0], route.method
        )
        return limits.get(endpoint) or limits[None]
