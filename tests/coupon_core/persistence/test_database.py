"""Tests of faults that both databases share: errors, deadlines and recovery."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from peewee import DataError, IntegrityError, ProgrammingError

from coupon_core.persistence import connection_pools, database, errors
from coupon_core.persistence.database import (
    discarded_transaction,
    execute,
    execute_many,
    execute_prepared,
    single_statement,
    transaction,
)
from coupon_core.settings.loader import Settings
from tests.factories.tenant import TenantFactory, create_tenant
from tests.support.concurrency import (
    RACE_TIMEOUT_SECONDS,
    Unavailable,
    process_context,
    run_concurrently,
    run_task,
    started_core,
)
from tests.support.invariants import assert_invariants, fetch_rows
from tests.support.servers.process import SOON_SECONDS


@pytest.fixture
def core(fresh_core: Settings) -> Settings:
    """Return a core of its own, because a test here may open another database."""
    return fresh_core


def write(tenant_id: str = "") -> int:
    """Run a write transaction that changes nothing; return the row count."""
    sql = "UPDATE tenant SET created_at = created_at WHERE tenant_id = :tenant_id"
    with transaction():
        return int(execute(sql, {"tenant_id": tenant_id}).rowcount)


def timed(task: Any) -> tuple[Any, float]:
    started_at = time.monotonic()
    return run_task(task), time.monotonic() - started_at


# ------------------------------------------------------------------- transactions


def test_a_transaction_that_fails_changes_nothing(tenant: TenantFactory) -> None:
    before = fetch_rows("SELECT * FROM reward_item")
    with pytest.raises(ZeroDivisionError), transaction():
        write_and_fail(tenant)
    assert fetch_rows("SELECT * FROM reward_item") == before
    assert write(tenant.tenant_id) == 1


def write_and_fail(tenant: TenantFactory) -> None:
    execute("DELETE FROM reward_item WHERE tenant_id = :t", {"t": tenant.tenant_id})
    raise ZeroDivisionError


def test_errors_of_bulk_rows_are_as_of_single_ones(tenant: TenantFactory) -> None:
    sql = "INSERT INTO tenant (tenant_id, created_at) VALUES (:id, :at)"
    taken = {"id": tenant.tenant_id, "at": "2026-01-01T00:00:00.000Z"}
    for insert in (partial(execute, sql, taken), partial(execute_many, sql, [taken])):
        with pytest.raises(IntegrityError) as caught, transaction():
            insert()
        assert errors.violated_constraint(caught.value) in (errors.UNIQUE, None)


def test_bulk_rows_count_what_was_changed(tenant: TenantFactory) -> None:
    sql = """INSERT INTO tenant (tenant_id, created_at) VALUES (:id, :at)
        ON CONFLICT DO NOTHING"""
    tenant_ids = [f"{tenant.tenant_id}{suffix}" for suffix in ("", "-a", "-b")]
    rows = [
        {"id": tenant_id, "at": "2026-01-01T00:00:00.000Z"} for tenant_id in tenant_ids
    ]
    with transaction():
        assert execute_many(sql, rows) == 2


SELECT_TENANT = """
    SELECT tenant_id, created_at FROM tenant
    WHERE tenant_id = :tenant_id AND :number > 0 AND :flag
