"""THE table: who is let in where, and what a route answers to them.

A row a route; one that is served but has no row fails the test of the matrix.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask

from tests.authorization import admin_route_cases, query_route_cases
from tests.authorization.route_cases import ExpectedAccess, Route, RouteCase

# Open to everybody, for they tell nothing of anybody.
PUBLIC_RULES = frozenset(
    [
        *("/", "/health", "/ready", "/docs", "/docs/start.js", "/docs/<name>"),
        *("/openapi.json", "/asyncapi.json", "/schemas", "/schemas/<name>.json"),
        "/oauth/token",  # where an SDK's keys become a token
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
# What is called alike at two places, but is not the same thing.
RENAMED_PLACEHOLDERS = {
    "/users/<user_id>": "/users/<known_user>",
    "/users/<uuid>": "/users/<known_user>",
    "/api/v1/coupons/<coupon_id>": "/api/v1/coupons/<mambo_id>",
}


def normalize_rule(rule: str) -> str:
    """A rule as the table has it, in whichever of its spellings it is served."""
    rule = rule.replace("/tenants/<tenant_id>", "")
    return rule.replace("/<tenant:tenant_id>", "").replace("reward-items", "rewards")


def list_served_rules(app: Flask) -> list[tuple[str, str]]:
    """Method and rule of all that a gateway serves to those it knows."""
    return [
        (method, rename_placeholders(rule.rule))
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"})
        if rule.rule not in PUBLIC_RULES
    ]


def rename_placeholders(rule: str) -> str:
    for old, new in RENAMED_PLACEHOLDERS.items():
        rule = rule.replace(old, new)
    return rule


def list_routes(gateway: str, app: Flask) -> list[Route]:
    """Every route with its row; one test looks for those that have none."""
    rows = ROUTE_TABLES[gateway]
    return [
        Route(gateway, method, rule, rows[f"{method} {normalize_rule(rule)}"])
        for method, rule in list_served_rules(app)
        if f"{method} {normalize_rule(rule)}" in rows
    ]


def get_expected_access(route: Route, credential: str) -> ExpectedAccess:
    """What the table says of a credential at a route."""
    return ACCESS_RULES[route.gateway](route, credential)
