"""Rules of the OpenAPI and AsyncAPI documents that tools and readers rely on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import jsonschema_rs
import pytest
from flask import Flask
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

import admin_gateway
import query_gateway
from admin_gateway.asyncapi.json_schemas import JSON_SCHEMA_DRAFT_URL
from admin_gateway.authentication import FLAT_PREFIX
from admin_gateway.routes import ALIASES
from coupon_core.persistence import database
from coupon_core.web.error_catalogue import load_catalogue
from coupon_core.web.openapi.components import load_descriptions
from coupon_core.web.openapi.document import iterate_operations
from tests.support.settings import build_settings

Json = dict[str, Any]

GATEWAYS = {"admin": admin_gateway, "query": query_gateway}
PATHS = {
    "admin": "/openapi.json",
    "query": "/openapi.json",
    "asyncapi": "/asyncapi.json",
}
APIS = {
    "Error": {"admin": "admin", "query": "phoenix"},
    "PlayCampError": {"query": "playcamp"},
    "MamboError": {"query": "mambo"},
    "OAuthError": {"query": "mambo_oauth"},
}
DATA_KEYWORDS = {"example", "examples", "default", "enum", "const"}


@cache
def create_gateway(name: str) -> Flask:
    """Return a gateway; its documents need no database."""
    app = GATEWAYS[name].create_app(build_settings("sqlite:///:memory:"))
    database.close_database()
    return app


@cache
def fetch(name: str) -> Json:
    """Return a document as it is served."""
    app = create_gateway("admin" if name == "asyncapi" else name)
    document: Json = app.test_client().get(PATHS[name]).json
    return document


@pytest.fixture(params=PATHS)
def document(request: pytest.FixtureRequest) -> Json:
    """Return each OpenAPI document, and the AsyncAPI document."""
    return fetch(request.param)


@pytest.fixture(params=GATEWAYS)
def openapi(request: pytest.FixtureRequest) -> Json:
    """Return each OpenAPI document."""
    return fetch(request.param)


def iterate_schemas(node: Any, place: str = "") -> Iterator[tuple[str, Json]]:
    """Yield every object below a node that may be a schema, with its place."""
    if isinstance(node, list):
        node = dict(enumerate(node))
    elif isinstance(node, dict):
        yield place, node
    if isinstance(node, dict):
        for key, value in node.items():
            if key not in DATA_KEYWORDS or place.endswith("/properties"):
                yield from iterate_schemas(value, f"{place}/{key}")


def iterate_members(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Yield the place, name and schema of every member of every schema."""
    for place, schema in iterate_schemas(document):
        properties = schema.get("properties")
        if isinstance(properties, dict) and not place.endswith("/properties"):
            for name, member in properties.items():
                yield place, name, member


def iterate_parameters(document: Json) -> Iterator[tuple[str, Json]]:
    """Yield every parameter with the path of its operation."""
    for path, item in document.get("paths", {}).items():
        for holder in (item, *item.values()):
            if isinstance(holder, dict):
                for parameter in holder.get("parameters", ()):
                    if "$ref" not in parameter:
                        yield path, parameter


def test_it_is_openapi_3_1(openapi: Json) -> None:
    OPENAPI_31_VALIDATOR.validate(openapi)
    for schema in openapi["components"]["schemas"].values():
        jsonschema_rs.meta.validate({"$schema": JSON_SCHEMA_DRAFT_URL, **schema})


def test_every_member_and_parameter_has_a_description(document: Json) -> None:
    members = [*iterate_members(document)]
    assert len(members) > 100
    undescribed = {
        f"{place} {name}" for place, name, member in members if not has_text(member)
    } | {
        f"{path} {parameter['name']}"
        for path, parameter in iterate_parameters(document)
        if not has_text(parameter)
    }
    assert undescribed == set()


def has_text(described: Json) -> bool:
    return bool(described.get("description", "").endswith("."))


def test_every_common_description_is_used() -> None:
    documents = [fetch(name) for name in PATHS]
    members = [member for each in documents for member in iterate_members(each)]
    names = {name for _, name, _ in members} | {
        parameter["name"]
        for each in documents
        for _, parameter in iterate_parameters(each)
    }
    places = {
        (place.split("/")[3], name)
        for place, name, _ in members
        if place.startswith("/components/schemas/")
    }
    descriptions = load_descriptions()
    special = {
        (schema, name)
        for schema, texts in descriptions["schemas"].items()
        for name in texts
    }
    assert descriptions["members"].keys() - names == set()
    assert special - places == set()


def test_every_integer_says_that_it_has_64_bits(document: Json) -> None:
    integers = [
        (place, schema)
        for place, schema in iterate_schemas(document)
        if "integer" in (schema.get("type") or ())
    ]
    assert len(integers) > 10
    assert {place for place, schema in integers if schema.get("format") != "int64"} == (
        set()
    )


def test_every_operation_says_access_limits_and_idempotency(openapi: Json) -> None:
    operations = [*iterate_operations(openapi)]
    assert len(operations) > 50
    for path, method, operation in operations:
        *_, facts = operation["description"].split("\n\n")
        labels = [line.partition(":")[0] for line in facts.splitlines()]
        assert labels == ["- Access", "- Limits", "- Idempotency"], (method, path)
        assert any(status < "300" for status in operation["responses"]), (method, path)


