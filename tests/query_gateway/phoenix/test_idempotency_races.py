"""Simultaneous identical redeems in real processes, and processes killed meanwhile."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from http.client import HTTPException
from pathlib import Path

import psutil
import pytest
import time_machine
from flask import Flask

from coupon_core.domain.models import utc_now
from coupon_core.persistence import database
from coupon_core.persistence.database import execute
from coupon_core.services.idempotency import LEASE
from coupon_core.settings.loader import Settings
from tests.factories.tenant import TenantFactory
from tests.query_gateway.caller import Caller, CallStyle
from tests.support.invariants import assert_invariants
from tests.support.servers.gunicorn import Gateway, gateway_server
from tests.support.simultaneous_requests import (
    TimedResponse,
    build_request,
    count_statuses,
    send_simultaneously,
)

pytestmark = pytest.mark.slow
CROWD, KILLED = 50, 24


@pytest.fixture
def gateway(app: Flask, settings: Settings, tmp_path: Path) -> Iterator[Gateway]:
    """Yield a gateway of two processes with eight threads each on the same database."""
    database.release_connection()
    two = dataclasses.replace(settings, gateway_workers=2, gateway_threads=8)
    with gateway_server("query_gateway", two, tmp_path) as running:
        yield running


def build_redeem_request(caller: Caller, code: str, **headers: str) -> bytes:
    path, body = caller.build_path(f"/redeem/{code}"), b'{"user_id": "ann"}'
    own = caller.build_headers("POST", path, body)
    return build_request("POST", path, {**own, **headers}, body)


def list_use_counts(tenant: TenantFactory) -> list[int]:
    """Return the number of uses of each coupon of the tenant."""
    sql = "SELECT redemption_count FROM coupon WHERE tenant_id = :tenant_id"
    return [
        count for (count,) in execute(sql, {"tenant_id": tenant.tenant_id}).fetchall()
    ]


def collect_success_bodies(answers: list[TimedResponse]) -> set[bytes]:
    return {answer.body for answer in answers if answer.status == 200}


def test_of_50_with_one_key_one_redeems_and_the_others_hear_of_it(
    app: Flask, caller: Caller, gateway: Gateway
) -> None:
    code = caller.tenant.create_code(per_code_limit=0)
    request = build_redeem_request(caller, code, **{"Idempotency-Key": "together"})
    answers = send_simultaneously(gateway, [request] * CROWD)
    assert count_statuses(answers).keys() <= {200, 409}
    assert len(collect_success_bodies(answers)) == 1
    assert {
        answer.headers["Retry-After"] for answer in answers if answer.status == 409
    } <= {"1"}
    assert collect_success_bodies(
        send_simultaneously(gateway, [request])
    ) == collect_success_bodies(answers)
    assert list_use_counts(caller.tenant) == [1]
    assert_invariants()


def test_of_50_with_one_signature_one_redeems_and_all_hear_of_it(
    app: Flask, tenant: TenantFactory, gateway: Gateway
) -> None:
    caller = Caller(app.test_client(), tenant, CallStyle("A", "hmac"))
    request = build_redeem_request(caller, tenant.create_code(per_code_limit=0))
    answers = send_simultaneously(gateway, [request] * CROWD)
    assert count_statuses(answers) == {200: CROWD}
    assert len(collect_success_bodies(answers)) == 1
    assert list_use_counts(tenant) == [1]
    assert_invariants()


def test_a_killed_gateway_leaves_no_effect_without_answer_nor_two(
    app: Flask, caller: Caller, gateway: Gateway
) -> None:
    codes = [caller.tenant.create_code(per_code_limit=0) for _ in range(KILLED)]
    bodies_by_code = redeem_while_killing_workers(gateway, caller, codes)
    database.release_connection()
    with time_machine.travel(utc_now() + LEASE + timedelta(seconds=1)):
        for code in codes:
            headers = {"Idempotency-Key": code}
            body = json.dumps({"user_id": "ann"}).encode()
            answer = caller.call("POST", f"/redeem/{code}", body, headers)
            assert answer.status_code == 200, answer.text
            assert bodies_by_code.get(code) in (None, answer.data)
    assert Counter(list_use_counts(caller.tenant)) == {1: KILLED}
    assert_invariants()


def redeem_while_killing_workers(
    gateway: Gateway, caller: Caller, codes: list[str]
) -> dict[str, bytes]:
    """Redeem the codes while both workers are killed; return the bodies by code."""
    bodies_by_code: dict[str, bytes] = {}

    def send(code: str) -> None:
        # The worker may be killed while it processes this request.
        with contextlib.suppress(OSError, HTTPException):
            request = build_redeem_request(caller, code, **{"Idempotency-Key": code})
            [answer] = send_simultaneously(gateway, [request])
            bodies_by_code[code] = answer.body

    threads = [threading.Thread(target=send, args=(code,)) for code in codes]
    workers = psutil.Process(gateway.pid).children()
    for thread in threads:
        thread.start()
    # Kill the workers while the requests are being processed.
    time.sleep(0.05)
    for worker in workers:
        worker.kill()
    for thread in threads:
        thread.join()
    return bodies_by_code
