"""The access tables of both gateways.

Every served route has a row; a test fails for a route without one.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask

from tests.authorization import admin_route_cases, query_route_cases
from tests.authorization.route_cases import ExpectedAccess, Route, RouteCase

# Public: their answers contain no tenant's data.
PUBLIC_RULES = frozenset(
    [
        *("/", "/health", "/ready", "/docs", "/docs/start.js", "/docs/<name>"),
        "/errors",
        *("/openapi.json", "/asyncapi.json", "/schemas", "/schemas/<name>.json"),
        "/oauth/token",  # exchanges an SDK's key for a token
    ]
)
ROUTE_TABLES: Mapping[str, Mapping[str, RouteCase]] = {
    "admin": admin_route_cases.ADMIN_ROUTES,
    "query": {
        **query_route_cases.PHOENIX_ROUTES,
        **query_route_cases.MAMBO_ROUTES,
        **query_route_cases.PLAYCAMP_ROUTES,
    },
}
ACCESS_RULES = {
    "admin": admin_route_cases.get_expected_access,
    "query": query_route_cases.get_expected_access,
}
# Placeholders with the same name at two places that mean different things.
RENAMED_PLACEHOLDERS = {
    "/users/<user_id>": "/users/<known_user>",
    "/users/<uuid>": "/users/<known_user>",
    "/activities/<uuid>": "/activities/<known_user>",
    "/api/v1/coupons/<coupon_id>": "/api/v1/coupons/<mambo_id>",
}


def normalize_rule(rule: str) -> str:
    """Return a rule as the table spells it."""
    rule = rule.replace("/tenants/<tenant_id>", "")
    return rule.replace("/<tenant:tenant_id>", "").replace("reward-items", "rewards")


def is_page(rule: str) -> bool:
    """Return True for pages, which have rules and tests of their own."""
    return rule.startswith("/console")


def list_served_rules(app: Flask) -> list[tuple[str, str]]:
    """Return method and rule of every route that requires a credential."""
    return [
        (method, rename_placeholders(rule.rule))
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"})
        if rule.rule not in PUBLIC_RULES and not is_page(rule.rule)
    ]


def rename_placeholders(rule: str) -> str:
    """Return the rule with unambiguous placeholder names."""
    for old, new in RENAMED_PLACEHOLDERS.items():
        rule = rule.replace(old, new)
    return rule


def list_routes(gateway: str, app: Flask) -> list[Route]:
    """Return every route with its row; a test looks for routes without one."""
    rows = ROUTE_TABLES[gateway]
    return [
        Route(gateway, method, rule, rows[f"{method} {normalize_rule(rule)}"])
        for method, rule in list_served_rules(app)
        if f"{method} {normalize_rule(rule)}" in rows
    ]


def get_expected_access(route: Route, credential: str) -> ExpectedAccess:
    """Return the access that the table expects for a credential at a route."""
    return ACCESS_RULES[route.gateway](route, credential)
