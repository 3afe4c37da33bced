"""Requests that wait for others leave threads for everybody else, in both gateways."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

import query_gateway
from coupon_core.persistence import database
from coupon_core.schemas.errors import ApiError
from coupon_core.services.webhooks import url_policy
from coupon_core.web.slow_requests import SLOW_MARK, ThreadSlots
from tests.factories.campaigns import CampaignFactory
from tests.factories.tenant import TenantFactory
from tests.support.admin_client import (
    AdminClient,
    create_admin_client,
    expect_created,
    started_admin_gateway,
)
from tests.support.concurrency import run_concurrently
from tests.support.databases import SqliteDatabases, migrate_database
from tests.support.settings import build_settings
from tests.support.webhook_receiver import (
    LOOPBACK_NETWORKS,
    WebhookReceiver,
    running_receiver,
)

SLOW_ENDPOINTS = {
    "admin_gateway": {
        "code_jobs.change_expiry",
        "code_jobs.restore",
        "code_jobs.revoke",
        "codes.export",
        "imports.import_codes",
        "personal_data.erase",
        "personal_data.export",
        "webhooks.change",
        "webhooks.create",
        "webhooks.test",
    },
    "query_gateway": {
        "playcamp_server_webhooks.create_webhook",
        "playcamp_server_webhooks.test_webhook",
        "playcamp_server_webhooks.update_webhook",
    },
}
# The gateways of tests have eight threads.
PER_TENANT, REQUESTS = 2, 8


@pytest.fixture
def admin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdminClient]:
    files = SqliteDatabases(tmp_path_factory.mktemp("slow"), migrate_database)
    with files.temporary_database() as url, started_admin_gateway(url) as app:
        url_policy.allow_networks(LOOPBACK_NETWORKS)
        yield create_admin_client(app)
        url_policy.allow_networks(())


@pytest.fixture
def query(admin: AdminClient) -> Flask:
    url = f"sqlite:///{Path(database.database_proxy.database)}"
    app = query_gateway.create_app(build_settings(url))
    url_policy.allow_networks(LOOPBACK_NETWORKS)
    return app


def assert_refused(answer: TestResponse) -> None:
    assert answer.status_code == 503
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert answer.json["code"] == "UNAVAILABLE"
    assert "wait for other systems" in answer.json["message"]


def test_routes_that_wait_for_others_are_marked(
    admin: AdminClient, query: Flask
) -> None:
    for app in (admin.app, query):
        marked = {
            endpoint
            for endpoint, view in app.view_functions.items()
            if hasattr(view, SLOW_MARK) and not endpoint.startswith("console.")
        }
        assert marked == SLOW_ENDPOINTS[app.import_name]


def answering_after_refusals(
    receiver: WebhookReceiver, send: Callable[[], TestResponse]
) -> Callable[[], TestResponse]:
    """Let a receiver answer only after all calls that may not wait were refused."""
    refused: list[TestResponse] = []

    def send_and_count() -> TestResponse:
        answer = send()
        if answer.status_code == 503:
            refused.append(answer)
        if len(refused) == REQUESTS - PER_TENANT:
            receiver.closed.set()
        return answer

    return send_and_count


def test_webhook_tests_of_one_tenant_leave_threads_for_others(
    admin: AdminClient,
) -> None:
    other_admin = create_admin_client(admin.app, "globex")
    with running_receiver() as receiver:
        receiver.delay_seconds = 60
        body = {"event_type": "coupon.redeemed", "url": receiver.url}
        path, other_path = (
            f"webhooks/{expect_created(client.post('webhooks', body))['id']}/test"
            for client in (admin, other_admin)
        )
        send = answering_after_refusals(receiver, partial(admin.post, path))
        send_other = partial(other_admin.post, other_path)
        answers = run_concurrently([send] * REQUESTS + [send_other])
    statuses = Counter(answer.status_code for answer in answers[:-1])
    assert statuses == {200: PER_TENANT, 503: REQUESTS - PER_TENANT}
    for answer in answers[:-1]:
        if answer.status_code == 503:
            assert_refused(answer)
    assert answers[-1].status_code == 200
    assert admin.post(path).status_code == 200


def test_webhook_tests_of_playcamp_are_bounded_too(
    admin: AdminClient, query: Flask
) -> None:
    tenant = TenantFactory(admin.tenant_id, admin.secret.secret)
    key = CampaignFactory(tenant).create_client_key()
    headers = {"Authorization": f"Bearer {key}"}
    client = query.test_client()
    with running_receiver() as receiver:
        receiver.delay_seconds = 60
        body = {"eventType": "coupon.redeemed", "url": receiver.url}
        created = client.post("/v1/server/webhooks", json=body, headers=headers)
        assert created.status_code == 201, created.text
        path = f"/v1/server/webhooks/{created.json['data']['id']}/test"
        send = answering_after_refusals(
            receiver, lambda: query.test_client().post(path, headers=headers)
        )
        answers = run_concurrently([send] * REQUESTS)
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses == {200: PER_TENANT, 503: REQUESTS - PER_TENANT}


def test_export_occupies_a_thread_until_it_is_read_or_closed(
    admin: AdminClient,
) -> None:
    admin.generate_coupons(admin.create_definition()["id"], "a", "b")
    headers = {"X-API-Key": admin.plain_key}
    path = f"/v1/tenants/{admin.tenant_id}/codes/export"
    client = admin.app.test_client()
    for _ in range(PER_TENANT + 1):
        assert client.head(path, headers=headers).status_code == 200
    unread = [client.get(path, headers=headers) for _ in range(PER_TENANT)]
    assert_refused(client.get(path, headers=headers))
    for answer in unread:
        answer.close()
    for _ in range(PER_TENANT + 1):
        answer = client.get(path, headers=headers)
        assert answer.text.startswith("code,")


def test_failed_import_gives_its_thread_back(admin: AdminClient) -> None:
    headers = {"X-API-Key": admin.plain_key, "Content-Type": "text/csv"}
    for _ in range(PER_TENANT + 1):
        answer = admin.post(f"coupons/{'0' * 8}/import", data=b"x", headers=headers)
        assert answer.status_code in (400, 404), answer.text


@pytest.mark.parametrize(
    ("threads", "per_tenant", "total"), [(1, 1, 1), (2, 1, 1), (8, 2, 4), (32, 8, 16)]
)
def test_slow_requests_occupy_a_part_of_the_threads(
    threads: int, per_tenant: int, total: int
) -> None:
    slots = ThreadSlots(threads)
    releases = [
        slots.acquire(f"tenant-{number // per_tenant}") for number in range(total)
    ]
    with pytest.raises(ApiError):
        slots.acquire("another")
    for _ in range(2):  # the second call gives nothing back
        releases[0]()
    slots.acquire("another")
    with pytest.raises(ApiError):
        slots.acquire("another")
    slots = ThreadSlots(threads)
    for _ in range(per_tenant):
        slots.acquire("acme")
    with pytest.raises(ApiError):
        slots.acquire("acme")