"""


def test_a_prepared_statement_reads_and_counts_like_a_cursor(
    tenant: TenantFactory,
) -> None:
    values = {"tenant_id": tenant.tenant_id, "number": 1, "flag": True}
    for changed in ({}, {"number": 0}, {"tenant_id": None}, {"flag": False}):
        parameters = {**values, **changed}
        expected = execute(SELECT_TENANT, parameters).fetchall()
        assert execute_prepared(SELECT_TENANT, parameters).fetchall() == expected
    update = "UPDATE tenant SET created_at = created_at WHERE tenant_id = :tenant_id"
    for tenant_id, count in ((tenant.tenant_id, 1), ("other", 0)):
        with single_statement():
            assert execute_prepared(update, {"tenant_id": tenant_id}).rowcount == count


def test_a_prepared_statement_runs_after_a_rollback_and_in_a_transaction(
    core: Settings,
) -> None:
    """On PostgreSQL psycopg then ends all prepared statements of the connection."""

    def count_tenants() -> int:
        ((count,),) = execute_prepared("SELECT count(*) FROM tenant", {}).fetchall()
        return int(count)

    for _ in range(2):
        before = count_tenants()
        with discarded_transaction():
            create_tenant("discarded")
            for _ in range(6):  # then psycopg, too, has prepared it
                assert count_tenants() == before + 1
        assert count_tenants() == before


ON_POSTGRESQL = pytest.mark.parametrize(
    "migrated_template", ["postgresql"], indirect=True
)


@ON_POSTGRESQL
def test_a_statement_is_prepared_once_whatever_the_size_of_its_numbers(
    core: Settings,
) -> None:
    sql = "SELECT tenant_id FROM definition WHERE total_limit = :limit"
    for limit in (1, 2**15, 2**31 - 1):
        for _ in range(6):
            execute_prepared(sql, {"limit": limit})
    counted = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE :text"
    assert execute(counted, {"text": sql.replace(":limit", "$1")}).fetchone() == (1,)


@ON_POSTGRESQL
def test_nothing_is_prepared_if_the_setting_says_so(core: Settings) -> None:
    database.open_database(core.database_url, prepares_statements=False)
    assert execute_prepared("SELECT 7", {}).fetchall() == [(7,)]
    (count,) = execute("SELECT count(*) FROM pg_prepared_statements", {}).fetchone()
    database.open_database(core.database_url)
    assert count == 0


@ON_POSTGRESQL
def test_a_failed_prepared_statement_is_reported_and_can_run_again(
    tenant: TenantFactory,
) -> None:
    sql = "INSERT INTO tenant (tenant_id, created_at) VALUES (:tenant_id, :now)"
    taken = {"tenant_id": tenant.tenant_id, "now": "2026-01-01T00:00:00.000Z"}
    with pytest.raises(IntegrityError) as caught:
        execute_prepared(sql, taken)
    assert errors.violated_constraint(caught.value) == errors.UNIQUE
    # The text would otherwise end at the NUL, and name another tenant.
    with pytest.raises(DataError, match="NUL"):
        execute_prepared(sql, {**taken, "tenant_id": "other\0rest"})
    with pytest.raises(ProgrammingError):
        execute_prepared("SELECT no_such_column FROM tenant", {})
    assert execute_prepared(sql, {**taken, "tenant_id": "other"}).rowcount == 1


# SQLite has no statement timeout.
@ON_POSTGRESQL
def test_bulk_rows_that_take_too_long_are_told_as_unavailable(core: Settings) -> None:
    def run_slowly() -> None:
        with transaction():
            execute("SET LOCAL statement_timeout = 50", {})
            execute_many("SELECT pg_sleep(:seconds)", [{"seconds": 2}])

    assert isinstance(run_task(run_slowly), Unavailable)


@pytest.mark.parametrize("url", ["", "sqlite:///", "mysql://host/x", "coupons.db"])
def test_a_url_of_no_database_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="a database URL is"):
        connection_pools.create_database(url, 1)


# --------------------------------------------------------------------- connections


def test_a_pool_that_is_used_up_is_an_error_soon(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.support.settings import build_settings

    monkeypatch.setattr(connection_pools, "BUSY_TIMEOUT_SECONDS", 0.5)
    settings = replace(build_settings(database_url, tmp_path), database_pool=2)
    with started_core(settings):
        held, done = threading.Barrier(3), threading.Event()
        threads = [
            threading.Thread(target=_hold_connection, args=(held, done))
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        held.wait(RACE_TIMEOUT_SECONDS)
        outcome, took = timed(write)
        done.set()
        assert isinstance(outcome, Unavailable)
        assert took < SOON_SECONDS
        for thread in threads:
            thread.join(RACE_TIMEOUT_SECONDS)
        assert run_task(write) == 0


def _hold_connection(held: threading.Barrier, done: threading.Event) -> None:
    fetch_rows("SELECT 1")
    held.wait(RACE_TIMEOUT_SECONDS)
    done.wait(RACE_TIMEOUT_SECONDS)
    database.release_connection()


def test_more_threads_than_connections_take_turns(tenant: TenantFactory) -> None:
    """Only some threads hold a connection when they wait for the write lock."""

    def read_and_write() -> list[int]:
        row_counts = []
        for _ in range(10):
            fetch_rows("SELECT 1")
            row_counts.append(write(tenant.tenant_id))
        return row_counts

    def write_only() -> int:
        return write(tenant.tenant_id)

    tasks = [read_and_write, write_only] * 24
    assert run_concurrently(tasks) == [[1] * 10, 1] * 24


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_has_connections_of_its_own(
    fresh_core: Settings,
) -> None:
    shop = create_tenant()
    code = shop.issue_code(shop.define(per_code_limit=0))
    fetch_rows("SELECT 1")
    child = os.fork()
    if child == 0:
        status = 1
        try:
            for _ in range(20):
                shop.redeem(code)
            status = 0
        finally:
            os._exit(status)
    for _ in range(20):
        shop.redeem(code)
    assert os.waitpid(child, 0)[1] == 0
    assert shop.find(code).coupon.redemption_count == 40
    assert_invariants()


def test_a_writer_that_is_killed_lets_others_go_on(fresh_core: Settings) -> None:
    shop = create_tenant()
    writing = process_context.Event()
    victim = process_context.Process(
        target=_hold_uncommitted_change, args=(fresh_core, shop.tenant_id, writing)
    )
    victim.start()
    assert writing.wait(RACE_TIMEOUT_SECONDS)
    victim.kill()
    victim.join(RACE_TIMEOUT_SECONDS)
    assert run_task(partial(write, shop.tenant_id)) == 1
    assert fetch_rows("SELECT name FROM reward_item") == [("100 Bonus Points",)]


def _hold_uncommitted_change(settings: Settings, tenant_id: str, writing: Any) -> None:
    with started_core(settings), transaction():
        sql = "UPDATE reward_item SET name = 'lost' WHERE tenant_id = :t"
        execute(sql, {"t": tenant_id})
        writing.set()
        time.sleep(RACE_TIMEOUT_SECONDS)


# ------------------------------------------------------------------------ writers


def test_writers_of_three_processes_take_turns(fresh_core: Settings) -> None:
    """None writes ten times as often as another, which may have started later."""
    tenant_id = create_tenant().tenant_id
    barrier, counts = process_context.Barrier(3), process_context.Array("i", 3)
    pipes = [process_context.Pipe(duplex=False) for _ in range(3)]
    workers = [
        process_context.Process(
            target=_write_in_turns,
            args=(fresh_core, tenant_id, barrier, counts, number, pipes[number][1]),
        )
        for number in range(3)
    ]
    for worker in workers:
        worker.start()
    failures = [receiver.recv() for receiver, _ in pipes]
    for worker in workers:
        worker.join(RACE_TIMEOUT_SECONDS)
    assert failures == [[], [], []]
    assert min(counts) >= FEW_TURNS, list(counts)


FEW_TURNS, MANY_TURNS = 100, 1_000


def _write_in_turns(
    settings: Settings,
    tenant_id: str,
    barrier: Any,
    counts: Any,
    number: int,
    sender: Any,
) -> None:
    """Write until all processes have had a few turns, or one has had many."""
    outcomes: list[Any] = []

    def run() -> None:
        while min(counts) < FEW_TURNS and max(counts) < MANY_TURNS:
            outcomes.append(run_task(partial(write, tenant_id)))
            counts[number] = len(outcomes)

    with started_core(settings):
        barrier.wait(RACE_TIMEOUT_SECONDS)
        assert run_concurrently([run] * 6) == [None] * 6
    sender.send([outcome for outcome in outcomes if outcome != 1][:3])
