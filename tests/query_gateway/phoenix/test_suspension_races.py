"""Suspending while clients redeem in real processes: nothing slips through."""

from __future__ import annotations

import dataclasses
import http.client
import json
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from coupon_core.domain.models import utc_now
from coupon_core.persistence import database
from coupon_core.services import batches, suspension
from coupon_core.services.batches import BatchRequest
from coupon_core.settings.loader import Settings
from tests.factories.campaigns import CAMPAIGN_ID, CampaignFactory
from tests.factories.tenant import TenantFactory
from tests.query_gateway.phoenix.test_races import count_uses
from tests.support.invariants import assert_invariants, fetch_rows
from tests.support.servers.gunicorn import Gateway, gateway_server
from tests.support.servers.process import wait_until

pytestmark = pytest.mark.slow
CLIENTS = 50
SUSPENDED, REDEEMED = (400, "COUPON_SUSPENDED"), (200, None)
Answer = tuple[float, tuple[int, str | None]]
"""When the request began, and the status and code of its answer."""


@pytest.fixture
def gateway(settings: Settings, tmp_path: Path) -> Iterator[Gateway]:
    """Yield a gateway of two processes with eight threads each on the same database."""
    database.release_connection()
    two = dataclasses.replace(settings, gateway_workers=2, gateway_threads=8)
    with gateway_server("query_gateway", two, tmp_path) as running:
        yield running


def redeem(gateway: Gateway, tenant: TenantFactory, code: str) -> Answer:
    """Redeem a code once over HTTP; what SQLite is too busy for, again."""
    while (answer := send_redeem(gateway, tenant, code))[1][0] == 503:
        assert not database.is_postgresql()
    return answer


def send_redeem(gateway: Gateway, tenant: TenantFactory, code: str) -> Answer:
    """Send the request, and return when, and the answer."""
    connection = http.client.HTTPConnection(gateway.host, gateway.port, timeout=60)
    headers = {**tenant.build_bearer_headers(), "Content-Type": "application/json"}
    started_at = time.monotonic()
    body = json.dumps({"user_id": "ann"})
    connection.request("POST", f"/v1/coupons/redeem/{code}", body, headers)
    answer = connection.getresponse()
    document = json.loads(answer.read())
    connection.close()
    error_code = document["code"] if "error" in document else None
    return started_at, (answer.status, error_code)


def redeem_until(
    stop: Event,
    answers: list[Answer],
    gateway: Gateway,
    tenant: TenantFactory,
    code: str,
) -> None:
    """Redeem a code again and again."""
    while not stop.is_set():
        answers.append(redeem(gateway, tenant, code))


def create_codes(tenant: TenantFactory, kind: str) -> tuple[Any, str, list[str]]:
    """Return what is to be suspended, its ID, and its codes for all clients."""
    CampaignFactory(tenant).create_campaign()
    definition = tenant.define(per_code_limit=0, campaign_id=CAMPAIGN_ID)
    if kind != "batch":
        coupons = tenant.generate(definition, ["ann"] * CLIENTS)
        codes = [issued.coupon.code for issued in coupons]
        if kind == "definition":
            return suspension.DEFINITIONS, definition.definition_id, codes
        return suspension.CAMPAIGNS, CAMPAIGN_ID, codes
    request = BatchRequest(CLIENTS, ("ann",) * CLIENTS)
    ids = tenant.tenant_id, definition.definition_id
    batch = batches.request(*ids, request, utc_now())
    batches.generate_chunk((tenant.tenant_id, batch.batch_id, 1), utc_now())
    rows = fetch_rows(f"SELECT code FROM coupon WHERE batch_id = '{batch.batch_id}'")
    return suspension.BATCHES, batch.batch_id, [code for (code,) in rows]


@pytest.mark.parametrize("kind", ["definition", "batch", "campaign"])
def test_no_redeem_begins_after_the_answer_to_suspend_and_succeeds(
    tenant: TenantFactory, gateway: Gateway, kind: str
) -> None:
    suspendable, object_id, codes = create_codes(tenant, kind)
    stop, answers = Event(), list[Answer]()
    with ThreadPoolExecutor(CLIENTS) as clients:
        for code in codes:
            clients.submit(redeem_until, stop, answers, gateway, tenant, code)
        try:
            wait_until(lambda: len(answers) > CLIENTS, 60, "the clients redeem")
            change = partial(suspension.suspend, suspendable, tenant.tenant_id)
            change(object_id, utc_now())
            answered_at, count = time.monotonic(), len(answers)
            wait_until(lambda: len(answers) > count + 3 * CLIENTS, 60, "more redeems")
        finally:
            stop.set()
    outcomes = Counter(answer for _, answer in answers)
    assert set(outcomes) == {REDEEMED, SUSPENDED}
    late = {answer for started_at, answer in answers if started_at > answered_at}
    assert late == {SUSPENDED}
    assert count_uses(tenant) == outcomes[REDEEMED]
    suspension.resume(suspendable, tenant.tenant_id, object_id, utc_now())
    with ThreadPoolExecutor(CLIENTS) as clients:
        again = list(clients.map(partial(redeem, gateway, tenant), codes))
    assert {answer for _, answer in again} == {REDEEMED}
    assert_invariants()
