"""Tests of faults of a PostgreSQL server: stopped, disconnecting, unresponsive."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import psycopg
import pytest

from coupon_core.persistence import connection_pools, database
from coupon_core.persistence.database import (
    execute,
    execute_many,
    execute_prepared,
    transaction,
)
from coupon_core.settings.loader import Settings
from tests.coupon_core.persistence.test_database import timed, write
from tests.factories.tenant import TenantFactory, create_tenant
from tests.support.concurrency import (
    Unavailable,
    run_concurrently,
    run_task,
    started_core,
)
from tests.support.databases import migrate_database
from tests.support.invariants import assert_invariants, fetch_rows
from tests.support.servers import postgres_server
from tests.support.servers.postgres import PostgresServer
from tests.support.servers.process import SOON_SECONDS, frozen_process
from tests.support.settings import build_settings


@pytest.fixture(scope="module")
def server_caller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """Return a PostgreSQL server that the tests may stop."""
    with postgres_server(tmp_path_factory.mktemp("postgres")) as server:
        migrate_database(server.url())
        yield server


@pytest.fixture
def own_core(server_caller: PostgresServer, tmp_path: Path) -> Iterator[Settings]:
    with started_core(build_settings(server_caller.url(), tmp_path)) as settings:
        yield settings


@pytest.fixture
def own_shop(own_core: Settings) -> Iterator[TenantFactory]:
    yield create_tenant()
    database.release_connection()


def open_connections(count: int) -> None:
    """Open a number of connections, and leave them idle."""

    def stay() -> None:
        fetch_rows("SELECT pg_sleep(0.2)")

    assert run_concurrently([stay] * count) == [None] * count


def end_connections(server: PostgresServer) -> None:
    """Terminate all connections, as an administrator or a failover does."""
    with psycopg.connect(server.url(), autocommit=True) as admin:
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )


def test_sessions_have_deadlines_speak_utc_and_do_not_compile(
    own_core: Settings,
) -> None:
    shown = {
        name: fetch_rows(f"SHOW {name}")[0][0]
        for name in (
            "statement_timeout",
            "idle_in_transaction_session_timeout",
            "TimeZone",
            "jit",
        )
    }
    assert list(shown.values()) == ["4s", "4s", "UTC", "off"]


@pytest.mark.parametrize("idle", [0, connection_pools.PING_AFTER_SECONDS])
def test_after_a_restart_at_most_one_use_fails(
    server_caller: PostgresServer,
    own_shop: TenantFactory,
    idle: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A connection that was idle for long is pinged first; others fail in use."""
    if idle:
        monkeypatch.setattr(connection_pools, "PING_AFTER_SECONDS", -1.0)
    code = own_shop.issue_code(own_shop.define(per_code_limit=0))
    open_connections(4)
    database.release_connection()
    server_caller.stop()
    server_caller.start()
    results = [timed(partial(own_shop.redeem, code)) for _ in range(8)]
    failed = [outcome for outcome, _ in results if isinstance(outcome, Unavailable)]
    assert len(failed) <= (0 if idle else 1)
    assert sum(took for _, took in results) < SOON_SECONDS
    assert own_shop.find(code).coupon.redemption_count == 8 - len(failed)
    assert_invariants()


def test_while_the_server_is_away_all_are_told_at_once(
    server_caller: PostgresServer, own_shop: TenantFactory
) -> None:
    code = own_shop.issue_code(own_shop.define())
    database.release_connection()
    server_caller.stop()
    try:
        outcomes, took = timed(
            lambda: run_concurrently([partial(own_shop.redeem, code)] * 16)
        )
    finally:
        server_caller.start()
    assert all(isinstance(outcome, Unavailable) for outcome in outcomes)
    assert took < SOON_SECONDS
    time.sleep(connection_pools.BACKOFF_SECONDS)
    assert own_shop.redeem(code).coupon.redemption_count == 1