TENANT = "/v1/tenants/{tenant_id}"
KEYED = (
    "with an `Idempotency-Key`, a repeated request has no further effect and receives "
    "the stored response."
)
FACTS = {
    ("admin", "get", f"{TENANT}/codes/export"): (
        "scope `export`.",
        "requests per caller and per tenant (429); simultaneous requests of this kind "
        "(503).",
        "the request changes nothing.",
    ),
    ("admin", "post", f"{TENANT}/coupons/{{definition_id}}/import"): (
        "scope `coupons`.",
        "a body of at most 256 MiB (413); requests per caller and per tenant (429); "
        "simultaneous requests of this kind (503).",
        KEYED,
    ),
    ("admin", "post", f"{TENANT}/codes/assign"): (
        "scope `support` or `coupons`.",
        "a body of at most 64 KiB (413); requests per caller and per tenant (429).",
        KEYED,
    ),
    ("query", "get", "/health"): ("public.", "none.", "the request changes nothing."),
    ("query", "post", "/v1/server/coupons/validate"): (
        "a client key of kind `playcamp_server`.",
        "a body of at most 64 KiB (413); requests per caller and per tenant (429).",
        "the request changes nothing; `Idempotency-Key` is ignored.",
    ),
}


@pytest.mark.parametrize("route", FACTS, ids=lambda route: route[2])
def test_the_facts_are_those_that_the_route_declares(
    route: tuple[str, str, str],
) -> None:
    gateway, method, path = route
    description = fetch(gateway)["paths"][path][method]["description"]
    texts = [line.partition(": ")[2] for line in description.splitlines()[-3:]]
    assert tuple(texts) == FACTS[route]


def test_every_component_is_used(openapi: Json) -> None:
    text = str(openapi)
    names = [
        f"#/components/{kind}/{name}"
        for kind in ("schemas", "responses", "parameters", "headers")
        for name in openapi["components"][kind]
    ]
    assert [name for name in names if f"'{name}'" not in text] == []


def test_every_example_fits_its_schema(openapi: Json) -> None:
    bodies = [*iterate_media_types(openapi)]
    assert len(bodies) > 100
    for place, body in bodies:
        schema = {**body["schema"], "components": openapi["components"]}
        validator = jsonschema_rs.validator_for(schema, validate_formats=True)
        examples = [case["value"] for case in body.get("examples", {}).values()]
        examples += [body["example"]] if "example" in body else []
        assert examples, place
        for example in examples:
            validator.validate(example)


def iterate_media_types(openapi: Json) -> Iterator[tuple[str, Json]]:
    """Yield every media type of every request and response."""
    for path, method, operation in iterate_operations(openapi):
        bodies = {"body": operation.get("requestBody", {}), **operation["responses"]}
        for part, body in bodies.items():
            for media_type, content in body.get("content", {}).items():
                yield f"{method} {path} {part} {media_type}", content
    for name, response in openapi["components"]["responses"].items():
        for content in response["content"].values():
            yield name, content


@pytest.mark.parametrize(
    ("shape", "gateway"), [(shape, name) for shape in APIS for name in APIS[shape]]
)
def test_the_codes_of_an_api_are_those_of_the_catalogue(
    shape: str, gateway: str
) -> None:
    documented = fetch(gateway)["components"]["schemas"][f"{shape}Code"]["enum"]
    api = APIS[shape][gateway]
    expected = {entry.code for entry in load_catalogue() if api in entry.apis}
    assert {*documented} == expected
    assert len(documented) == len(expected) > 3


def test_every_error_response_has_a_code_of_its_api(openapi: Json) -> None:
    schemas = openapi["components"]["schemas"]
    texts = {name: str(schemas[name]) for name in APIS if name in schemas}
    assert texts
    assert all(f"schemas/{name}Code'" in text for name, text in texts.items())


@pytest.mark.parametrize("gateway", GATEWAYS)
def test_the_catalogue_is_served_to_everybody(gateway: str) -> None:
    answer = create_gateway(gateway).test_client().get("/errors")
    assert answer.headers["Cache-Control"] == "public, max-age=3600"
    rows = answer.json["errors"]
    assert {api for row in rows for api in row["apis"]} == {
        api for apis in APIS.values() for api in apis.values()
    }
    found = find_row(rows, "RATE_LIMITED", "admin")
    assert found["status"] == 429
    assert found["remedy"] == "Wait for `Retry-After` seconds."
    # Rows that refer to another row have its words.
    assert (
        find_row(rows, "TooManyRequestsException", "mambo")["meaning"]
        == (found["meaning"])
    )
    assert not any("](" in row["remedy"] or row["meaning"] == "" for row in rows)
    assert not any("As for every" in row["meaning"] for row in rows)


def find_row(rows: list[Json], code: str, api: str) -> Mapping[str, Any]:
    (row,) = (row for row in rows if row["code"] == code and api in row["apis"])
    return row


def test_an_alias_is_deprecated_and_its_documented_path_is_not() -> None:
    deprecated = {
        operation["operationId"]: operation.get("deprecated", False)
        for _, _, operation in iterate_operations(fetch("admin"))
    }
    prefixes = tuple(f"{alias}_" for alias in ALIASES)
    aliases = {name for name in deprecated if name.startswith(prefixes)}
    assert len(aliases) > 20
    assert {name for name, is_alias in deprecated.items() if is_alias} == aliases
    for alias in aliases:
        name = alias.removeprefix(FLAT_PREFIX).replace("reward_items_", "rewards_")
        # Milestones are published at /v1/events (docs/api-contracts.md 0.17).
        name = FLAT_PREFIX + name if alias.startswith("events_") else name
        assert deprecated[name] is False
    assert all(any(name.startswith(alias) for name in aliases) for alias in ALIASES)
    # The path in docs/api-contracts.md 0.17 and in docs/events.md.
    assert "deprecated" not in fetch("admin")["paths"]["/v1/events"]["post"]
