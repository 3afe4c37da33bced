"""Gateways under load that are reloaded, stopped, or lose their database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from socket import create_connection, create_server

import psutil
import psycopg
import pytest
import requests

from coupon_core.domain.models import utc_now
from coupon_core.persistence import database
from coupon_core.services.insight import attempt_flush
from coupon_core.web.http_worker.limits import LINGER_SECONDS
from tests.chaos.worker_processes import build_environment
from tests.factories.tenant import TenantFactory, create_tenant
from tests.support.attempts import collect_failure
from tests.support.concurrency import started_core
from tests.support.databases import SqliteDatabases, migrate_database
from tests.support.paths import PROJECT_ROOT
from tests.support.servers import postgres_server
from tests.support.servers.gunicorn import Gateway, gateway_server
from tests.support.servers.postgres import PostgresServer
from tests.support.servers.process import (
    SOON_SECONDS,
    Stopwatch,
    frozen_process,
    run_punctually,
    wait_until,
)
from tests.support.settings import build_settings

pytestmark = pytest.mark.slow
RELOADS = 2
STATEMENT_SECONDS = 4.0  # after which a statement that waits is ended
WAITING_SQL = "SELECT 1 FROM pg_locks WHERE NOT granted"
STORED_SQL = """
    SELECT (SELECT sum(refused) FROM refusal_count WHERE resolution = 'quarter'
            AND tenant_id = :tenant_id),
        (SELECT count(*) FROM attempt WHERE tenant_id = :tenant_id)
