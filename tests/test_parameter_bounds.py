"""Every parameter of every route has a bound in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

import admin_gateway
import query_gateway
from coupon_core.persistence import database
from tests.support.databases import SqliteDatabases, migrate_database
from tests.support.settings import build_settings

Spec = Mapping[str, Any]
FORMATS = {"uuid", "date-time"}  # their format bounds them
APPS = {"admin": admin_gateway.create_app, "query": query_gateway.create_app}


@pytest.fixture(params=APPS)
def document(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Spec]:
    """Yield the OpenAPI document of each gateway."""
    with SqliteDatabases(tmp_path, migrate_database).temporary_database() as url:
        app = APPS[request.param](build_settings(url))
        yield app.test_client().get("/openapi.json").json
        database.close_database()


def test_every_parameter_and_every_member_of_a_body_has_a_bound(document: Spec) -> None:
    found = [*_iterate_inputs(document)]
    assert len(found) > 60
    unbounded = {
        f"{where}: {name}"
        for where, schema in found
        for name in _iterate_unbounded(schema, "", document, frozenset())
    }
    assert unbounded == set()


def test_every_part_of_a_path_says_what_it_may_be(document: Spec) -> None:
    """The length is not given per segment: a whole path has at most 2,048 bytes."""
    for path, item in document["paths"].items():
        for parameter in item.get("parameters", ()):
            documented = _resolve_reference(parameter, document)
            assert documented["in"] != "path" or "pattern" in documented["schema"], (
                path,
                documented,
            )


def _iterate_inputs(document: Spec) -> Iterator[tuple[str, Spec]]:
    """Yield each query parameter, header and JSON body with its schema."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method == "parameters":
                continue
            for parameter in [
                *item.get("parameters", ()),
                *operation.get("parameters", ()),
            ]:
                documented = _resolve_reference(parameter, document)
                if documented["in"] != "path":
                    yield f"{method} {path} {documented['name']}", documented["schema"]
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" in content:
                yield f"{method} {path} body", content["application/json"]["schema"]


def _resolve_reference(schema: Spec, document: Spec) -> Spec:
    if "$ref" not in schema:
        return schema
    found: Any = document
    for part in schema["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return _resolve_reference(found, document)


def _iterate_unbounded(
    schema: Spec, name: str, document: Spec, above: frozenset[str]
) -> Iterator[str]:
    """Yield the names of everything without a bound, below a schema."""
    reference = schema.get("$ref", "")
    if reference in above:
        return
    resolved, above = _resolve_reference(schema, document), above | {reference} - {""}
    if not _is_bounded(resolved):
        yield name
    children = [
        (name, subschema)
        for kind in ("anyOf", "oneOf")
        for subschema in resolved.get(kind, ())
    ]
    children += [(f"{name}.{k}", v) for k, v in resolved.get("properties", {}).items()]
    children += [(f"{name}[]", resolved["items"])] if "items" in resolved else []
    for location, subschema in children:
        yield from _iterate_unbounded(subschema, location, document, above)


def _is_bounded(schema: Spec) -> bool:
    kinds = schema.get("type", ())
    kinds = {kinds} if isinstance(kinds, str) else set(kinds)
    if "enum" in schema or "const" in schema:
        return True
    counted = "pattern" in schema and schema["pattern"].endswith("}$")
    texts = "maxLength" in schema or schema.get("format") in FORMATS or counted
    numbers = "maximum" in schema and "minimum" in schema
    lists = "maxItems" in schema
    needed = {"string": texts, "integer": numbers, "number": numbers, "array": lists}
    return all(needed.get(kind, True) for kind in kinds)
