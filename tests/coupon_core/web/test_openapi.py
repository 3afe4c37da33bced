"""The OpenAPI document and its page: valid, complete, and without other hosts."""

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import status_code_conformance
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from coupon_core.schemas.fields import SINGLE_LINE_PATTERN
from coupon_core.web.blueprint import JsonBlueprint
from coupon_core.web.openapi.document import iterate_operations
from coupon_core.web.swagger_ui import ASSET_NAMES
from tests.coupon_core.web.demo_app import create_app


@pytest.fixture(scope="module")
def spec(app: Flask) -> dict[str, Any]:
    """Return the document as it is served."""
    answer = app.test_client().get("/openapi.json")
    assert answer.content_type == "application/json"
    document: dict[str, Any] = answer.json
    return document


def test_document_is_openapi_3_1(spec: dict[str, Any]) -> None:
    assert spec["openapi"] == "3.1.0"
    OPENAPI_31_VALIDATOR.validate(spec)


def test_every_schema_is_json_schema_2020_12(spec: dict[str, Any]) -> None:
    for schema in spec["components"]["schemas"].values():
        jsonschema_rs.meta.validate(
            {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
        )


def test_every_reference_leads_somewhere(spec: dict[str, Any]) -> None:
    for reference in _iterate_references(spec):
        value: Any = spec
        for key in reference.removeprefix("#/").split("/"):
            value = value[key]


def _iterate_references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _iterate_references(item)


EXPECTED_STATUSES = {
    ("/v1/things", "get"): "200 400 401 403 414 429 500 503",
    ("/v1/things", "post"): "201 400 401 403 409 413 414 415 422 429 500 503",
    ("/v1/things/{thing_id}", "get"): "200 400 401 403 404 414 429 500 503",
    ("/health", "get"): "200 400 414 500 503",
    ("/ready", "get"): "200 400 414 500 503",
}


@pytest.mark.parametrize(("route", "statuses"), EXPECTED_STATUSES.items())
def test_operation_lists_every_status(
    spec: dict[str, Any], route: tuple[str, str], statuses: str
) -> None:
    path, method = route
    assert " ".join(spec["paths"][path][method]["responses"]) == statuses


def test_view_may_document_an_error_in_its_own_way(spec: dict[str, Any]) -> None:
    response = spec["paths"]["/ready"]["get"]["responses"]["503"]
    assert response["content"]["application/json"]["example"]["status"] == "not ready"


def test_named_errors_of_either_spelling_lead_somewhere() -> None:
    routes = JsonBlueprint("routes", __name__)
    view = routes.alt_response(404, "NOT_FOUND")(lambda: {})
    view = routes.alt_response(406, "NOT_ACCEPTABLE")(view)
    routes.route("/x")(routes.alt_response(411, "LENGTH_REQUIRED")(view))
    spec = create_app(blueprints=[routes]).test_client().get("/openapi.json").json
    responses = spec["paths"]["/x"]["get"]["responses"]
    assert {"404", "406", "411"} <= responses.keys()
    test_every_reference_leads_somewhere(spec)


def test_shared_errors_have_examples_of_their_own_shape(spec: dict[str, Any]) -> None:
    error = spec["components"]["schemas"]["Error"]
    for response in spec["components"]["responses"].values():
        content = response["content"]["application/json"]
        assert set(error["required"]) == content["example"].keys()


def test_operations_are_named_tagged_and_told(spec: dict[str, Any]) -> None:
    operations = [operation for _, _, operation in iterate_operations(spec)]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names) >= 11
    tags = {tag["name"]: tag["description"] for tag in spec["tags"]}
    assert tags["things"] == "Things"
    for operation in operations:
        assert operation["summary"]
        assert set(operation["tags"]) <= tags.keys()


def test_security_is_named_and_public_routes_are_free(spec: dict[str, Any]) -> None:
    assert spec["security"] == [{"token": []}]
    assert spec["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert spec["paths"]["/health"]["get"]["security"] == []
    assert "security" not in spec["paths"]["/v1/things"]["get"]


def test_server_and_description_are_told() -> None:
    client = create_app(servers=["https://coupons.example"]).test_client()
    spec = client.get("/openapi.json").json
    assert spec["servers"] == [{"url": "https://coupons.example"}]
    assert spec["info"]["description"] == "For the tests."


def test_optional_body_is_documented_as_such(spec: dict[str, Any]) -> None:
    assert spec["paths"]["/v1/notes"]["post"]["requestBody"]["required"] is False
    assert spec["paths"]["/v1/things"]["post"]["requestBody"]["required"] is True


def test_bounds_and_patterns_are_documented(spec: dict[str, Any]) -> None:
    thing = spec["components"]["schemas"]["Thing"]
    assert thing["properties"]["name"] == {
        "type": "string",
        "minLength": 1,
        "maxLength": 10,
        "pattern": SINGLE_LINE_PATTERN,
        "description": "Name, for people.",
    }
    assert thing["properties"]["at"]["format"] == "date-time"
    assert thing["properties"]["kind"]["enum"] == ["big", "small"]
    assert thing["properties"]["parts"]["maxItems"] == 3
    assert thing["additionalProperties"] is False


def test_document_is_made_once(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/openapi.json").data == client.get("/openapi.json").data


def test_page_names_only_files_of_this_host_that_exist(client: FlaskClient) -> None:
    page = client.get("/docs")
    assert page.content_type == "text/html; charset=utf-8"
    assert "<title>Demo &lt;gateway&gt;</title>" in page.text
    linked_paths = re.findall(r'(?:src|href)="([^"]*)"', page.text)
    assert len(linked_paths) == 6
    for path in linked_paths:
        assert path.startswith("/docs/")
        with client.get(path) as answer:
            assert answer.status_code == 200
    assert "//" not in page.text.replace("<!DOCTYPE", "")


def test_page_works_under_its_policy(client: FlaskClient) -> None:
    page = client.get("/docs")
    (policy,) = page.headers.getlist("Content-Security-Policy")
    assert "default-src 'none'; script-src 'self'" in policy
    assert "http" not in policy
    # The policy would block inline scripts and event handlers.
    assert not re.search(r"<script(?! src=)|\son\w+=|javascript:", page.text)
    start_script = client.get("/docs/start.js")
    assert start_script.content_type.startswith("text/javascript")
    assert '"/openapi.json"' in start_script.text
    assert "validatorUrl: null" in start_script.text


@pytest.mark.parametrize("name", sorted(ASSET_NAMES))
def test_asset_has_a_type_that_a_strict_browser_takes(
    client: FlaskClient, name: str
) -> None:
    media_types = {"js": "text/javascript", "css": "text/css", "png": "image/png"}
    with client.get(f"/docs/{name}") as answer:
        assert answer.mimetype == media_types[name.rpartition(".")[2]]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["VERSION", "LICENSE", "nothing.js", "..", "%2e%2e"])
def test_other_files_are_not_served(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/docs/{name}")
    assert answer.status_code in (400, 404)
    assert answer.content_type == "application/json"


schema = schemathesis.openapi.from_wsgi("/openapi.json", create_app()).exclude(
    path_regex="/fail/"
)


@schema.parametrize()
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    database=None,
)
def test_random_requests_find_no_5xx_and_no_undocumented_status(case: Any) -> None:
    case.validate_response(
        case.call(), checks=[not_a_server_error, status_code_conformance]
    )
