"""THE table: who is let in where, and what a route answers to them.

A row a route; one that is served but has no row fails the test of the matrix.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask

from . import admin_rows, query_rows
from .rows import Route, Row, Told

# Open to everybody, for they tell nothing of anybody.
PUBLIC = frozenset(
    [
        *("/", "/health", "/ready", "/docs", "/docs/start.js", "/docs/<name>"),
        *("/openapi.json", "/asyncapi.json", "/schemas", "/schemas/<name>.json"),
        "/oauth/token",  # where an SDK's keys become a token
    ]
)
TABLES: Mapping[str, Mapping[str, Row]] = {
    "admin": admin_rows.ADMIN,
    "query": {**query_rows.PHOENIX, **query_rows.MAMBO, **query_rows.PLAYCAMP},
}
LOCKS = {"admin": admin_rows.told, "query": query_rows.told}
# What is called alike at two places, but is not the same thing.
RENAMED = {
    "/users/<user_id>": "/users/<known_user>",
    "/users/<uuid>": "/users/<known_user>",
    "/api/v1/coupons/<coupon_id>": "/api/v1/coupons/<mambo_id>",
}


def plain(rule: str) -> str:
    """A rule as the table has it, in whichever of its spellings it is served."""
    rule = rule.replace("/tenants/<tenant_id>", "")
    return rule.replace("/<tenant:tenant_id>", "").replace("reward-items", "rewards")


def served(app: Flask) -> list[tuple[str, str]]:
    """Method and rule of all that a gateway serves to those it knows."""
    return [
        (method, renamed(rule.rule))
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"})
        if rule.rule not in PUBLIC
    ]


def renamed(rule: str) -> str:
    for old, new in RENAMED.items():
        rule = rule.replace(old, new)
    return rule


def routes_of(gateway: str, app: Flask) -> list[Route]:
    """Every route with its row; one test looks for those that have none."""
    rows = TABLES[gateway]
    return [
        Route(gateway, method, rule, rows[f"{method} {plain(rule)}"])
        for method, rule in served(app)
        if f"{method} {plain(rule)}" in rows
    ]


def told(route: Route, credential: str) -> Told:
    """What the table says of a credential at a route."""
    return LOCKS[route.gateway](route, credential)
