"""Each path matches exactly one route, whatever tenants, users and codes are named."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from urllib.parse import unquote_to_bytes

import pytest
from flask import Flask
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import MapAdapter, Rule
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response

from coupon_core.services.access.tenants import (
    MAMBO_PATH_SEGMENTS,
    PHOENIX_PATH_SEGMENTS,
    RESERVED_TENANT_IDS,
)
from tests.factories.tenant import TenantFactory, create_tenant
from tests.query_gateway.caller import CALL_STYLES, Caller, CallStyle
from tests.support.database_rows import read_all_rows

# A path is matched before any statement, so one database is enough.
pytestmark = pytest.mark.parametrize("migrated_template", ["sqlite"], indirect=True)

CallAs = Callable[..., Caller]
MISSING = "018f0000-0000-7000-8000-000000000000"
KEYWORDS = [
    *("user", "definitions", "validate", "redeem", "redemptions", "server", "client"),
    *("tenants", "coupons", "v1", "api", "health", "docs"),
]

# ------------------------------------------------------------ the table of routes

Reading = tuple[str, dict[str, str]]


def list_readings(segments: tuple[str, ...]) -> Iterator[Reading]:
    """Return all routes that a path below /v1/coupons matches by the specifications."""
    yield from list_token_readings(segments)
    tenant_id, *rest = segments
    if tenant_id not in PHOENIX_PATH_SEGMENTS:
        for endpoint, named in list_token_readings(tuple(rest)):
            yield f"{endpoint}_of_tenant", {"tenant_id": tenant_id, **named}


def list_token_readings(segments: tuple[str, ...]) -> Iterator[Reading]:
    match segments:
        case ("definitions",):
            yield "list_definitions", {}
        case ("user", user_id):
            yield "list_coupons", {"user_id": user_id}
        case ("user", user_id, "redemptions"):
            yield "list_redemptions", {"user_id": user_id}
        case ("user", user_id, coupon_id):
            yield "get_coupon", {"user_id": user_id, "coupon_id": coupon_id}
        case ("validate", code):
            yield "validate", {"code": code}
        case ("redeem", code):
            yield "redeem", {"code": code}


def match_route(app: Flask, path: str, method: str) -> Reading | None:
    """Return the endpoint and parameters to which the gateway routes a path."""
    try:
        endpoint, named = app.url_map.bind("localhost").match(path, method)
    except (NotFound, MethodNotAllowed):
        return None
    return endpoint.removeprefix("phoenix."), dict(named)


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5])
def test_no_path_has_two_readings_and_each_is_routed_as_it_reads(
    app: Flask, length: int
) -> None:
    words = ["user", "definitions", "validate", "redeem", "redemptions", "acme", "X-1"]
    for segments in itertools.product(words, repeat=length):
        possible = [*list_readings(segments)]
        assert len(possible) <= 1, segments
        path = "/v1/coupons/" + "/".join(segments)
        found = [match_route(app, path, method) for method in ("GET", "POST")]
        assert [reading for reading in found if reading] == possible, path


def test_the_words_that_are_no_site_of_mambo_are_those_that_clash(app: Flask) -> None:
    start, paths = "/api/v1/", app.url_map.bind("localhost")
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith(start)]
    parts = {part for rule in rules for part in re.findall(r"(?<=/)\w+", rule.rule)}
    clashing = {
        site
        for rule in rules
        for method in rule.methods - {"OPTIONS"}
        for site, uuid in itertools.product(parts | {"oauth", "acme"}, repeat=2)
        if rule.rule.startswith(f"{start}<site>/")
        if match_endpoint(paths, rule, method, site=site, uuid=uuid) != rule.endpoint
    }
    assert clashing == MAMBO_PATH_SEGMENTS


def match_endpoint(paths: MapAdapter, rule: Rule, method: str, **named: str) -> str:
    """Return the endpoint that matches a path built from a rule."""
    path = rule.rule.replace("<site>", named["site"]).replace("<uuid>", named["uuid"])
    return str(paths.match(path, method)[0])


# ------------------------------------------------------ users and codes by keyword


@pytest.mark.parametrize("way", CALL_STYLES, ids=str)
@pytest.mark.parametrize("word", KEYWORDS)
def test_users_and_codes_may_be_called_like_any_word_of_the_paths(
    create_caller: CallAs, way: CallStyle, word: str
) -> None:
    caller = create_caller(word, way)
    definition = caller.tenant.define_custom(word)
    coupon = caller.tenant.issue_coupon(definition, word).coupon
    assert caller.validate(word)["coupon"]["id"] == coupon.coupon_id
    assert caller.redeem(word).json["id"] == coupon.coupon_id
    assert caller.get(f"/user/{word}").json["coupons"][0]["id"] == coupon.coupon_id
    assert caller.get(f"/user/{word}/redemptions").json["total"] == 1
    assert caller.get(f"/user/{word}/{coupon.coupon_id}").json["code"] == word


@pytest.mark.parametrize("word", sorted(set(KEYWORDS) - RESERVED_TENANT_IDS))
def test_a_tenant_may_be_called_like_a_word_that_is_not_reserved(
    app: Flask, word: str
) -> None:
    tenant = create_tenant(tenant_id=word, now=None)
    for way in CALL_STYLES:
        caller = Caller(app.test_client(), tenant, way, "redemptions")
        code = tenant.create_code("redemptions")
        assert caller.validate(code)["valid"]
        assert caller.redeem(code).status_code == 200
        assert caller.get("/definitions").status_code == 200


@pytest.mark.parametrize("word", sorted(PHOENIX_PATH_SEGMENTS))
@pytest.mark.parametrize(
    "request_line",
    [
        *("GET /definitions", "GET /user/ann", "GET /user/ann/redemptions"),
        *("GET /validate/X", "POST /redeem/X", f"GET /user/ann/{MISSING}"),
    ],
)
def test_a_reserved_word_is_no_tenant(
    create_caller: CallAs, word: str, request_line: str
) -> None:
    method, rest = request_line.split()
    ann = create_caller("ann", CallStyle("B", "user-token"))
    before = read_all_rows()
    answer = ann.call(method, f"/{word}{rest}", b"{}" if method == "POST" else None)
    # The path may match another route of the caller, but never a tenant's route.
    assert answer.status_code in (200, 400, 403, 404, 405)
    assert (answer.json or {}).get("valid") is not True
    assert read_all_rows() == before


# ---------------------------------------------------------------- ambiguous paths

# The path on the request line below the tenant, and the expected response.
ODD_PATHS = {
    "/user/u%2F1": (400, "BAD_PATH"),
    "/user%2Fann": (400, "BAD_PATH"),
    "/validate/A%2fB": (400, "BAD_PATH"),
    "/validate/A%5CB": (400, "BAD_PATH"),
    "/validate/A\\B": (400, "BAD_PATH"),
    "/validate/A%00": (400, "BAD_PATH"),
    "/validate/A%0AB": (400, "BAD_PATH"),
    "/validate/A%0d%0aX:1": (400, "BAD_PATH"),
    "/validate/A%7F": (400, "BAD_PATH"),
    "/validate/A%C2%85B": (400, "BAD_PATH"),
    "/validate/A%E2%80%A8B": (400, "BAD_PATH"),
    "/validate/%FF": (400, "BAD_PATH"),
    "/validate/%C0%AF": (400, "BAD_PATH"),
    "/validate/%ED%A0%80": (400, "BAD_PATH"),
    "/validate/%": (400, "BAD_PATH"),
    "/validate/%4": (400, "BAD_PATH"),
    "/validate/%zz": (400, "BAD_PATH"),
    "/validate/.": (400, "BAD_PATH"),
    "/validate/..": (400, "BAD_PATH"),
    "/validate/%2e%2E": (400, "BAD_PATH"),
    "/../definitions": (400, "BAD_PATH"),
    "/x/../definitions": (400, "BAD_PATH"),
    "/user/%2e%2e/definitions": (400, "BAD_PATH"),
    "//definitions": (404, "NOT_FOUND"),
    "/user//ann": (404, "NOT_FOUND"),
    "/user/ann/": (404, "NOT_FOUND"),
    "/definitions/": (404, "NOT_FOUND"),
    "/validate/": (404, "NOT_FOUND"),
    "/user/": (404, "NOT_FOUND"),
    "/validate/A/B": (404, "NOT_FOUND"),
    "/user/ann/redemptions/x": (404, "NOT_FOUND"),
    "/Definitions": (404, "NOT_FOUND"),
    "/validate/" + "A" * 2100: (414, "URI_TOO_LONG"),
}


def request_raw_path(
    app: Flask, path: str, headers: dict[str, str], method: str = "GET"
) -> Response:
    """Request a path exactly as written, as gunicorn passes it to the application."""
    environ = EnvironBuilder(method=method, headers=headers).get_environ()
    plain = path.partition("?")[0].encode("latin-1")
    environ["PATH_INFO"] = unquote_to_bytes(plain).decode("latin-1")
    environ["RAW_URI"] = environ["REQUEST_URI"] = path
    # Flask's test client would rewrite the request line.
    return Response.from_app(app, environ, buffered=True)


@pytest.mark.parametrize("path", ODD_PATHS)
def test_a_path_that_could_be_read_twice_is_not_read(
    app: Flask, tenant: TenantFactory, path: str
) -> None:
    start = f"/v1/coupons/{tenant.tenant_id}"
    answer = request_raw_path(app, start + path, tenant.build_bearer_headers("ann"))
    assert (answer.status_code, answer.json["code"]) == ODD_PATHS[path]
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    "path", ["//v1/coupons/definitions", "/v1//coupons/definitions", "//evil.example/"]
)
def test_slashes_too_many_are_neither_merged_nor_redirected(
    app: Flask, tenant: TenantFactory, path: str
) -> None:
    answer = request_raw_path(app, path, tenant.build_bearer_headers("ann"))
    assert answer.status_code == 404
    assert "Location" not in answer.headers


def test_a_slash_in_a_user_id_reaches_no_coupon_of_another_path(
    app: Flask, tenant: TenantFactory
) -> None:
    coupon = tenant.issue_coupon(tenant.define(), "u").coupon
    path = f"/v1/coupons/{tenant.tenant_id}/user/u%2F{coupon.coupon_id}"
    assert request_raw_path(app, path, tenant.build_bearer_headers()).status_code == 400


def test_an_escape_of_an_escape_is_decoded_once(
    app: Flask, tenant: TenantFactory
) -> None:
    tenant.define_custom("A", claimable=True)
    path = f"/v1/coupons/{tenant.tenant_id}/validate/%2541"
    assert (
        request_raw_path(app, path, tenant.build_bearer_headers("ann")).json["error"]
        == "Coupon code not found"
    )


def test_an_escaped_letter_is_that_letter(app: Flask, tenant: TenantFactory) -> None:
    tenant.define_custom("A", claimable=True)
    path = f"/v1/coupons/{tenant.tenant_id}/%76alidate/%41"
    assert request_raw_path(app, path, tenant.build_bearer_headers("ann")).json["valid"]
