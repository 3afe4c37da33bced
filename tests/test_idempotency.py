"""Every POST of both gateways has exactly one effect for one idempotency key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

import query_gateway
from coupon_core.persistence import database
from coupon_core.web.idempotency import IDEMPOTENT_MARK
from tests.factories.campaigns import CampaignFactory
from tests.factories.tenant import TenantFactory
from tests.query_gateway.mambo.site import create_site_client
from tests.support.admin_client import (
    AdminClient,
    ResponseValidator,
    create_admin_client,
)
from tests.support.databases import SqliteDatabases, migrate_database
from tests.support.settings import build_settings

# POSTs without side effects, by endpoint; all others must be idempotent.
ONLY_READING = frozenset(
    {
        "explain.explain",
        "mambo_oauth.token",
        "mambo_coupons.validate",
        "playcamp_server_coupons.validate",
        "playcamp_client_coupons.validate_for_anybody",
        # Sends a sample over the network, which no transaction may wait for.
        "playcamp_server_webhooks.test_webhook",
        "webhooks.test",
        "console.webhooks.test",
        "console.creator_import.check",
        # Checks a password; the account is connected by the provider's answer.
        "console.submit_connection",
    }
)
# How to call each family of routes; all other routes are checked by their marks.
PREFIXES = {
    "admin": "/v1/",
    "query": "/v1/coupons",
    "mambo": "/api/v1",
    "playcamp": "/v1/server",
}
TENANT = "your-tenant-id"  # as in the documented examples
ID = "770e8400-e29b-41d4-a716-446655440002"
GATEWAYS = [*PREFIXES]


@pytest.fixture(scope="module")
def admin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdminClient]:
    """Yield a client of the admin gateway."""
    import admin_gateway

    files = SqliteDatabases(tmp_path_factory.mktemp("repeats"), migrate_database)
    with files.temporary_database() as url:
        yield create_admin_client(admin_gateway.create_app(build_settings(url)), TENANT)
        database.close_database()


@pytest.fixture(scope="module")
def apps(admin: AdminClient) -> dict[str, Flask]:
    """Return the gateways of each dialect."""
    url = f"sqlite:///{Path(database.database_proxy.database)}"
    query = query_gateway.create_app(build_settings(url))
    return {"admin": admin.app, "query": query, "mambo": query, "playcamp": query}


@pytest.fixture(scope="module")
def credentials(
    admin: AdminClient, apps: dict[str, Flask]
) -> dict[str, dict[str, str]]:
    """Return the headers for each dialect."""
    tenant = TenantFactory(admin.tenant_id, admin.secret.secret)
    return {
        "admin": {"X-API-Key": admin.plain_key},
        "query": tenant.build_bearer_headers(),
        "mambo": create_site_client(apps["mambo"], tenant).headers,
        "playcamp": {
            "Authorization": f"Bearer {CampaignFactory(tenant).create_client_key()}"
        },
    }


def posts(app: Flask) -> list[Rule]:
    """Return the rules that accept POST."""
    rules = app.url_map.iter_rules()
    return [rule for rule in rules if "POST" in (rule.methods or ())]


def build_example_path(rule: Rule, tenant_id: str) -> str:
    """Return the path of a rule, with IDs of things that need not exist."""
    path = re.sub(r"<(?:\w+:)?(tenant_id|site)>", tenant_id, rule.rule)
    return re.sub(r"<[^>]+>", ID, path)


@pytest.mark.parametrize("name", GATEWAYS)
def test_every_post_is_made_once(apps: dict[str, Flask], name: str) -> None:
    views = apps[name].view_functions
    plain = {
        r.endpoint
        for r in posts(apps[name])
        if not hasattr(views[r.endpoint], IDEMPOTENT_MARK)
    }
    assert plain <= ONLY_READING
    assert posts(apps[name])


@pytest.mark.parametrize("name", GATEWAYS)
def test_every_post_refuses_a_malformed_key(
    apps: dict[str, Flask],
    credentials: dict[str, dict[str, str]],
    admin: AdminClient,
    name: str,
) -> None:
    client = apps[name].test_client()
    for rule in posts(apps[name]):
        if rule.endpoint in ONLY_READING or not rule.rule.startswith(PREFIXES[name]):
            continue
        path = build_example_path(rule, admin.tenant_id)
        headers = {**credentials[name], "Idempotency-Key": "not one"}
        answer = client.post(path, headers=headers, json={})
        assert (answer.status_code, "Idempotency-Key" in answer.text) == (400, True)


INVALID_INPUT = {"VALIDATION_ERROR", "ValidationException", "BAD_LINES"}


@pytest.mark.parametrize("name", GATEWAYS)
def test_every_post_that_is_documented_repeats_its_answer(
    apps: dict[str, Flask],
    credentials: dict[str, dict[str, str]],
    admin: AdminClient,
    name: str,
) -> None:
    """Send each POST its own example twice; a final answer must be repeated."""
    client, spec = apps[name].test_client(), ResponseValidator(apps[name]).spec
    seen = set()
    for number, rule in enumerate(posts(apps[name])):
        only_reads = rule.endpoint in ONLY_READING
        if only_reads or not rule.rule.startswith(PREFIXES[name]):
            continue
        kind, body = read_example_body(spec, rule)
        key = {"Idempotency-Key": f"walk-{number}", "Content-Type": kind}
        headers = {**credentials[name], **key}
        path = build_example_path(rule, admin.tenant_id)
        first, again = (client.post(path, headers=headers, data=body) for _ in range(2))
        assert first.status_code < 500, (path, first.text)
        kept = not INVALID_INPUT & set(read_error_code(first.json))
        assert ("Idempotent-Replayed" in again.headers) == kept, (path, first.text)
        assert again.status_code == first.status_code
        assert not kept or again.data == first.data
        seen.add(first.status_code)
    assert seen & {200, 201, 202, 404}, seen


def read_error_code(body: Any) -> list[str]:
    """Return the error codes of an answer, in any dialect."""
    error = body.get("error")
    return [body.get("code"), error.get("type") if isinstance(error, dict) else None]


def read_example_body(spec: dict[str, Any], rule: Rule) -> tuple[str, str]:
    """Return type and text of a documented body; JSON for a POST without one."""
    path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
    content = spec["paths"][path]["post"].get("requestBody", {}).get("content", {})
    for kind, media_type in content.items():
        body = media_type.get("example", {})
        return kind, body if isinstance(body, str) else json.dumps(body)
    return "application/json", "{}"


@pytest.mark.parametrize("path", ["api-keys", "secrets/rotate"])
def test_a_secret_is_shown_again_but_nowhere_in_the_clear(
    admin: AdminClient, path: str
) -> None:
    body = {"name": "twice", "scopes": ["read"]} if path == "api-keys" else None
    headers = {"X-API-Key": admin.plain_key, "Idempotency-Key": "one-secret"}
    first, again = (admin.post(path, body, headers=headers) for _ in range(2))
    assert first.status_code == 201, first.text
    assert first.data == again.data
    secret = first.json.get("api_key") or first.json["tenant_secret"]
    kept = database.execute("SELECT answer FROM idempotency", {}).fetchall()
    assert secret not in repr(kept)


def test_a_location_is_repeated(admin: AdminClient) -> None:
    headers = {"X-API-Key": admin.plain_key, "Idempotency-Key": "place"}
    body = {"name": "Gems", "reward_type": "points"}
    first, again = (admin.post("rewards", body, headers=headers) for _ in range(2))
    assert first.headers["Location"] == again.headers["Location"]


def test_the_documents_tell_of_the_key(apps: dict[str, Flask]) -> None:
    for app in apps.values():
        spec = ResponseValidator(app).spec
        for rule in posts(app):
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
            operation = spec["paths"].get(path, {}).get("post")
            if operation and rule.endpoint not in ONLY_READING:
                named = [
                    parameter.get("$ref", "") for parameter in operation["parameters"]
                ]
                assert "#/components/parameters/Idempotency-Key" in named
                assert {"409", "422", "429"} <= operation["responses"].keys()


def test_a_file_that_is_sent_again_is_taken_once(admin: AdminClient) -> None:
    """A file is imported in steps, and its answer is stored after the last one."""
    definition = admin.create_definition("Imported", code_prefix="")["id"]
    lines = [f"IMPORTED{number:06}" for number in range(300)]
    kind = {"Content-Type": "text/csv", "Idempotency-Key": "file"}
    headers = {"X-API-Key": admin.plain_key, **kind}

    def send(rows: list[str]) -> TestResponse:
        data = "\n".join(["code", *rows]).encode()
        path = f"coupons/{definition}/import"
        return admin.post(path, headers=headers, data=data)

    first, again = send(lines), send(lines)
    assert first.status_code == 201, first.text
    assert again.data == first.data
    assert again.headers["Idempotent-Replayed"] == "true"
    assert send([*lines[:-1], "IMPORTEDOTHER"]).status_code == 422
    count = "SELECT count(*) FROM coupon WHERE code LIKE 'IMPORTED%'"
    assert database.execute(count, {}).fetchone()[0] == len(lines)