def test_a_server_that_does_not_answer_is_told_in_time(
    tmp_path: Path, own_core: Settings
) -> None:
    """Independent of the number of threads, although they connect one by one."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://me@127.0.0.1:{silent.getsockname()[1]}/x"
        with started_core(replace(own_core, database_url=url)):
            outcomes, took = timed(lambda: run_concurrently([write] * 8))
    assert all(isinstance(outcome, Unavailable) for outcome in outcomes)
    assert took < SOON_SECONDS


@pytest.mark.parametrize("idle", [0, connection_pools.PING_AFTER_SECONDS])
def test_a_frozen_server_is_told_in_time_and_used_again_once_it_goes_on(
    server_caller: PostgresServer,
    own_shop: TenantFactory,
    idle: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its kernel accepts all data, so only the deadline of the client ends the wait."""
    if idle:
        monkeypatch.setattr(connection_pools, "PING_AFTER_SECONDS", -1.0)
    code = own_shop.issue_code(own_shop.define(per_code_limit=0))
    open_connections(4)
    database.release_connection()
    with frozen_process(server_caller.pid):
        tasks = [partial(own_shop.redeem, code)] * 8
        first, took = timed(lambda: run_concurrently(tasks))
        second, took_again = timed(lambda: run_concurrently(tasks))
    assert all(isinstance(outcome, Unavailable) for outcome in (*first, *second))
    assert max(took, took_again) < SOON_SECONDS
    time.sleep(connection_pools.BACKOFF_SECONDS)
    _, took = timed(partial(own_shop.redeem, code))
    assert took < SOON_SECONDS
    assert_invariants()


CALLS = {
    "one statement": lambda: execute("SELECT 1", {}).fetchall(),
    "a prepared statement": lambda: execute_prepared("SELECT 1", {}).fetchall(),
    "many rows": lambda: execute_many(
        "UPDATE tenant SET created_at = created_at WHERE tenant_id = :t", [{"t": "x"}]
    ),
}


@pytest.mark.parametrize("call", CALLS)
def test_a_connection_lost_in_a_transaction_is_told_as_unavailable(
    server_caller: PostgresServer, own_core: Settings, call: str
) -> None:
    def lose() -> None:
        with transaction():
            fetch_rows("SELECT 1")
            end_connections(server_caller)
            CALLS[call]()

    assert isinstance(run_task(lose), Unavailable)
    assert run_task(write) == 0


def test_a_connection_lost_before_the_commit_is_told_as_unavailable(
    server_caller: PostgresServer, own_core: Settings
) -> None:
    def lose() -> None:
        with transaction():
            fetch_rows("SELECT 1")
            end_connections(server_caller)

    assert isinstance(run_task(lose), Unavailable)
    assert run_task(write) == 0


@pytest.mark.parametrize("call", CALLS)
def test_a_transaction_that_idled_too_long_is_told_as_unavailable(
    own_core: Settings, call: str
) -> None:
    def idle() -> None:
        with transaction():
            execute_without_rows("SET LOCAL idle_in_transaction_session_timeout = 50")
            time.sleep(0.2)
            CALLS[call]()

    assert isinstance(run_task(idle), Unavailable)
    assert run_task(write) == 0


def test_a_statement_that_takes_too_long_is_told_as_unavailable(
    own_core: Settings,
) -> None:
    def run_slowly() -> None:
        with transaction():
            execute_without_rows("SET LOCAL statement_timeout = 100")
            fetch_rows("SELECT pg_sleep(60)")

    outcome, took = timed(run_slowly)
    assert isinstance(outcome, Unavailable)
    assert took < SOON_SECONDS
    assert run_task(write) == 0


def test_a_standby_is_told_as_unavailable(own_core: Settings) -> None:
    def write_there() -> None:
        with transaction():
            execute_without_rows("SET TRANSACTION READ ONLY")
            CALLS["many rows"]()

    assert isinstance(run_task(write_there), Unavailable)


def execute_without_rows(sql: str) -> None:
    execute(sql, {})
