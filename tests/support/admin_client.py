"""Gateways for tests, with a client that validates every answer.

Every answer is validated against the gateway's own OpenAPI document.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jsonschema_rs
from flask import Flask
from flask_smorest.spec.plugins import FlaskPlugin
from werkzeug.exceptions import HTTPException
from werkzeug.test import TestResponse

from admin_gateway import create_app
from coupon_core import bootstrap
from coupon_core.domain.models import ApiKey, TenantSecret, utc_now
from coupon_core.persistence import database
from coupon_core.services.access import tenants
from tests.support.settings import build_settings

# Headers that the documents describe once, for all responses.
UNLISTED_HEADERS = {
    *("Content-Type", "Content-Length", "Content-Security-Policy"),
    *("Referrer-Policy", "X-Content-Type-Options"),
}
# Headers for browsers, which read them themselves; API documents do not list them.
CORS_HEADERS = {"Vary", "Access-Control-Allow-Origin", "Access-Control-Expose-Headers"}


def refuse_undocumented_members(node: Any) -> Any:
    """Return a copy in which objects have no members besides the documented ones."""
    if isinstance(node, list):
        return [refuse_undocumented_members(item) for item in node]
    if not isinstance(node, dict):
        return node
    is_closed = isinstance(node.get("properties"), dict)
    return {
        **({"additionalProperties": False} if is_closed else {}),
        **{key: refuse_undocumented_members(value) for key, value in node.items()},
    }


class ResponseValidator:
    """Validate answers against a gateway's OpenAPI document."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.spec = app.test_client().get("/openapi.json").json
        self.components = refuse_undocumented_members(self.spec["components"])
        self.url_adapter = app.url_map.bind("localhost")
        self.validators: dict[str, Any] = {}

    def check(self, response: TestResponse, method: str, path: str) -> None:
        """Fail unless the answer is one that the document describes for its route."""
        try:
            answers = self.get_operation(method, path)["responses"]
        except HTTPException:
            return
        assert str(response.status_code) in answers, (method, path, response.status)
        answer = answers[str(response.status_code)]
        if "$ref" in answer:
            name = answer["$ref"].rpartition("/")[2]
            answer = self.spec["components"]["responses"][name]
        self._check_headers(response, answer.get("headers", {}))
        self._check_body(response, answer.get("content"))

    def get_operation(self, method: str, path: str) -> Mapping[str, Any]:
        """Return the document's description of a route."""
        rule, _ = self.url_adapter.match(path, method, return_rule=True)
        openapi_path = FlaskPlugin.flaskpath2openapi(rule.rule)
        return self.spec["paths"][openapi_path][method.lower()]

    def _check_headers(
        self, response: TestResponse, documented: Mapping[str, Any]
    ) -> None:
        sent = {*response.headers.keys()} - UNLISTED_HEADERS - CORS_HEADERS
        if response.headers.get("Cache-Control") == "no-store":
            sent.discard("Cache-Control")
        assert sent <= documented.keys(), f"undocumented: {sent - documented.keys()}"
        always_sent = {"X-Request-Id", "Location"} & documented.keys()
        if isinstance(response.json, dict) and response.json.get("dry_run"):
            always_sent.discard("Location")  # nothing was stored
        assert always_sent <= sent, f"documented only: {always_sent - sent}"

    def _check_body(self, response: TestResponse, content: Any) -> None:
        if content is None:
            assert response.data == b""
            return
        if response.mimetype != "application/json":
            assert response.mimetype in content
            return
        schema = content["application/json"]["schema"]
        self._get_validator(schema).validate(response.json)

    def _get_validator(self, schema: Mapping[str, Any]) -> Any:
        name = json.dumps(schema)
        if name not in self.validators:
            full_schema = {**schema, "components": self.components}
            self.validators[name] = jsonschema_rs.validator_for(full_schema)
        return self.validators[name]


