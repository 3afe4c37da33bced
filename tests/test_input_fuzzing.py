"""Every body and every query of both gateways is validated strictly.

docs/performance.md lists the limits.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from werkzeug.test import TestResponse

from coupon_core.persistence import database
from tests.support.database_rows import read_all_rows
from tests.support.databases import SqliteDatabases, migrate_database
from tests.support.fuzzed_gateway import FuzzedGateway
from tests.support.malformed_bodies import MALFORMED_BODIES
from tests.support.route_walker import APP_FACTORIES, create_route_walker
from tests.support.settings import build_settings

JSON = "application/json"
NUMBERS = [
    "",
    "x",
    "+1",
    "01",
    "1.0",
    "1e2",
    "-1",
    "0x1",
    "1_0",
    "true",
    "%D9%A1",
    "%20",
]
BAD_QUERIES = ["{}=1&{}=1", "{}=%FF", "{}=%zz", "{}=%00"]
# The parameters that may be repeated, with the end of the paths that take them. Mambo's
# SDKs repeat `tags`.
REPEATABLE_PARAMETERS = {"tags": "", "campaign_id": "/reports/compare"}


@pytest.fixture(scope="module", params=APP_FACTORIES)
def fuzzed_gateway(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FuzzedGateway]:
    """Yield each gateway on a database with existing data."""
    home = tmp_path_factory.mktemp("input")
    with SqliteDatabases(home, migrate_database).temporary_database() as url:
        yield FuzzedGateway(create_route_walker(request.param, build_settings(url)))
        database.close_database()


@pytest.fixture
def unchanged(fuzzed_gateway: FuzzedGateway) -> Iterator[None]:
    """Check that refused requests change nothing."""
    before = read_all_rows()
    yield
    assert read_all_rows() == before


def test_there_is_much_to_be_walked(fuzzed_gateway: FuzzedGateway) -> None:
    assert len([*fuzzed_gateway.list_bodies(dict)]) > 15
    assert (
        sum(
            len(fuzzed_gateway.list_query_parameters(route))
            for route in fuzzed_gateway.walk.list_routes()
        )
        > 30
    )


def check(answer: TestResponse, status: int, *context: object) -> None:
    """Check the status of an answer."""
    assert answer.status_code == status, (*context, answer.text)


@pytest.mark.usefixtures("unchanged")
def test_what_parsers_could_read_differently_is_refused(
    fuzzed_gateway: FuzzedGateway,
) -> None:
    for route, _ in fuzzed_gateway.list_bodies(dict):
        for name, body in MALFORMED_BODIES.items():
            check(fuzzed_gateway.send(route, body), 400, route, name)


LABELS = ["text/plain", "application/x-www-form-urlencoded", f"{JSON}; charset=utf-16"]


@pytest.mark.usefixtures("unchanged")
def test_what_is_not_labelled_as_json_is_refused(fuzzed_gateway: FuzzedGateway) -> None:
    for route, body in fuzzed_gateway.list_bodies(dict):
        data = json.dumps(body).encode()
        for label in LABELS:
            answer = fuzzed_gateway.send_raw(route, data=data, content_type=label)
            check(answer, 415, route, label)
        packed = {"Content-Encoding": "gzip"}
        answer = fuzzed_gateway.send_raw(
            route, data=data, content_type=JSON, headers=packed
        )
        check(answer, 415, route, packed)


@pytest.mark.usefixtures("unchanged")
def test_every_body_has_a_limit(fuzzed_gateway: FuzzedGateway) -> None:
    for kind, label in ((dict, JSON), (str, "text/csv")):
        for route, _ in fuzzed_gateway.list_bodies(kind):
            headers = {
                "CONTENT_LENGTH": str(fuzzed_gateway.get_max_body_bytes(route) + 1)
            }
            answer = fuzzed_gateway.send_raw(
                route, data=b"{}", content_type=label, environ_overrides=headers
            )
            check(answer, 413, route)


# Values of other types that no member of a type may have.
INSTEAD: Mapping[type, list[Any]] = {
    str: [1, 1.5, True, [], {}, ["x"]],
    int: [True, 1.5, "1", [], {}, 10**30],
    bool: [0, "true", "", [], {}],
    list: [1, "x", True, {}],
    dict: [1, "x", True, []],
}


@pytest.mark.usefixtures("unchanged")
def test_no_member_may_be_of_another_kind(fuzzed_gateway: FuzzedGateway) -> None:
    for route, body in fuzzed_gateway.list_bodies(dict):
        for place, value in iterate_leaves(body):
            for odd in INSTEAD[type(value)]:
                answer = fuzzed_gateway.send(route, replace_value(body, place, odd))
                check(answer, 400, route, place, odd)


def iterate_leaves(
    body: Any, *place: str | int
) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Yield every value of a body with its path."""
    if place:
        yield place, body
    if isinstance(body, dict):
        for name, value in body.items():
            yield from iterate_leaves(value, *place, name)
    if isinstance(body, list):
        for number, value in enumerate(body):
            yield from iterate_leaves(value, *place, number)


