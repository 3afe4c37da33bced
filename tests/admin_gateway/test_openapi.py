"""Tests that the OpenAPI document is complete and its examples are valid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from click.testing import CliRunner

from admin_gateway.cli import couponctl
from tests.support.admin_client import AdminClient

METHODS = {"get", "post", "put", "patch", "delete"}
Operation = dict[str, Any]


@pytest.fixture(scope="module")
def spec(sqlite_admin: AdminClient) -> dict[str, Any]:
    """Return the document as the gateway serves it."""
    return sqlite_admin.response_validator.spec


def list_operations(spec: dict[str, Any]) -> Iterator[tuple[str, Operation]]:
    """Yield every operation with a name for failure messages."""
    for path, item in spec["paths"].items():
        for method in METHODS & item.keys():
            yield f"{method} {path}", item[method]


def test_every_route_is_documented(
    sqlite_admin: AdminClient, spec: dict[str, Any]
) -> None:
    served = sum(
        len((rule.methods or set()) - {"HEAD", "OPTIONS"})
        for rule in sqlite_admin.app.url_map.iter_rules()
        if rule.rule.startswith("/v1/")
    )
    documented = [name for name, _ in list_operations(spec) if " /v1/" in name]
    assert len(documented) == served


def test_operation_ids_are_unique(spec: dict[str, Any]) -> None:
    ids = [operation["operationId"] for _, operation in list_operations(spec)]
    assert len(set(ids)) == len(ids)


def list_examples(spec: dict[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Yield the name, schema and example of every request and response body."""
    for name, operation in list_operations(spec):
        bodies = {**operation["responses"], "body": operation.get("requestBody", {})}
        for part, body in bodies.items():
            for content in body.get("content", {}).values():
                assert "example" in content, f"{name} {part}"
                yield f"{name} {part}", content["schema"], content["example"]


def test_every_body_has_an_example_that_fits(spec: dict[str, Any]) -> None:
    body_examples = list(list_examples(spec))
    assert len(body_examples) > 50
    for name, schema, example in body_examples:
        standalone_schema = {**schema, "components": spec["components"]}
        assert jsonschema_rs.validator_for(standalone_schema).is_valid(example), name


def test_secured_by_key_or_token(spec: dict[str, Any]) -> None:
    assert set(spec["components"]["securitySchemes"]) == {"adminToken", "apiKey"}
    assert {"adminToken": []} in spec["security"]


@pytest.mark.parametrize("path", ["/health", "/ready", "/openapi.json", "/docs", "/"])
def test_public_pages_need_no_key(sqlite_admin: AdminClient, path: str) -> None:
    assert sqlite_admin.app.test_client().get(path).status_code == 200


def test_ready_tells_what_it_stands_on(sqlite_admin: AdminClient) -> None:
    assert sqlite_admin.app.test_client().get("/ready").json == {
        "status": "ready",
        "database": "connected",
        "migrations": "up to date",
        # The gateway works without the broker: outgoing events wait in the outbox.
        "message_queue": "unavailable",
        "redis": "not used",
    }


def test_documents_and_command_line_have_one_version(
    sqlite_admin: AdminClient, spec: dict[str, Any]
) -> None:
    asyncapi = sqlite_admin.app.test_client().get("/asyncapi.json").get_json()
    shown = CliRunner().invoke(couponctl, ["--version"]).output
    assert spec["info"]["version"] == asyncapi["info"]["version"] == shown.split()[-1]