@dataclass
class AdminClient:
    """A client of the admin gateway with an API key of a tenant."""

    app: Flask
    tenant_id: str
    secret: TenantSecret
    key: ApiKey
    plain_key: str
    response_validator: ResponseValidator
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def base_path(self) -> str:
        """Return the path of the tenant."""
        return f"/v1/tenants/{self.tenant_id}"

    def call(
        self, method: str, path: str, json: Any = None, **options: Any
    ) -> TestResponse:
        """Send a request, with the API key unless `headers` are given.

        `path` is relative to the tenant unless it begins with `/v1`.
        """
        full_path = path if path.startswith("/v1") else f"{self.base_path}/{path}"
        options.setdefault("headers", {"X-API-Key": self.plain_key})
        if json is not None:
            options["json"] = json
        response = self.app.test_client().open(full_path, method=method, **options)
        self.response_validator.check(response, method, full_path.partition("?")[0])
        return response

    def get(self, path: str, **options: Any) -> TestResponse:
        """Send a GET."""
        return self.call("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        """Send a POST."""
        return self.call("POST", path, json, **options)

    def upload_csv(self, path: str, text: str | bytes, **options: Any) -> TestResponse:
        """Upload a CSV file."""
        headers = {"X-API-Key": self.plain_key, "Content-Type": "text/csv"}
        return self.call("POST", path, data=text, headers=headers, **options)

    def put(self, path: str, json: Any) -> TestResponse:
        """Send a PUT."""
        return self.call("PUT", path, json)

    def patch(self, path: str, json: Any) -> TestResponse:
        """Send a PATCH."""
        return self.call("PATCH", path, json)

    def delete(self, path: str) -> TestResponse:
        """Send a DELETE."""
        return self.call("DELETE", path)

    def create_reward_item(self, **members: Any) -> dict[str, Any]:
        """Create a reward item like the one in the specification."""
        body = {"name": "100 Bonus Points", "reward_type": "points", **members}
        return expect_created(self.post("rewards", body))

    def create_definition(self, name: str = "Welcome", **config: Any) -> dict[str, Any]:
        """Create a definition with some members of its config."""
        reward = {"reward_item_id": self.create_reward_item()["item_id"]}
        return expect_created(
            self.post("coupons", {"name": name, "config": reward | config})
        )

    def generate_coupons(
        self, definition_id: str, *user_ids: str
    ) -> list[dict[str, Any]]:
        """Issue a coupon to each user."""
        body = {"user_ids": list(user_ids)}
        answer = self.post(f"coupons/{definition_id}/generate", body)
        return expect_created(answer)["coupons"]


def expect_created(response: TestResponse) -> dict[str, Any]:
    """Return the body of an answer that must be a 201."""
    assert response.status_code == 201, response.json
    return response.json


def expect_refusal(response: TestResponse, status: int, code: str) -> str:
    """Check a refusal of the Phoenix dialect; return its message."""
    body = response.json
    assert (response.status_code, body["code"]) == (status, code), body
    assert body["error"] == body["message"]
    assert body["request_id"] == response.headers["X-Request-Id"]
    return body["message"]


@contextmanager
def started_admin_gateway(database_url: str) -> Iterator[Flask]:
    """Yield the admin gateway on a migrated database; close connections afterwards."""
    settings = build_settings(database_url)
    app = _create_cached_app()
    bootstrap.start(settings)
    yield app
    database.close_database()


@cache  # created once: this takes longer than most tests, and the app keeps no state
def _create_cached_app() -> Flask:
    return create_app(build_settings("sqlite:///:memory:"))


def create_admin_client(app: Flask, tenant_id: str = "acme") -> AdminClient:
    """Create a tenant; return a client with its first API key."""
    secret, key, plain = tenants.create(tenant_id, utc_now())
    database.release_connection()
    return AdminClient(app, tenant_id, secret, key, plain, get_response_validator(app))


@cache
def get_response_validator(app: Flask) -> ResponseValidator:
    """Return the validator of a gateway; its document is read once."""
    return ResponseValidator(app)