"""


@pytest.fixture(scope="module")
def server_caller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """Yield a PostgreSQL that the tests may freeze."""
    with postgres_server(tmp_path_factory.mktemp("postgres")) as server:
        migrate_database(server.url())
        yield server


@pytest.fixture(scope="module")
def gateway(
    server_caller: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    """Yield a query gateway with two processes on it."""
    home = tmp_path_factory.mktemp("gateway")
    settings = replace(build_settings(server_caller.url(), home), gateway_workers=2)
    with (
        started_core(settings),
        gateway_server("query_gateway", settings, home) as running_gateway,
    ):
        yield running_gateway


@pytest.fixture
def tenant(gateway: Gateway) -> Iterator[TenantFactory]:
    """Yield a new tenant."""
    yield create_tenant(now=None)
    database.close_database()  # a test may have stopped the server


def build_redeem_call(
    gateway: Gateway, tenant: TenantFactory
) -> Callable[[], requests.Response]:
    """Return a function that redeems an unlimited code on a new connection."""
    code = tenant.create_code(per_code_limit=0)
    database.release_connection()
    url = f"{gateway.url}/v1/coupons/redeem/{code}"
    headers, body = (
        {**tenant.build_bearer_headers("ann"), "Connection": "close"},
        {"user_id": "ann"},
    )
    return lambda: requests.post(url, json=body, headers=headers, timeout=60)


def measure(call: Callable[[], requests.Response]) -> tuple[requests.Response, float]:
    """Return the answer and the seconds until it arrived."""
    began_at = time.monotonic()
    return call(), time.monotonic() - began_at


def test_reloading_under_load_fails_no_request(
    gateway: Gateway, tenant: TenantFactory
) -> None:
    redeem, stop = build_redeem_call(gateway, tenant), threading.Event()

    answers: list[int] = []

    def work() -> None:
        while not stop.is_set():
            answers.append(redeem().status_code)

    master = psutil.Process(gateway.process.pid)
    with ThreadPoolExecutor(4) as threads:
        running = [threads.submit(work) for _ in range(4)]
        for _ in range(RELOADS):
            before = {one.pid for one in master.children()}
            os.kill(gateway.process.pid, signal.SIGHUP)
            wait_until(
                lambda old=before: not old & {one.pid for one in master.children()},
                60,
                "the old processes to end",
            )
            count = len(answers)
            wait_until(lambda old=count: len(answers) > old + 8, 60, "more answers")
        stop.set()
        for one in running:
            one.result()
    assert set(answers) == {200}


def test_a_request_under_way_is_finished_before_the_process_ends(
    server_caller: PostgresServer, gateway: Gateway, tenant: TenantFactory
) -> None:
    redeem = build_redeem_call(gateway, tenant)

    def attempt(watch: Stopwatch) -> None:
        redeem()
        with (
            ThreadPoolExecutor(1) as threads,
            psycopg.connect(server_caller.url()) as other,
        ):
            other.execute("LOCK TABLE redemption IN ACCESS EXCLUSIVE MODE")
            running = threads.submit(redeem)
            watch.restart()
            wait_until(lambda: other.execute(WAITING_SQL).fetchall(), 60, "the redeem")
            end_processes(gateway)
            time.sleep(0.7)  # in which a process that did not wait would have ended
            other.rollback()
            assert running.result().status_code == 200
        wait_until(lambda: is_ready(gateway), 60, "new processes")

    run_punctually(attempt, STATEMENT_SECONDS)


def end_processes(gateway: Gateway) -> None:
    """End the processes of a gateway gracefully; its master starts others."""
    for one in psutil.Process(gateway.process.pid).children():
        one.terminate()


@pytest.mark.parametrize("early", [0, 20])
def test_a_request_on_its_way_is_answered_though_the_process_stops(
    gateway: Gateway, early: int
) -> None:
    whole = b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    pieces = whole[:early], whole[early : early + 9], whole[early + 9 :]

    def attempt(watch: Stopwatch) -> None:
        wait_until(lambda: is_ready(gateway), 60, "new processes")
        with create_connection((gateway.host, gateway.port), 60) as wire:
            watch.restart()
            wire.sendall(pieces[0])
            time.sleep(0.2)
            end_processes(gateway)
            for piece in pieces[1:]:
                time.sleep(0.2)
                wire.sendall(piece)
            assert wire.recv(12) == b"HTTP/1.1 200"

    run_punctually(attempt, LINGER_SECONDS)
    wait_until(lambda: is_ready(gateway), 60, "new processes")


def is_ready(gateway: Gateway) -> bool:
    """Return True if the gateway reports that it is ready."""
    return requests.get(f"{gateway.url}/ready", timeout=60).status_code == 200


def test_a_frozen_database_is_503_in_time_and_used_again_once_it_goes_on(
    server_caller: PostgresServer, gateway: Gateway, tenant: TenantFactory
) -> None:
    redeem = build_redeem_call(gateway, tenant)
    assert redeem().status_code == 200
    with frozen_process(server_caller.pid), ThreadPoolExecutor(12) as threads:
        calls = [threads.submit(measure, redeem) for _ in range(12)]
        found = [one.result() for one in calls]
        ready, took = measure(lambda: requests.get(f"{gateway.url}/ready", timeout=60))
        alive = requests.get(f"{gateway.url}/health", timeout=60)
    assert {answer.status_code for answer, _ in found} == {503}
    assert {answer.headers["Retry-After"] for answer, _ in found} == {"1"}
    assert max(seconds for _, seconds in found) < SOON_SECONDS
    assert (ready.status_code, ready.json()["database"]) == (503, "unavailable")
    assert took < SOON_SECONDS
    assert alive.status_code == 200
    wait_until(lambda: redeem().status_code == 200, 60, "it to work")


def test_a_stopped_database_is_503_at_once_and_used_again_once_it_is_back(
    server_caller: PostgresServer, gateway: Gateway, tenant: TenantFactory
) -> None:
    redeem = build_redeem_call(gateway, tenant)
    server_caller.stop()
    try:
        answer, took = measure(redeem)
    finally:
        server_caller.start()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert took < SOON_SECONDS
    wait_until(lambda: redeem().status_code == 200, 60, "it to work")


def test_counts_are_complete_though_the_database_is_stopped_while_they_are_stored(
    server_caller: PostgresServer,
    tenant: TenantFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(attempt_flush, "INTERVAL_SECONDS", 0.05)
    collect = partial(collect_failure, tenant.tenant_id, at=utc_now())
    thread = attempt_flush.FlushThread()
    thread.start()
    with closing(psycopg.connect(server_caller.url())) as other:
        other.execute("LOCK TABLE attempt IN ACCESS EXCLUSIVE MODE")
        collect()
        wait_until(lambda: other.execute(WAITING_SQL).fetchall(), 60, "a transaction")
        server_caller.stop()
    database.release_connection()  # that of this thread is lost
    collect()
    time.sleep(0.2)  # in which storing fails
    server_caller.start()
    collect()
    key = {"tenant_id": tenant.tenant_id}
    wait_until(
        lambda: database.execute(STORED_SQL, key).fetchone() == (3, 3),
        60,
        "all counts to be stored",
    )
    thread.stop()


@pytest.mark.parametrize("scheme", ["amqp", "redis"])
def test_workers_end_in_time_while_the_bus_does_not_answer(
    tmp_path: Path, scheme: str
) -> None:
    files = SqliteDatabases(tmp_path, migrate_database)
    with create_server(("127.0.0.1", 0)) as silent, files.temporary_database() as url:
        bus = f"{scheme}://127.0.0.1:{silent.getsockname()[1]}/"
        settings = replace(build_settings(url, tmp_path, bus), log_level="info")
        command, env = [sys.executable, "-m", "workers"], build_environment(settings)
        workers = subprocess.Popen(command, cwd=PROJECT_ROOT, env=env)
        try:
            silent.settimeout(60)
            connection, _ = silent.accept()
            workers.terminate()
            assert workers.wait(SOON_SECONDS) == 0
            connection.close()
        finally:
            workers.kill()
            workers.wait()
