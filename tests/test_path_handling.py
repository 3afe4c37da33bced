"""Every path of both gateways in production: one method, one interpretation.

Paths are sent unchanged in the request line (docs/performance.md).
"""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.database_rows import read_all_rows
from tests.support.raw_http import RESPONSE_TIMEOUT_SECONDS, Target, raw_target
from tests.support.route_walker import APP_FACTORIES, RouteWalker, create_route_walker
from tests.support.settings import build_settings

pytestmark = pytest.mark.slow
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "PROPFIND"]
ODD_METHODS = ["get", "Delete", "GETS", "POST-DELETE"]
CHANGING = ["DELETE", "POST", "PUT", "PATCH"]
OVERRIDES = ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"]
find_rule_placeholders = re.compile(r"<(?:\w+:)?(\w+)>").findall
# Values for a placeholder that are never valid names.
INVALID_NAMES = ["a%2Fb", "a%5Cb", "a%00b", "%FF", "%zz", "../x"]


@dataclass
class Answer:
    """A received answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


@dataclass
class GatewayConnection:
    """A connection to a gateway, with valid credentials."""

    walk: RouteWalker
    target: Target
    wire: http.client.HTTPConnection

    def call(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """Send one request with this method and this exact path."""
        sent = {**self.walk.build_headers(method, path, body), **headers}
        kind = {"Content-Type": "application/json"} if body else {}
        self.wire.request(method, path, body or None, {**kind, **sent})
        answer = self.wire.getresponse()
        return Answer(answer.status, dict(answer.headers), answer.read())

    def post(self, path: str, body: bytes, **headers: str) -> Answer:
        """Send the target's request with another path, body and headers."""
        name, _, value = self.target.credential.partition(": ")
        return self.call("POST", path, body, **{name: value, **headers})


