"""Gateways that are killed while clients reserve: no use is lost or counted twice."""

from __future__ import annotations

import dataclasses
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from itertools import count
from pathlib import Path
from threading import Event

import psutil
import pytest
import requests

from coupon_core.domain.models import Reason, utc_now
from coupon_core.persistence import database
from coupon_core.services.coupons import reservation_endings
from coupon_core.settings.loader import Settings
from tests.factories.tenant import TenantFactory
from tests.support.concurrency import run_in_turn, running_in_threads
from tests.support.invariants import assert_invariants, fetch_rows
from tests.support.servers.gunicorn import Gateway, gateway_server
from tests.support.servers.process import wait_until

pytestmark = pytest.mark.slow
CODE, TOTAL, CLIENTS, KILLS, TTL_SECONDS = "HELD", 60, 8, 3, 30
SECONDS_BETWEEN_KILLS = 0.5


@pytest.fixture
def gateway(core: Settings, tmp_path: Path) -> Iterator[Gateway]:
    """Yield a gateway of two processes on the same database."""
    database.release_connection()
    two = dataclasses.replace(core, gateway_workers=2)
    with gateway_server("query_gateway", two, tmp_path) as running:
        yield running


def reserve_until(
    stop: Event, client: int, tenant: TenantFactory, url: str, confirmed: list[int]
) -> None:
    """Reserve, and confirm, release or leave the use; append answers to confirms."""
    headers = {**tenant.build_bearer_headers(), "Connection": "close"}
    for number in count():
        if stop.is_set():
            return
        body = {"user_id": f"user-{client}-{number}", "ttl_seconds": TTL_SECONDS}
        try:
            held = requests.post(
                f"{url}/reserve/{CODE}", json=body, headers=headers, timeout=60
            )
            if held.status_code != 201 or number % 4 == 0:
                continue
            one = f"{url}/reservations/{held.json()['reservation_id']}"
            if number % 4 == 1:
                answer = requests.post(f"{one}/confirm", headers=headers, timeout=60)
                confirmed.append(answer.status_code)
            else:
                requests.delete(one, headers=headers, timeout=60)
        except requests.ConnectionError:
            time.sleep(0.05)  # the process was killed


def test_killed_gateways_lose_no_reserved_use_and_count_none_twice(
    tenant: TenantFactory, gateway: Gateway
) -> None:
    definition = tenant.define_claimable(CODE, total_limit=TOTAL)
    confirmed: list[int] = []

    def work(stop: Event, client: int) -> None:
        url = f"{gateway.url}/v1/coupons"
        reserve_until(stop, client, tenant, url, confirmed)

    works = [partial(work, client=client) for client in range(CLIENTS)]
    with running_in_threads(works, 60):
        for _ in range(KILLS):
            time.sleep(SECONDS_BETWEEN_KILLS)
            wait_until(psutil.Process(gateway.pid).children, 60, "a new process")
            victim = psutil.Process(gateway.pid).children()[0]
            os.kill(victim.pid, signal.SIGKILL)
        wait_until(lambda: 200 in confirmed, 60, "a use")
    assert_invariants()
    later = utc_now() + timedelta(seconds=TTL_SECONDS + 1)
    while reservation_endings.announce_expired(tenant.tenant_id, later):
        pass
    ((stored,),) = fetch_rows("SELECT count(*) FROM redemption")
    assert 0 < Counter(confirmed)[200] <= stored <= TOTAL
    assert tenant.reload_definition(definition).used_count == stored
    redeems = [partial(tenant.redeem, CODE, f"late-{n}", later) for n in range(TOTAL)]
    outcomes = Counter({"done": TOTAL - stored, Reason.POOL_EMPTY: stored})
    assert run_in_turn(redeems) == +outcomes
    assert_invariants()