def replace_value(body: Any, place: tuple[str | int, ...], value: Any) -> Any:
    """Return a copy of a body with another value at that path."""
    copy = json.loads(json.dumps(body))
    *above, last = place
    inner = copy
    for one in above:
        inner = inner[one]
    inner[last] = value
    return copy


STRANGE = {"tenant_id": "acme", "used_count": 7, "is_admin": True}
# Endpoints for players and for SDKs of other systems ignore unknown members; a
# CloudEvent may have additional attributes.
TOLERANT_STARTS = ("/v1/coupons/", "/v1/server/", "/v1/client/", "/api/v1/")
TOLERANT_ENDS = ("/events",)
# A longer value makes the query too long, which is 414.
MAX_TESTED_LENGTH = 4_000


def is_tolerant(gateway: str, rule: str) -> bool:
    """Return True if the route ignores unknown members."""
    is_for_sdks = gateway == "query" and rule.startswith(TOLERANT_STARTS)
    return is_for_sdks or rule.endswith(TOLERANT_ENDS)


@pytest.mark.usefixtures("unchanged")
def test_members_that_are_not_known_are_refused_by_their_names(
    fuzzed_gateway: FuzzedGateway,
) -> None:
    for route, body in fuzzed_gateway.list_bodies(dict):
        if not is_tolerant(route.gateway, route.rule):
            for name, value in STRANGE.items():
                answer = fuzzed_gateway.send(route, {**body, name: value})
                check(answer, 400, route, name)
                assert name in answer.text, route


@pytest.mark.usefixtures("unchanged")
def test_every_parameter_is_read_to_the_letter(fuzzed_gateway: FuzzedGateway) -> None:
    for route in fuzzed_gateway.walk.list_routes():
        for parameter in fuzzed_gateway.list_query_parameters(route):
            for value in bad_values(parameter["schema"]):
                query = f"?{parameter['name']}={value}"
                check(fuzzed_gateway.send_raw(route, query), 400, route, query)
            path_end = REPEATABLE_PARAMETERS.get(parameter["name"])
            repeatable = path_end is not None and route.rule.endswith(path_end)
            for pattern in BAD_QUERIES[repeatable:]:
                query = "?" + pattern.replace("{}", parameter["name"])
                check(fuzzed_gateway.send_raw(route, query), 400, route, query)


def bad_values(schema: Mapping[str, Any]) -> list[str]:
    """Return values that a parameter must not have."""
    if schema.get("type") == "integer":
        out_of_range = schema["maximum"] + 1, schema["minimum"] - 1
        return [*NUMBERS, *map(str, out_of_range)]
    if "enum" in schema:
        return ["", "no-such-word"]
    length = schema.get("maxLength", MAX_TESTED_LENGTH)
    return ["x" * (length + 1)] if length < MAX_TESTED_LENGTH else []
