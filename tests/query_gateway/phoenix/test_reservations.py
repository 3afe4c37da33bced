"""Reserve, confirm and release over HTTP, with each path style and credential."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from http.client import HTTPException
from pathlib import Path
from typing import Any

import psutil
import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

import query_gateway
from coupon_core.domain.models import AdminReason, utc_now
from coupon_core.persistence import database
from coupon_core.services.access import tenants
from coupon_core.services.coupons import reservation_endings
from coupon_core.settings.loader import Settings
from tests.factories.tenant import TenantFactory
from tests.query_gateway.caller import Caller
from tests.support.databases import on_sqlite
from tests.support.invariants import assert_invariants, fetch_rows
from tests.support.refusals import capture_refusal
from tests.support.servers.gunicorn import Gateway, gateway_server
from tests.support.simultaneous_requests import build_request, send_simultaneously

UNKNOWN_ID = "01936f2e-6d3e-7e50-9c77-4a7c8c3fbd32"


def reserve(
    caller: Caller, code: str, headers: dict[str, str] | None = None, **members: Any
) -> TestResponse:
    """Reserve a use of a code for the caller's user."""
    body = json.dumps({"user_id": caller.user_id, **members}).encode()
    return caller.call("POST", f"/reserve/{code}", body, headers or {})


def confirm(caller: Caller, reservation_id: str) -> TestResponse:
    """Confirm a reservation."""
    return caller.call("POST", f"/reservations/{reservation_id}/confirm")


def release(caller: Caller, reservation_id: str) -> TestResponse:
    """Release a reservation."""
    return caller.call("DELETE", f"/reservations/{reservation_id}")


def test_a_use_is_reserved_and_confirmed(any_caller: Caller) -> None:
    code = any_caller.tenant.create_code()
    answer = reserve(any_caller, code, ttl_seconds=60, reference="order-1")
    assert answer.status_code == 201, answer.text
    assert answer.json.keys() == {"reservation_id", "coupon", "expires_at"}
    assert answer.json["coupon"]["status"] == "active"
    assert any_caller.validate(code)["error"] == "Coupon is reserved"
    refused = any_caller.redeem(code)
    found = refused.status_code, refused.json["code"], refused.json["message"]
    assert found == (400, "COUPON_RESERVED", "Coupon is reserved")
    confirmed = confirm(any_caller, answer.json["reservation_id"])
    assert (confirmed.status_code, confirmed.json["status"]) == (200, "redeemed")
    again = confirm(any_caller, answer.json["reservation_id"])
    assert (again.status_code, again.json) == (200, confirmed.json)
    too_late = release(any_caller, answer.json["reservation_id"])
    assert (too_late.status_code, too_late.json["code"]) == (
        409,
        "RESERVATION_CONFIRMED",
    )


def test_a_released_use_can_be_redeemed(any_caller: Caller) -> None:
    code = any_caller.tenant.create_code()
    held = reserve(any_caller, code).json["reservation_id"]
    for _ in range(2):
        answer = release(any_caller, held)
        assert (answer.status_code, answer.data) == (204, b"")
    assert confirm(any_caller, held).json["code"] == "RESERVATION_RELEASED"
    assert any_caller.redeem(code).status_code == 200


def test_a_late_confirmation_says_that_the_reservation_has_expired(
    caller: Caller,
) -> None:
    code = caller.tenant.create_code()
    held = reserve(caller, code, ttl_seconds=30).json["reservation_id"]
    with time_machine.travel(utc_now() + timedelta(seconds=31)):
        assert caller.redeem(code).status_code == 200
        late = confirm(caller, held)
    assert (late.status_code, late.json["code"]) == (409, "RESERVATION_EXPIRED")


def test_another_users_reservation_is_an_unknown_one(
    create_caller: Callable[..., Caller],
) -> None:
    ann, bob = create_caller("ann"), create_caller("bob")
    held = reserve(ann, ann.tenant.create_code()).json["reservation_id"]
    for reservation_id in (held, UNKNOWN_ID, "no-uuid"):
        for answer in (confirm(bob, reservation_id), release(bob, reservation_id)):
            found = answer.status_code, answer.json["code"]
            assert found == (404, "RESERVATION_NOT_FOUND")
    assert confirm(ann, held.upper()).status_code == 200


@on_sqlite
@pytest.mark.parametrize(
    ("members", "path"),
    [
        *(
            ({"ttl_seconds": ttl}, "ttl_seconds")
            for ttl in (29, 86_401, 0, -1, "60", 60.0, True, None)
        ),
        ({"user_id": 7}, "user_id"),
        ({"user_id": None}, "user_id"),
        ({"reference": 7}, "reference"),
        ({"metadata": {"a": [1]}}, "metadata"),
    ],
    ids=range(12),
)
def test_invalid_members_reserve_nothing(
    server_caller: Caller, members: dict[str, Any], path: str
) -> None:
    code = server_caller.tenant.create_code()
    answer = reserve(server_caller, code, **members)
    assert (answer.status_code, answer.json["code"]) == (400, "VALIDATION_ERROR")
    assert answer.json["details"][0]["path"] == path
    assert server_caller.redeem(code).status_code == 200


