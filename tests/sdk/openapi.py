"""The OpenAPI documents of both gateways, as judges of the SDK."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.paths import PROJECT_ROOT

# Operations without a method, by the beginning of their names.
NOT_COVERED = {
    "reward_items_": "another spelling of /rewards",
    "flat_": "aliases without the tenant in the path, deprecated",
    "playcamp_": "PlayCamp's own SDK calls it",
    "mambo_": "Mambo's own SDK calls it",
}
METHODS = ("get", "post", "put", "patch", "delete")
Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Operation:
    """An operation of a document."""

    api: str
    method: str
    path: str
    raw: Mapping[str, Any]

    @property
    def operation_id(self) -> str:
        """Return its name in the document."""
        return self.raw["operationId"]

    def match(self, method: str, path: str) -> int | None:
        """Return how many segments are the same; None if it is another operation."""
        pattern = re.sub(r"\{[^}]+\}", "[^/]+", self.path)
        if method.lower() != self.method or not re.fullmatch(pattern, path):
            return None
        return len([item for item in self.path.split("/") if "{" not in item])

    def list_answers(self) -> Iterator[Schema]:
        """Yield the schemas of successful JSON answers."""
        for status, answer in self.raw["responses"].items():
            content = answer.get("content", {})
            if status.startswith("2") and "application/json" in content:
                yield content["application/json"]["schema"]

    def list_inputs(self) -> set[str]:
        """Return the members of the body, and the parameters of the query."""
        names = {
            parameter["name"]
            for parameter in self.raw.get("parameters", [])
            if parameter.get("in") == "query"
        }
        content = self.raw.get("requestBody", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        return names | read_schema(self.api, schema).get("properties", {}).keys()


def get_path(api: str) -> Path:
    """Return the file of a document."""
    return PROJECT_ROOT / "sdk" / "openapi" / f"{api}.json"


@cache
def read_document(api: str) -> Mapping[str, Any]:
    """Return the document in the repository, which equals the one that is served."""
    return json.loads(get_path(api).read_text())


@cache
def list_operations(api: str) -> tuple[Operation, ...]:
    """Return all operations of a document."""
    return tuple(
        Operation(api, method, path, item[method])
        for path, item in read_document(api)["paths"].items()
        for method in METHODS
        if method in item
    )


def list_expected_operations(api: str) -> set[str]:
    """Return the operations that must have a method."""
    names = {operation.operation_id for operation in list_operations(api)}
    return {name for name in names if not name.startswith(tuple(NOT_COVERED))}


def find_operation(api: str, method: str, path: str) -> Operation:
    """Return the operation that a request calls."""
    matches = [
        (same, operation)
        for operation in list_operations(api)
        if (same := operation.match(method, path)) is not None
    ]
    assert matches, f"{method} {path} is in no document"
    return max(matches, key=lambda item: item[0])[1]


def read_schema(api: str, schema: Schema) -> Schema:
    """Return a schema, or the component that it refers to."""
    if "$ref" not in schema:
        return schema
    name = schema["$ref"].rpartition("/")[2]
    return read_document(api)["components"]["schemas"][name]
