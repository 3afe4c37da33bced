"""Every route of a gateway, and somebody who may use it: for what holds everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flask import Flask

import admin_gateway
import query_gateway
from coupon_core.settings.loader import Settings
from tests.authorisation.credentials import Credential, Request, credentials_of
from tests.authorisation.rows import Route, Row
from tests.authorisation.tables import renamed, routes_of
from tests.authorisation.things import MAKERS
from tests.authorisation.world import USER, Args, World, fresh

APPS = {"admin": admin_gateway.create_app, "query": query_gateway.create_app}
CREDENTIALS = {
    "/api/v1/": "Mambo token",
    "/v1/server/": "PlayCamp server key",
    "/v1/client/": "PlayCamp client key",
    "/v1/": "server token",
}
DOCS = {"name": "swagger-ui.css"}


class Bare(World):
    """Of each kind there is one thing, which a walk makes for itself."""

    def __post_init__(self) -> None:
        """Make nothing yet."""


@dataclass
class Walk:
    """A gateway, and all that its paths may name."""

    name: str
    app: Flask
    credentials: Mapping[str, Credential]
    args: Args

    def routes(self) -> list[Route]:
        """All that is served to those whom the gateway knows."""
        return routes_of(self.name, self.app)

    def paths(self) -> Iterator[tuple[str, str, set[str]]]:
        """Each rule that there is, as a path, and the methods of that."""
        urls = self.app.url_map.bind("localhost")
        for rule in sorted(
            {renamed(one.rule) for one in self.app.url_map.iter_rules()}
        ):
            path = self.spelt(rule)
            yield rule, path, set(urls.allowed_methods(path))

    def spelt(self, rule: str, **names: str) -> str:
        """A rule as a path, with some of its names told here."""
        return Route(self.name, "", rule, Row()).path({**self.args, **names})

    def headers(self, method: str, path: str, body: bytes = b"") -> dict[str, str]:
        """The credential of whoever may."""
        fits = (kind for start, kind in CREDENTIALS.items() if path.startswith(start))
        kind = next(fits, "")
        if self.name == "admin" and kind:
            kind = "key"
        asked = Request(method, path, body)
        return dict(self.credentials[kind](asked)) if kind else {}


def new_walk(name: str, settings: Settings) -> Walk:
    """One of the gateways on a fresh database, with one thing of each kind."""
    app, world = APPS[name](settings), Bare()
    args = {**DOCS, **fresh(world.own, USER, MAKERS)}
    return Walk(name, app, credentials_of(world), args)
