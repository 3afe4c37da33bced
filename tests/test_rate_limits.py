"""How many requests callers may send, by default and as configured."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator

import pytest
from flask import Flask

import query_gateway
from coupon_core import bootstrap
from coupon_core.persistence import database
from coupon_core.security.rate_limiting import code_guessing
from coupon_core.security.rate_limiting.policy import GuessLimits
from coupon_core.settings.loader import Settings
from coupon_core.settings.model import VARIABLES
from tests.factories.tenant import TenantFactory, create_tenant
from tests.support.admin_client import AdminClient, create_admin_client
from tests.support.databases import SqliteDatabases, migrate_database
from tests.support.settings import build_settings

PER_CALLER, PER_TENANT = 3, 7


@pytest.fixture
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Yield settings with limits on calls."""
    files = SqliteDatabases(tmp_path_factory.mktemp("calls"), migrate_database)
    with files.temporary_database() as url:
        yield dataclasses.replace(
            build_settings(url),
            calls_per_caller=f"{PER_CALLER} per hour",
            calls_per_tenant=f"{PER_TENANT} per hour",
        )
        database.close_database()
        code_guessing.configure(GuessLimits())


@pytest.fixture
def admin(settings: Settings) -> AdminClient:
    """Return a client of the admin gateway."""
    import admin_gateway

    return create_admin_client(admin_gateway.create_app(settings))


@pytest.fixture
def query(admin: AdminClient, settings: Settings) -> Flask:
    """Return the query gateway."""
    return query_gateway.create_app(settings)


def test_a_key_may_call_so_often(admin: AdminClient) -> None:
    for _ in range(PER_CALLER):
        assert admin.get("coupons").status_code == 200
    answer = admin.get("rewards")
    assert (answer.status_code, answer.json["code"]) == (429, "RATE_LIMITED")
    assert answer.headers["RateLimit-Policy"] == '"calls-per-caller";q=3;w=3600'
    assert 0 < int(answer.headers["Retry-After"]) <= 3600


def test_a_tenant_may_call_so_often_altogether(
    admin: AdminClient, query: Flask
) -> None:
    tenant = TenantFactory(admin.tenant_id, admin.secret.secret)
    statuses = [
        query.test_client()
        .get(
            "/v1/coupons/definitions",
            headers=tenant.build_bearer_headers(f"user-{number}"),
        )
        .status_code
        for number in range(PER_TENANT + 1)
    ]
    assert statuses == [200] * PER_TENANT + [429]


def test_who_is_not_let_in_uses_up_nobodys_calls(admin: AdminClient) -> None:
    for _ in range(PER_TENANT):
        answer = admin.get("coupons", headers={"X-API-Key": "pk_wrong"})
        assert answer.status_code == 401
    assert admin.get("coupons").status_code == 200


def test_whether_it_lives_may_be_asked_at_will(admin: AdminClient) -> None:
    client = admin.app.test_client()
    assert {client.get("/health").status_code for _ in range(20)} == {200}


# ------------------------------------------------------------------ the default limit


DEFAULT_AMOUNT = 600


@pytest.fixture
def tenant(settings: Settings) -> TenantFactory:
    """Create a tenant without an admin gateway, whose start takes a second."""
    bootstrap.start(settings)
    created = create_tenant(now=None)
    database.release_connection()
    return created


@pytest.fixture
def default_query(tenant: TenantFactory, settings: Settings) -> Flask:
    """Return a gateway with the default limit."""
    default = VARIABLES["calls_per_caller"].default
    changes = {"calls_per_caller": default, "calls_per_tenant": ""}
    return query_gateway.create_app(dataclasses.replace(settings, **changes))


def count_statuses(app: Flask, headers: dict[str, str], amount: int) -> Counter[int]:
    client, path = app.test_client(), "/v1/coupons/definitions"
    return Counter(client.get(path, headers=headers).status_code for _ in range(amount))


def test_player_may_send_600_requests_per_minute_by_default(
    tenant: TenantFactory, default_query: Flask
) -> None:
    ann, bob = (tenant.build_bearer_headers(name) for name in ("ann", "bob"))
    statuses = count_statuses(default_query, ann, DEFAULT_AMOUNT + 3)
    assert statuses == {200: DEFAULT_AMOUNT, 429: 3}
    assert count_statuses(default_query, bob, 1) == {200: 1}
    answer = default_query.test_client().get("/v1/coupons/definitions", headers=ann)
    policy = f'"calls-per-caller";q={DEFAULT_AMOUNT};w=60'
    assert answer.headers["RateLimit-Policy"] == policy
    assert 0 < int(answer.headers["Retry-After"]) <= 60


def test_servers_are_not_limited_by_default(
    tenant: TenantFactory, default_query: Flask
) -> None:
    server = tenant.build_bearer_headers()
    amount = DEFAULT_AMOUNT + 1
    assert count_statuses(default_query, server, amount) == {200: amount}


@pytest.mark.parametrize(
    ("text", "counted_in", "is_shared"),
    [
        ("600 per minute", "", False),
        ("600 per minute", "redis", True),
        ("5 per minute", "", True),
        ("5 per minute", "process", False),
    ],
)
def test_setting_chooses_where_requests_are_counted(
    tenant: TenantFactory,
    settings: Settings,
    text: str,
    counted_in: str,
    is_shared: bool,
) -> None:
    changes = {"calls_per_caller": text, "calls_counted_in": counted_in}
    app = query_gateway.create_app(dataclasses.replace(settings, **changes))
    assert count_statuses(app, tenant.build_bearer_headers("ann"), 1) == {200: 1}
    memory = code_guessing.limiter().counters._memory_storage.storage
    counted = [key for key in memory if "calls-per-caller" in key]
    assert bool(counted) == is_shared
