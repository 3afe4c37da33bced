"""Test the metrics of gateways and workers, across all their processes."""

from __future__ import annotations

import os
import re
import signal
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from coupon_core.domain.models import utc_now
from coupon_core.persistence import database
from coupon_core.services.campaigns import campaigns
from tests.deploy.observability import (
    find_grouping_labels,
    find_used_series,
    list_expressions,
)
from tests.factories.tenant import TenantFactory, create_tenant
from tests.support.deployment import Deployment
from tests.support.servers.process import wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("migrated_template", ["postgresql"], indirect=True),
]
GUESSES = 100  # of a user, before the limit of the deployment refuses
LABEL_NAME = re.compile(r'(\w+)="')
ROUTE = "/v1/coupons/redeem/<code>"
REDEEMED = 'coupons_redemptions_total{dialect="phoenix",reason="",result="ok"}'
REPEATED = (
    'coupons_redemptions_total{dialect="phoenix",'
    'reason="already_redeemed",result="refused"}'
)


@pytest.fixture
def tenant(deployment: Deployment) -> TenantFactory:
    tenant = create_tenant(now=None)
    database.release_connection()
    return tenant


def redeem(deployment: Deployment, tenant: TenantFactory, code: str) -> int:
    response = requests.post(
        f"{deployment.query_url}/v1/coupons/redeem/{code}",
        json={"user_id": "ann"},
        headers=tenant.build_bearer_headers("ann"),
        timeout=60,
    )
    return response.status_code


def test_redemptions_are_counted_by_dialect_result_and_reason(
    deployment: Deployment, tenant: TenantFactory
) -> None:
    code = tenant.create_code()
    assert [redeem(deployment, tenant, code) for _ in range(3)] == [200, 400, 400]
    metrics = deployment.read_metrics("query")
    assert (metrics[REDEEMED], metrics[REPEATED]) == (1, 2)


def test_redemptions_are_counted_by_tenant_and_campaign(
    deployment: Deployment, tenant: TenantFactory
) -> None:
    fields = {"names": {"en": "Launch"}}
    campaigns.create(tenant.tenant_id, "launch", fields, utc_now())
    definition = tenant.define(campaign_id="launch")
    code = tenant.issue_coupon(definition, "ann").coupon.code
    database.release_connection()
    assert [redeem(deployment, tenant, code) for _ in range(2)] == [200, 400]
    assert redeem(deployment, tenant, "NO-SUCH-CODE") == 404
    metrics = deployment.read_metrics("query")
    for campaign, reason, result in (
        ("launch", "", "ok"),
        ("launch", "already_redeemed", "refused"),
        ("", "coupon_not_found", "refused"),
    ):
        labels = f'campaign="{campaign}",reason="{reason}",result="{result}"'
        name = f'{{{labels},tenant="{tenant.tenant_id}"}}'
        assert metrics[f"coupons_tenant_redemptions_total{name}"] == 1


def test_requests_are_timed_by_route_template_and_class_of_status(
    deployment: Deployment, tenant: TenantFactory
) -> None:
    redeem(deployment, tenant, "NO-SUCH-CODE-AT-ALL")
    labels = f'method="POST",route="{ROUTE}",status="4xx"'
    metrics = deployment.read_metrics("query")
    assert metrics[f"coupons_request_seconds_count{{{labels}}}"] >= 1
    assert not any("NO-SUCH" in name for name in metrics)


def test_made_up_methods_and_paths_make_no_new_series(deployment: Deployment) -> None:
    before = len(deployment.read_metrics("query"))
    for number in range(20):
        requests.request(
            f"X{number}", f"{deployment.query_url}/no/{number}", timeout=60
        )
    assert len(deployment.read_metrics("query")) <= before + 20


def test_the_pool_is_told(deployment: Deployment) -> None:
    name = 'coupons_pool_connections{state="idle"}'
    wait_until(lambda: deployment.read_metrics("query").get(name, 0) >= 1, 60, name)


