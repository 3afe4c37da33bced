"""Simultaneous redeems in real processes: limits hold exactly, and no 5xx occurs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from coupon_core.persistence import database
from coupon_core.persistence.database import execute
from coupon_core.settings.loader import Settings
from tests.factories.tenant import TenantFactory
from tests.query_gateway.caller import Caller, CallStyle
from tests.query_gateway.phoenix.test_routing import ODD_PATHS
from tests.support.databases import on_sqlite
from tests.support.invariants import assert_invariants
from tests.support.servers.gunicorn import Gateway, gateway_server
from tests.support.simultaneous_requests import (
    TimedResponse,
    build_request,
    count_statuses,
    send_simultaneously,
)

pytestmark = pytest.mark.slow
CROWD = 200


@pytest.fixture(scope="module")
def gateway(
    app: Flask, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """Yield a gateway of two processes with eight threads each on the same database."""
    home: Path = tmp_path_factory.mktemp("gunicorn")
    database.release_connection()
    two = dataclasses.replace(settings, gateway_workers=2, gateway_threads=8)
    with gateway_server("query_gateway", two, home) as running:
        yield running


def redeems(
    app: Flask,
    tenant: TenantFactory,
    code: str,
    users: list[str],
    ways: list[CallStyle],
) -> list[bytes]:
    """Return a redeem request for each user in alternating styles; all differ."""
    requests = []
    for number, user_id in enumerate(users):
        way = ways[number % len(ways)]
        caller = Caller(app.test_client(), tenant, way, user_id)
        path = caller.build_path(f"/redeem/{code}")
        body = json.dumps({"user_id": user_id, "number": number}).encode()
        headers = caller.build_headers("POST", path, body)
        requests.append(build_request("POST", path, headers, body))
    return requests


def collect_messages(answers: list[TimedResponse]) -> set[str]:
    return {answer.json["message"] for answer in answers if answer.status != 200}


def count_uses(tenant: TenantFactory) -> int:
    sql = "SELECT count(*) FROM redemption WHERE tenant_id = :tenant_id"
    return execute(sql, {"tenant_id": tenant.tenant_id}).fetchone()[0]


BY_TOKEN = [CallStyle("A", "user-token")]
EVERY_WAY = [
    CallStyle("A", "user-token"),
    CallStyle("B", "user-token"),
    CallStyle("A", "hmac"),
]


def test_of_200_redeems_of_one_code_the_pool_of_10_serves_10(
    app: Flask, tenant: TenantFactory, gateway: Gateway
) -> None:
    code = tenant.create_code(per_code_limit=0, total_limit=10)
    crowd = redeems(app, tenant, code, ["ann"] * CROWD, BY_TOKEN)
    answers = send_simultaneously(gateway, crowd)
    assert count_statuses(answers) == {200: 10, 400: CROWD - 10}
    assert collect_messages(answers) == {"Usage limit exceeded"}
    assert count_uses(tenant) == 10
    assert_invariants()


def test_of_200_users_of_a_claimable_code_the_pool_of_10_serves_10(
    app: Flask, tenant: TenantFactory, gateway: Gateway
) -> None:
    tenant.define_custom("OPEN2025", claimable=True, per_code_limit=0, total_limit=10)
    users = [f"user-{number}" for number in range(CROWD)]
    crowd = redeems(app, tenant, "OPEN2025", users, EVERY_WAY)
    answers = send_simultaneously(gateway, crowd)
    assert count_statuses(answers) == {200: 10, 400: CROWD - 10}
    assert collect_messages(answers) == {"Usage limit exceeded"}
    assert (
        len({answer.json["user_id"] for answer in answers if answer.status == 200})
        == 10
    )
    assert count_uses(tenant) == 10
    assert_invariants()


@pytest.mark.parametrize("claimable", [False, True])
def test_one_user_gets_exactly_3_uses_over_every_path_and_credential(
    app: Flask, tenant: TenantFactory, gateway: Gateway, claimable: bool
) -> None:
    definition = tenant.define_custom("THRICE", claimable=claimable, per_code_limit=3)
    if not claimable:
        tenant.issue_coupon(definition)
    crowd = redeems(app, tenant, "THRICE", ["ann"] * 90, EVERY_WAY)
    answers = send_simultaneously(gateway, crowd)
    assert count_statuses(answers) == {200: 3, 400: 87}
    assert collect_messages(answers) == {"Usage limit exceeded"}
    assert count_uses(tenant) == 3
    assert_invariants()


def test_a_code_of_nobody_is_won_by_one_of_many(
    app: Flask, tenant: TenantFactory, gateway: Gateway
) -> None:
    users = [f"user-{number}" for number in range(60)]
    crowd = redeems(app, tenant, tenant.create_unassigned_code(), users, EVERY_WAY)
    answers = send_simultaneously(gateway, crowd)
    assert count_statuses(answers) == {200: 1, 404: 59}
    assert count_uses(tenant) == 1
    assert_invariants()


def test_redeems_of_different_codes_all_succeed(
    app: Flask, tenant: TenantFactory, gateway: Gateway
) -> None:
    definition = tenant.define()
    codes = [tenant.issue_coupon(definition).coupon.code for _ in range(100)]
    crowd = [redeems(app, tenant, code, ["ann"], EVERY_WAY)[0] for code in codes]
    assert count_statuses(send_simultaneously(gateway, crowd)) == {200: 100}
    assert_invariants()


def test_the_last_of_a_pool_is_shared_by_different_coupons(
    app: Flask, tenant: TenantFactory, gateway: Gateway
) -> None:
    definition = tenant.define(per_code_limit=0, total_limit=5)
    users = [f"user-{number}" for number in range(40)]
    crowd = [
        redeems(
            app,
            tenant,
            tenant.issue_coupon(definition, user).coupon.code,
            [user],
            [way],
        )[0]
        for user, way in zip(users, EVERY_WAY * 14, strict=False)
    ]
    assert count_statuses(send_simultaneously(gateway, crowd)) == {200: 5, 400: 35}
    assert_invariants()


@on_sqlite
@pytest.mark.parametrize("path", ODD_PATHS)
def test_gunicorn_hands_odd_paths_on_as_they_were_sent(
    app: Flask, tenant: TenantFactory, gateway: Gateway, path: str
) -> None:
    full_path = f"/v1/coupons/{tenant.tenant_id}{path}"
    answer = send_simultaneously(
        gateway, [build_request("GET", full_path, tenant.build_bearer_headers("ann"))]
    )[0]
    assert (answer.status, answer.json["code"]) == ODD_PATHS[path]