def test_unknown_query_parameters_are_refused(caller: Caller) -> None:
    code = caller.tenant.create_code()
    held = reserve(caller, code).json["reservation_id"]
    for method, rest in (
        ("POST", f"/reserve/{code}"),
        ("POST", f"/reservations/{held}/confirm"),
        ("DELETE", f"/reservations/{held}"),
    ):
        body = b'{"user_id": "ann"}' if rest.startswith("/reserve/") else None
        answer = caller.call(method, f"{rest}?ttl=9", body)
        assert (answer.status_code, answer.json["details"][0]["target"]) == (
            400,
            "query",
        )


def test_a_repeated_key_reserves_once(caller: Caller) -> None:
    code = caller.tenant.create_code(per_code_limit=0)
    key = {"Idempotency-Key": "checkout-1"}
    answers = [reserve(caller, code, key) for _ in range(2)]
    assert answers[0].data == answers[1].data
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert len(list_reservations(caller.tenant)) == 1


def list_reservations(tenant: TenantFactory) -> list[tuple[str, str]]:
    """Return the ID and state of each reservation of a tenant."""
    return fetch_rows(
        f"""SELECT reservation_id, state FROM reservation
        WHERE tenant_id = '{tenant.tenant_id}'"""
    )


@pytest.mark.parametrize("tenant_id", ["reserve", "reservations", "Reserve"])
def test_the_words_of_the_paths_are_no_tenant_ids(app: Flask, tenant_id: str) -> None:
    refusal = capture_refusal(tenants.create, tenant_id, utc_now())
    assert refusal == AdminReason.TENANT_ID_RESERVED


def test_browsers_may_release(settings: Settings) -> None:
    origin = "https://shop.example"
    app = query_gateway.create_app(replace(settings, cors_origins=(origin,)))
    answer = app.test_client().options(
        f"/v1/coupons/reservations/{UNKNOWN_ID}",
        headers={"Origin": origin, "Access-Control-Request-Method": "DELETE"},
    )
    assert "DELETE" in answer.headers["Access-Control-Allow-Methods"]


# --------------------------------------------------------------- killed processes

STORM = 48


@pytest.fixture
def gateway(app: Flask, settings: Settings, tmp_path: Path) -> Iterator[Gateway]:
    """Yield a gateway of two processes on the same database."""
    database.release_connection()
    two = replace(settings, gateway_workers=2, gateway_threads=8)
    with gateway_server("query_gateway", two, tmp_path) as running:
        yield running


@pytest.mark.slow
def test_killed_gateways_lose_no_use_for_longer_than_its_time(
    server_caller: Caller, gateway: Gateway
) -> None:
    tenant = server_caller.tenant
    definition = tenant.define(per_code_limit=1, per_user_limit=1, total_limit=STORM)
    users = [f"user-{number}" for number in range(STORM)]
    codes = {
        issued.coupon.user_id: issued.coupon.code
        for issued in tenant.generate(definition, users)
    }
    threads = [
        threading.Thread(target=check_out, args=(gateway, server_caller, *item))
        for item in codes.items()
    ]
    workers = psutil.Process(gateway.pid).children()
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    for worker in workers:
        worker.kill()
    for thread in threads:
        thread.join()
    database.release_connection()
    assert_invariants()
    with time_machine.travel(utc_now() + timedelta(seconds=31)):
        reservation_endings.announce_expired(tenant.tenant_id, utc_now())
        statuses = [
            replace(server_caller, user_id=user_id).redeem(code).json["status"]
            for user_id, code in codes.items()
            if tenant.find(code).coupon.redemption_count == 0
        ]
    assert set(statuses) <= {"redeemed"}
    assert tenant.reload_definition(definition).used_count == STORM
    assert_invariants()


def check_out(gateway: Gateway, caller: Caller, user_id: str, code: str) -> None:
    """Reserve and confirm a code; the gateway may be killed at any moment."""
    with contextlib.suppress(OSError, HTTPException, KeyError):
        body = json.dumps({"user_id": user_id, "ttl_seconds": 30}).encode()
        held = send(gateway, caller, f"/reserve/{code}", body)
        path = f"/reservations/{held['reservation_id']}/confirm"
        send(gateway, caller, path, b"")


def send(gateway: Gateway, caller: Caller, rest: str, body: bytes) -> dict[str, Any]:
    """Send a POST to the gateway and return the answer."""
    path = caller.build_path(rest)
    headers = caller.build_headers("POST", path, body)
    request = build_request("POST", path, headers, body)
    [answer] = send_simultaneously(gateway, [request])
    found: dict[str, Any] = answer.json
    return found