def test_workers_tell_what_waits(deployment: Deployment) -> None:
    metrics = deployment.read_metrics("workers")
    assert metrics['coupons_up{what="database"}'] == 1
    assert metrics['coupons_up{what="message_queue"}'] == 1
    assert metrics['coupons_queue_messages{queue="coupons.streak"}'] >= 0
    names = {"outbox_pending", "outbox_oldest_seconds", "dead_letters"}
    names |= {"uncounted_events", "uncounted_oldest_seconds"}
    assert {f"coupons_{name}" for name in names} <= metrics.keys()


def test_a_file_that_is_just_being_created_is_no_failure(
    deployment: Deployment,
) -> None:
    """A process creates the file of its first gauge while Prometheus may ask."""
    directory = next((deployment.settings.data_dir / "metrics").glob("workers@*"))
    empty_file = directory / f"gauge_livesum_{os.getpid()}.db"
    empty_file.touch()
    try:
        assert deployment.read_metrics("workers")['coupons_up{what="database"}'] == 1
    finally:
        empty_file.unlink()


def has_merged_files(deployment: Deployment, merged_file: Path) -> bool:
    # A process that is shutting down closes the connection.
    with suppress(requests.ConnectionError):
        deployment.read_metrics("query")
    return merged_file.exists()


def test_totals_survive_the_process_that_counted_them(
    deployment: Deployment, tenant: TenantFactory
) -> None:
    assert redeem(deployment, tenant, tenant.create_code()) == 200
    before = deployment.read_metrics("query")[REDEEMED]
    os.kill(deployment.gateways["query"].process.pid, signal.SIGHUP)
    directory = next((deployment.settings.data_dir / "query/metrics").iterdir())
    merged_file = directory / "counter_dead.db"
    wait_until(
        lambda: has_merged_files(deployment, merged_file), 60, "the old process to end"
    )
    assert redeem(deployment, tenant, tenant.create_code()) == 200
    assert deployment.read_metrics("query")[REDEEMED] == before + 1


def call_everything(deployment: Deployment, tenant: TenantFactory) -> None:
    """Send what each metric counts."""
    code = tenant.create_code()
    codes = [code, *["NO-SUCH-CODE"] * (GUESSES + 1)]
    headers = tenant.build_bearer_headers("ann")
    with requests.Session() as session:
        answers = [
            session.post(
                f"{deployment.query_url}/v1/coupons/redeem/{each}",
                json={"user_id": "ann"},
                headers=headers,
                timeout=60,
            ).status_code
            for each in codes
        ]
    assert (answers[0], answers[1], answers[-1]) == (200, 404, 429)


def read_labels(deployment: Deployment) -> dict[str, set[str]]:
    """Return the labels of each metric of all programs."""
    labels: defaultdict[str, set[str]] = defaultdict(set)
    for program in ("admin", "query", "workers"):
        for series in deployment.read_metrics(program):
            name, _, rest = series.partition("{")
            labels[name] |= set(LABEL_NAME.findall(rest))
    return labels


def test_each_metric_and_label_of_dashboards_and_alerts_is_served(
    deployment: Deployment, tenant: TenantFactory
) -> None:
    call_everything(deployment, tenant)
    # The event of the redemption reaches the worker that queues deliveries.
    wait_until(
        lambda: "coupons_messages_total" in read_labels(deployment), 60, "a message"
    )
    served = read_labels(deployment)
    for place, expression in list_expressions().items():
        used = dict(find_used_series(expression))
        for name, labels in used.items():
            assert name in served, f"{place}: {name} is not served"
            assert labels <= served[name], f"{place}: {name} has {served[name]}"
        known = set().union(*(served[name] for name in used)) if used else set()
        assert find_grouping_labels(expression) <= known, place


def test_rare_events_are_counted_from_zero(deployment: Deployment) -> None:
    # Otherwise the first of them would not be an increase, and raise no alert.
    for program in ("admin", "query", "workers"):
        metrics = deployment.read_metrics(program)
        for outcome in ("not_taken", "buried"):
            assert metrics[f'coupons_relayed_events_total{{outcome="{outcome}"}}'] == 0
        assert metrics['coupons_webhook_deliveries_total{outcome="failed"}'] == 0
        assert metrics["coupons_dropped_attempts_total"] == 0
