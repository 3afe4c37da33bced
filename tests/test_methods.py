"""A request is of the method on its first line, and of no other (LIMITS 4).

Every path of both gateways as they run in production, each method sent as it stands.
"""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask

import admin_gateway
import query_gateway
from tests.authorisation.credentials import Credential, Request, credentials_of
from tests.authorisation.rows import Route, Row
from tests.authorisation.tables import renamed
from tests.authorisation.things import MAKERS
from tests.authorisation.world import USER, Args, World, fresh
from tests.query_gateway.rows import all_rows
from tests.raw import PATIENCE, Target, raw_target
from tests.settings import settings_for

pytestmark = pytest.mark.slow
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND"]
ODD = ["get", "Delete", "GETS", "POST-DELETE"]
CHANGING = ["DELETE", "POST", "PUT", "PATCH"]
OVERRIDES = ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"]
APPS = {"admin": admin_gateway.create_app, "query": query_gateway.create_app}
CREDENTIALS = {
    "/api/v1": "Mambo token",
    "/v1/server": "PlayCamp server key",
    "/v1/client": "PlayCamp client key",
    "/v1": "server token",
}
DOCS = {"name": "swagger-ui.css"}


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Paths:
    """A gateway, the methods of each of its paths, and somebody who may use them."""

    name: str
    target: Target
    app: Flask
    credentials: Mapping[str, Credential]
    args: Args
    wire: http.client.HTTPConnection

    def all(self) -> Iterator[tuple[str, set[str]]]:
        """Each path of what there is, and its methods."""
        urls = self.app.url_map.bind("localhost")
        rules = {renamed(rule.rule) for rule in self.app.url_map.iter_rules()}
        for rule in sorted(rules):
            path = Route(self.name, "", rule, Row()).path(self.args)
            yield path, set(urls.allowed_methods(path))

    def call(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """Send one request of this method, by whoever may."""
        sent = {**self._credential(method, path, body), **headers}
        kind = {"Content-Type": "application/json"} if body else {}
        self.wire.request(method, path, body or None, {**kind, **sent})
        answer = self.wire.getresponse()
        return Answer(answer.status, dict(answer.headers), answer.read())

    def _credential(self, method: str, path: str, body: bytes) -> Mapping[str, str]:
        fits = (one for one in CREDENTIALS if path.startswith(f"{one}/"))
        kind = "key" if self.name == "admin" else CREDENTIALS.get(next(fits, ""), "")
        asked = Request(method, path, body)
        return self.credentials[kind](asked) if kind else {}


class Bare(World):
    """Of each kind there is one thing, which the test makes for itself."""

    def __post_init__(self) -> None:
        """Make nothing yet."""


@pytest.fixture(scope="module", params=APPS)
def paths(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Paths]:
    home = tmp_path_factory.mktemp("methods")
    with raw_target(request.param, home) as target:
        app, world = APPS[request.param](settings_for(target.url)), Bare()
        args = {**DOCS, **fresh(world.own, USER, MAKERS)}
        place = target.gateway.host, target.gateway.port
        with closing(http.client.HTTPConnection(*place, timeout=PATIENCE)) as wire:
            known = credentials_of(world)
            yield Paths(request.param, target, app, known, args, wire)


def test_other_methods_than_a_paths_own_are_refused(paths: Paths) -> None:
    before = all_rows()
    for number, (path, own) in enumerate(paths.all()):
        odd = ODD if number % 9 == 0 else ()  # gunicorn hangs up on some of these
        for method in {*METHODS, *odd} - own:
            check_refused(paths.call(method, path), path, method, own)
    assert all_rows() == before


def check_refused(answer: Answer, path: str, method: str, own: set[str]) -> None:
    """In its dialect; what the server itself does not take for a method, in ours."""
    told = f"{method} {path}: {answer}"
    if method in ("get", "Delete"):
        assert (answer.status, answer.json["code"]) == (400, "BAD_REQUEST"), told
        return
    assert answer.status == 405, told
    assert set(answer.headers["Allow"].split(", ")) == own, told
    if path.startswith("/api/v1/"):
        assert answer.json["error"]["type"] == "MethodNotAllowedException", told
    elif path.startswith("/oauth/"):
        assert set(answer.json) == {"error", "error_description"}, told
    else:
        assert answer.json["code"] == "METHOD_NOT_ALLOWED", told
        assert answer.json["error"] == answer.json["message"], told


def test_head_is_a_get_without_a_body_and_options_changes_nothing(
    paths: Paths,
) -> None:
    before = all_rows()
    for path, own in paths.all():
        if "GET" in own:
            head, get = paths.call("HEAD", path), paths.call("GET", path)
            assert (head.status, head.body) == (get.status, b""), path
            assert head.headers["Content-Type"] == get.headers["Content-Type"]
        options = paths.call("OPTIONS", path)
        assert (options.status, options.body) == (200, b""), path
        assert set(options.headers["Allow"].split(", ")) == own, path
    assert all_rows() == before


def test_no_header_and_no_query_makes_another_method_of_it(paths: Paths) -> None:
    before = all_rows()
    for path, own in paths.all():
        plain = paths.call("GET", path).status
        for method in own.intersection(CHANGING) or {"DELETE"}:
            overridden = paths.call("GET", path, **dict.fromkeys(OVERRIDES, method))
            assert overridden.status == plain, (path, method)
            asked = paths.call("GET", f"{path}?_method={method}&method={method}")
            assert asked.status in (plain, 400), (path, method)
    assert all_rows() == before


def test_nor_is_a_post_any_other(paths: Paths) -> None:
    target, overrides = paths.target, dict.fromkeys(OVERRIDES, "DELETE")
    named = {**json.loads(target.body), "_method": "DELETE"}
    told = [
        paths.call("POST", path, json.dumps(body).encode(), **overrides, **own(target))
        for path in (f"{target.path}?_method=DELETE", target.path)
        for body in (json.loads(target.body), named)
    ]
    # Redeem takes no notice of what it does not know; nothing is redeemed twice.
    statuses = {"query": [200, 400, 400, 400], "admin": [201, 400, 201, 400]}
    assert [answer.status for answer in told] == statuses[paths.name]


def own(target: Target) -> dict[str, str]:
    name, _, value = target.credential.partition(": ")
    return {name: value}


def test_a_form_cannot_say_what_its_method_is(paths: Paths) -> None:
    target, before = paths.target, all_rows()
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    body = b"_method=DELETE&name=x"
    answer = paths.call("POST", target.path, body, **kind, **own(target))
    assert answer.status == 415
    assert all_rows() == before
