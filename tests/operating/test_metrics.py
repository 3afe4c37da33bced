"""What Prometheus is shown: by gateways and workers, over all their processes."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from coupon_core.persistence import database
from tests.operating.house import House
from tests.query_gateway.tenant import Tenant, new_tenant
from tests.servers.process import wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("migrated_template", ["postgresql"], indirect=True),
]
ROUTE = "/v1/coupons/redeem/<code>"
REDEEMED = 'coupons_redemptions_total{dialect="phoenix",reason="",result="ok"}'
REPEATED = (
    'coupons_redemptions_total{dialect="phoenix",'
    'reason="already_redeemed",result="refused"}'
)


@pytest.fixture
def tenant(house: House) -> Tenant:
    made = new_tenant()
    database.release()
    return made


def redeem(house: House, tenant: Tenant, code: str) -> int:
    answer = requests.post(
        f"{house.query}/v1/coupons/redeem/{code}",
        json={"user_id": "ann"},
        headers=tenant.bearer("ann"),
        timeout=10,
    )
    return answer.status_code


def test_redemptions_are_counted_by_dialect_result_and_reason(
    house: House, tenant: Tenant
) -> None:
    code = tenant.code()
    assert [redeem(house, tenant, code) for _ in range(3)] == [200, 400, 400]
    found = house.metrics("query")
    assert (found[REDEEMED], found[REPEATED]) == (1, 2)


def test_requests_are_timed_by_route_template_and_class_of_status(
    house: House, tenant: Tenant
) -> None:
    redeem(house, tenant, "NO-SUCH-CODE-AT-ALL")
    labels = f'method="POST",route="{ROUTE}",status="4xx"'
    found = house.metrics("query")
    assert found[f"coupons_request_seconds_count{{{labels}}}"] >= 1
    assert not any("NO-SUCH" in name for name in found)


def test_made_up_methods_and_paths_make_no_new_series(house: House) -> None:
    before = len(house.metrics("query"))
    for number in range(20):
        requests.request(f"X{number}", f"{house.query}/no/{number}", timeout=10)
    assert len(house.metrics("query")) <= before + 20


def test_the_pool_is_told(house: House) -> None:
    name = 'coupons_pool_connections{state="idle"}'
    wait_until(lambda: house.metrics("query").get(name, 0) >= 1, 10, name)


def test_workers_tell_what_waits(house: House) -> None:
    found = house.metrics("workers")
    assert found['coupons_up{what="database"}'] == 1
    assert found['coupons_up{what="message_queue"}'] == 1
    assert found['coupons_queue_messages{queue="coupons.streak"}'] >= 0
    names = "outbox_pending", "outbox_oldest_seconds", "dead_letters"
    assert {f"coupons_{name}" for name in names} <= found.keys()


def has_folded(house: House, kept: Path) -> bool:
    # Who is asked while it ends hangs up.
    with suppress(requests.ConnectionError):
        house.metrics("query")
    return kept.exists()


def test_totals_survive_the_process_that_counted_them(
    house: House, tenant: Tenant
) -> None:
    assert redeem(house, tenant, tenant.code()) == 200
    before = house.metrics("query")[REDEEMED]
    os.kill(house.gateways["query"].process.pid, signal.SIGHUP)
    directory = next((house.settings.data_dir / "query/metrics").iterdir())
    kept = directory / "counter_dead.db"
    wait_until(lambda: has_folded(house, kept), 20, "the old process to end")
    assert redeem(house, tenant, tenant.code()) == 200
    assert house.metrics("query")[REDEEMED] == before + 1
