"""Every route of a gateway with a valid request, for rules that apply to all routes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flask import Flask

import admin_gateway
import query_gateway
from coupon_core.settings.loader import Settings
from tests.authorization.credentials import Credential, Request, build_credentials
from tests.authorization.factories import FACTORIES
from tests.authorization.route_cases import Route, RouteCase
from tests.authorization.route_tables import is_page, list_routes, rename_placeholders
from tests.authorization.tenants import (
    USER_ID,
    RouteArguments,
    TenantPair,
    create_arguments,
)

APP_FACTORIES = {"admin": admin_gateway.create_app, "query": query_gateway.create_app}
CREDENTIALS_BY_PREFIX = {
    "/api/v1/": "Mambo token",
    "/v1/server/": "PlayCamp server key",
    "/v1/client/": "PlayCamp client key",
    "/v1/": "server token",
}
DOCS_ARGUMENTS = {"name": "swagger-ui.css"}


class EmptyTenantPair(TenantPair):
    """A pair of tenants that creates one item of each kind on demand."""

    def __post_init__(self) -> None:
        """Create nothing in advance."""


@dataclass
class RouteWalker:
    """A gateway, and values for all placeholders of its paths."""

    name: str
    app: Flask
    credentials: Mapping[str, Credential]
    args: RouteArguments

    def list_routes(self) -> list[Route]:
        """Return all routes that require a credential."""
        return list_routes(self.name, self.app)

    def iterate_paths(self) -> Iterator[tuple[str, str, set[str]]]:
        """Yield each rule, its path, and the path's methods."""
        urls = self.app.url_map.bind("localhost")
        for rule in sorted(
            {
                rename_placeholders(rule.rule)
                for rule in self.app.url_map.iter_rules()
                if not is_page(rule.rule)
            }
        ):
            path = self.build_path(rule)
            yield rule, path, set(urls.allowed_methods(path))

    def build_path(self, rule: str, **names: str) -> str:
        """Return the path of a rule; `names` override its values."""
        return Route(self.name, "", rule, RouteCase()).build_path(
            {**self.args, **names}
        )

    def build_headers(
        self, method: str, path: str, body: bytes = b""
    ) -> dict[str, str]:
        """Return the headers of a valid credential for the route."""
        credentials_by_prefix = (
            kind
            for start, kind in CREDENTIALS_BY_PREFIX.items()
            if path.startswith(start)
        )
        kind = next(credentials_by_prefix, "")
        if self.name == "admin" and kind:
            kind = "key"
        request = Request(method, path, body)
        return dict(self.credentials[kind](request)) if kind else {}


def create_route_walker(name: str, settings: Settings) -> RouteWalker:
    """Create a walker for one gateway with one item of each kind."""
    app, world = APP_FACTORIES[name](settings), EmptyTenantPair()
    args = {**DOCS_ARGUMENTS, **create_arguments(world.own, USER_ID, FACTORIES)}
    return RouteWalker(name, app, build_credentials(world), args)