@pytest.fixture(scope="module", params=APP_FACTORIES)
def wire(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[GatewayConnection]:
    """Yield a connection to each gateway."""
    with raw_target(request.param, tmp_path_factory.mktemp("paths")) as target:
        walk, gateway = (
            create_route_walker(request.param, build_settings(target.database_url)),
            target.gateway,
        )
        with closing(
            http.client.HTTPConnection(
                gateway.host, gateway.port, timeout=RESPONSE_TIMEOUT_SECONDS
            )
        ) as connection:
            yield GatewayConnection(walk, target, connection)


def check_shape(answer: Answer, path: str, exception: str, code: str) -> None:
    """Check that the refusal has the format of its path's dialect."""
    context = f"{path}: {answer}"
    assert answer.headers["Content-Type"] == "application/json", context
    assert "Location" not in answer.headers, context
    if path.startswith("/api/v1/"):
        assert answer.json["error"]["type"] == exception, context
    elif path.startswith("/oauth/"):
        assert set(answer.json) == {"error", "error_description"}, context
    else:
        assert answer.json["code"] == code, context
        assert {"error", "message", "request_id"} <= set(answer.json), context


# --------------------------------------------------------------------- one method


def test_other_methods_than_a_paths_own_are_refused(wire: GatewayConnection) -> None:
    before = read_all_rows()
    for number, (_, path, methods) in enumerate(wire.walk.iterate_paths()):
        odd_methods = (
            ODD_METHODS if number % 9 == 0 else ()
        )  # refused before the application
        for method in {*METHODS, *odd_methods} - methods:
            check_method(wire.call(method, path), path, method, methods)
    assert read_all_rows() == before


def check_method(answer: Answer, path: str, method: str, own: set[str]) -> None:
    """Check that a method is refused with 405."""
    context = f"{method} {path}: {answer}"
    if method in ODD_METHODS:  # unknown to the server
        is_token = method.isupper()
        assert answer.status == (501 if is_token else 400), context
        assert answer.json["code"] == ("NOT_IMPLEMENTED" if is_token else "BAD_REQUEST")
        return
    assert answer.status == 405, context
    if method == "CONNECT":  # refused by the server, which knows no routes
        assert own - {"OPTIONS"} <= set(answer.headers["Allow"].split(", ")), context
        return
    assert set(answer.headers["Allow"].split(", ")) == own, context
    check_shape(answer, path, "MethodNotAllowedException", "METHOD_NOT_ALLOWED")


def read_rows_without_exports() -> dict[str, list[tuple[object, ...]]]:
    """Return all rows, except that exports by GET are recorded in the audit log."""
    rows = read_all_rows()
    exports = {"codes.exported", "user.exported"}
    entries = [row for row in rows["audit_entry"] if exports.isdisjoint(row)]
    return {**rows, "audit_entry": entries}


def test_head_is_a_get_without_a_body_and_options_changes_nothing(
    wire: GatewayConnection,
) -> None:
    before = read_rows_without_exports()
    for _, path, methods in wire.walk.iterate_paths():
        if "GET" in methods:
            head, get = wire.call("HEAD", path), wire.call("GET", path)
            assert (head.status, head.body) == (get.status, b""), path
            assert head.headers["Content-Type"] == get.headers["Content-Type"]
        options = wire.call("OPTIONS", path)
        assert (options.status, options.body) == (200, b""), path
        assert set(options.headers["Allow"].split(", ")) == methods, path
    assert read_rows_without_exports() == before


def test_no_header_and_no_query_makes_another_method_of_it(
    wire: GatewayConnection,
) -> None:
    before = read_rows_without_exports()
    for _, path, methods in wire.walk.iterate_paths():
        plain = wire.call("GET", path).status
        for method in methods.intersection(CHANGING) or {"DELETE"}:
            overridden = wire.call("GET", path, **dict.fromkeys(OVERRIDES, method))
            assert overridden.status == plain, (path, method)
            answer = wire.call("GET", f"{path}?_method={method}&method={method}")
            assert answer.status in (plain, 400), (path, method)
    assert read_rows_without_exports() == before


def test_nor_is_a_post_any_other(wire: GatewayConnection) -> None:
    path, body = wire.target.path, wire.target.body
    named = json.dumps({**json.loads(body), "_method": "DELETE"}).encode()
    overrides = dict.fromkeys(OVERRIDES, "DELETE")
    statuses_seen = [
        wire.post(target_path, sent, **overrides).status
        for target_path in (f"{path}?_method=DELETE", path)
        for sent in (body, named)
    ]
    # Redeem ignores unknown members and parameters; nothing is redeemed twice.
    statuses = {"query": [200, 400, 400, 400], "admin": [400, 400, 201, 400]}
    assert statuses_seen == statuses[wire.walk.name]


def test_a_form_cannot_say_what_its_method_is(wire: GatewayConnection) -> None:
    before, kind = (
        read_all_rows(),
        {"Content-Type": "application/x-www-form-urlencoded"},
    )
    answer = wire.post(wire.target.path, b"_method=DELETE&name=x", **kind)
    assert answer.status == 415
    assert read_all_rows() == before


# -------------------------------------------------------------------- one reading


def test_a_path_that_could_be_read_twice_is_not_read(wire: GatewayConnection) -> None:
    before = read_all_rows()
    for rule, _, methods in wire.walk.iterate_paths():
        method = min(methods - {"HEAD", "OPTIONS"})
        for placeholder in find_rule_placeholders(rule):
            for value in INVALID_NAMES:
                path = wire.walk.build_path(rule, **{placeholder: value})
                answer = wire.call(method, path)
                assert answer.status == 400, (method, path, answer)
                check_shape(answer, path, "ValidationException", bad_path(path))
    assert read_all_rows() == before


def bad_path(path: str) -> str:
    """Return the error code for a malformed path."""
    is_playcamp = path.startswith(("/v1/server/", "/v1/client/"))
    return "VALIDATION_ERROR" if is_playcamp else "BAD_PATH"


def test_a_slash_more_is_another_path_that_there_is_not(
    wire: GatewayConnection,
) -> None:
    before = read_all_rows()
    for rule, path, methods in wire.walk.iterate_paths():
        method = min(methods - {"HEAD", "OPTIONS"})
        for odd_path in (f"{path}/", f"/{path}", path.replace("/", "//", 2)):
            if rule != "/":
                answer = wire.call(method, odd_path)
                assert answer.status in (401, 404), (method, odd_path, answer)
                assert "Location" not in answer.headers
    assert read_all_rows() == before
