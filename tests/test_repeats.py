"""No POST of either gateway is forgotten: each has one effect under one key."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import Rule

import query_gateway
from coupon_core.store import database
from coupon_core.web.repeats import ONCE
from tests.admin_client import Admin, Documented, new_admin
from tests.databases import SqliteDatabases, upgrade
from tests.query_gateway.tenant import Tenant
from tests.settings import settings_for

# POSTs that change nothing, by endpoint; all others must be made once.
ONLY_READING: frozenset[str] = frozenset()
# How each family of routes is called; the rest is checked by its marks alone.
PREFIXES = {"admin": "/v1/", "query": "/v1/coupons"}
TENANT = "your-tenant-id"  # as the documented examples have it
ID = "770e8400-e29b-41d4-a716-446655440002"
GATEWAYS = ["admin", "query"]


@pytest.fixture(scope="module")
def admin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Admin]:
    import admin_gateway

    files = SqliteDatabases(tmp_path_factory.mktemp("repeats"), upgrade)
    with files.fresh() as url:
        yield new_admin(admin_gateway.create_app(settings_for(url)), TENANT)
        database.close_database()


@pytest.fixture(scope="module")
def apps(admin: Admin) -> dict[str, Flask]:
    url = f"sqlite:///{Path(database.database.database)}"
    return {
        "admin": admin.app,
        "query": query_gateway.create_app(settings_for(url)),
    }


@pytest.fixture(scope="module")
def credentials(admin: Admin) -> dict[str, dict[str, str]]:
    tenant = Tenant(admin.tenant_id, admin.secret.secret, ID)
    return {"admin": {"X-API-Key": admin.plain_key}, "query": tenant.bearer()}


def posts(app: Flask) -> list[Rule]:
    rules = app.url_map.iter_rules()
    return [rule for rule in rules if "POST" in (rule.methods or ())]


def path_of(rule: Rule, tenant_id: str) -> str:
    """A path of a rule, of things that need not be there."""
    own = re.sub(r"<(?:\w+:)?tenant_id>", tenant_id, rule.rule)
    return re.sub(r"<[^>]+>", ID, own)


@pytest.mark.parametrize("name", GATEWAYS)
def test_every_post_is_made_once(apps: dict[str, Flask], name: str) -> None:
    views = apps[name].view_functions
    plain = {
        r.endpoint for r in posts(apps[name]) if not hasattr(views[r.endpoint], ONCE)
    }
    assert plain <= ONLY_READING
    assert posts(apps[name])


@pytest.mark.parametrize("name", GATEWAYS)
def test_every_post_refuses_a_malformed_key(
    apps: dict[str, Flask],
    credentials: dict[str, dict[str, str]],
    admin: Admin,
    name: str,
) -> None:
    client = apps[name].test_client()
    for rule in posts(apps[name]):
        if rule.endpoint in ONLY_READING or not rule.rule.startswith(PREFIXES[name]):
            continue
        path = path_of(rule, admin.tenant_id)
        headers = {**credentials[name], "Idempotency-Key": "not one"}
        answer = client.post(path, headers=headers, json={})
        told = answer.json["details"][0]["path"]
        assert (answer.status_code, told) == (400, "Idempotency-Key"), (path, answer)


@pytest.mark.parametrize("name", GATEWAYS)
def test_every_post_that_is_documented_repeats_its_answer(
    apps: dict[str, Flask],
    credentials: dict[str, dict[str, str]],
    admin: Admin,
    name: str,
) -> None:
    """Each is sent its own example twice; what is final comes again as it was."""
    client, spec = apps[name].test_client(), Documented(apps[name]).spec
    seen = set()
    for number, rule in enumerate(posts(apps[name])):
        if not rule.rule.startswith(PREFIXES[name]):
            continue
        headers = {**credentials[name], "Idempotency-Key": f"walk-{number}"}
        body = example_of(spec, rule)
        path = path_of(rule, admin.tenant_id)
        first, again = (client.post(path, headers=headers, json=body) for _ in range(2))
        assert first.status_code < 500, (path, first.text)
        kept = first.json.get("code") != "VALIDATION_ERROR"
        assert ("Idempotent-Replayed" in again.headers) == kept, (path, first.text)
        assert again.status_code == first.status_code
        assert not kept or again.data == first.data
        seen.add(first.status_code)
    assert seen & {200, 201, 202, 404}, seen


def example_of(spec: dict, rule: Rule) -> object:
    """The documented body of a POST, `{}` where it takes none."""
    path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
    operation = spec["paths"][path]["post"]
    content = operation.get("requestBody", {}).get("content", {})
    return next(iter(content.values()), {}).get("example", {})


@pytest.mark.parametrize("path", ["api-keys", "secrets/rotate"])
def test_a_secret_is_shown_again_but_nowhere_in_the_clear(
    admin: Admin, path: str
) -> None:
    body = {"name": "twice", "scopes": ["read"]} if path == "api-keys" else None
    headers = {"X-API-Key": admin.plain_key, "Idempotency-Key": "one-secret"}
    first, again = (admin.post(path, body, headers=headers) for _ in range(2))
    assert first.status_code == 201, first.text
    assert first.data == again.data
    secret = first.json.get("api_key") or first.json["tenant_secret"]
    kept = database.execute("SELECT answer FROM idempotency", {}).fetchall()
    assert secret not in repr(kept)


def test_a_location_is_repeated(admin: Admin) -> None:
    headers = {"X-API-Key": admin.plain_key, "Idempotency-Key": "place"}
    body = {"name": "Gems", "reward_type": "points"}
    first, again = (admin.post("rewards", body, headers=headers) for _ in range(2))
    assert first.headers["Location"] == again.headers["Location"]


def test_the_documents_tell_of_the_key(apps: dict[str, Flask]) -> None:
    for app in apps.values():
        spec = Documented(app).spec
        for rule in posts(app):
            path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
            operation = spec["paths"].get(path, {}).get("post")
            if operation and rule.endpoint not in ONLY_READING:
                told = [one.get("$ref", "") for one in operation["parameters"]]
                assert "#/components/parameters/Idempotency-Key" in told
                assert {"409", "422", "429"} <= operation["responses"].keys()
