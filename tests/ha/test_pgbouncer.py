"""The query gateway behind a PgBouncer that pools transactions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog.testing
from flask import Flask

from coupon_core.persistence import database, diagnostics, schema
from coupon_core.settings.loader import Settings
from tests.conftest import get_reusable_databases
from tests.factories.tenant import create_tenant
from tests.query_gateway.caller import Caller, CallStyle
from tests.query_gateway.conftest import create_checked_app
from tests.support.cli_runner import CouponctlRunner
from tests.support.invariants import assert_invariants, fetch_rows
from tests.support.servers import Postgres
from tests.support.servers.pgbouncer import PgBouncer, pgbouncer_server
from tests.support.settings import build_settings

pytestmark = pytest.mark.slow
FIRST_VERSION_WITH_PREPARED_STATEMENTS = (1, 22)


@pytest.fixture(scope="module")
def pgbouncer(postgres: Postgres) -> Iterator[PgBouncer]:
    with pgbouncer_server(postgres) as running:
        yield running


@pytest.fixture
def settings(
    postgres: Postgres, pgbouncer: PgBouncer, tmp_path: Path
) -> Iterator[Settings]:
    with get_reusable_databases(postgres, "bouncer").temporary_database() as url:
        direct = build_settings(url, tmp_path)
        name = url.rpartition("/")[2]
        yield replace(direct, database_url=pgbouncer.url(name), prepared_statements="0")
        database.close_database()


def redeem_concurrently(app: Flask, requests: int) -> Counter[int]:
    """Redeem a code with ten uses from many threads; return the answers."""
    tenant = create_tenant(now=None)
    tenant.define_claimable("TEN", total_limit=10)

    def redeem(number: int) -> int:
        caller = Caller(app.test_client(), tenant, CallStyle("A", "server-token"))
        return caller.redeem("TEN", user_id=f"user-{number}").status_code

    with ThreadPoolExecutor(16) as threads:
        return Counter(threads.map(redeem, range(requests)))


def test_limits_are_exact_and_sessions_have_deadlines(settings: Settings) -> None:
    app = create_checked_app(settings)
    assert redeem_concurrently(app, 200) == {200: 10, 400: 190}
    assert_invariants()
    assert fetch_rows("SHOW statement_timeout") == [("4s",)]
    assert fetch_rows("SHOW timezone") == [("UTC",)]


def test_old_releases_are_noticed(pgbouncer: PgBouncer, settings: Settings) -> None:
    if pgbouncer.version >= FIRST_VERSION_WITH_PREPARED_STATEMENTS:
        pytest.skip("this PgBouncer follows prepared statements")
    app = create_checked_app(replace(settings, prepared_statements="1"))
    with structlog.testing.capture_logs() as logs:
        assert redeem_concurrently(app, 200) == {200: 10, 400: 190}
    assert_invariants()
    assert "statements_not_prepared" in [entry["event"] for entry in logs]


@pytest.mark.parametrize("run", [database.execute, database.execute_prepared])
def test_no_client_gets_the_result_of_another_statement(
    settings: Settings, run: Callable[..., Any]
) -> None:
    database.open_database(settings.database_url)
    statements = [f"SELECT '{name}' || CAST(:of AS text)" for name in "ABC"]

    def ask(number: int) -> str:
        # Each client prepares the statements in another order.
        sql = statements[number * number % 7 % 3]
        try:
            [(answer,)] = run(sql, {"of": str(number)}).fetchall()
        finally:
            database.release_connection()
        return str(answer)

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(ask, range(1_000)))
    assert answers == [f"{'ABC'[n * n % 7 % 3]}{n}" for n in range(1_000)]


def test_the_schema_is_not_changed_through_a_pooler(settings: Settings) -> None:
    # The session and its lock would stay, and other processes would get the session.
    database.open_database(settings.database_url)
    with pytest.raises(schema.DirectConnectionRequired):
        schema.upgrade()
    database.release_connection()
    assert fetch_rows("SHOW statement_timeout") == [("4s",)]
    cli = CouponctlRunner(
        {
            "COUPON_DATABASE_URL": settings.database_url,
            "COUPON_DATA_DIR": str(settings.data_dir),
        }
    )
    assert "leads to a pooler" in cli.expect_refusal("db", "upgrade")


def test_the_doctor_notices_sessions_without_deadlines(settings: Settings) -> None:
    database.open_database(settings.database_url)
    assert diagnostics.list_missing_session_settings() == []
    with database.transaction():
        database.execute("SET LOCAL statement_timeout = 0", {})
        assert diagnostics.list_missing_session_settings() == [
            "SET statement_timeout = 4000"
        ]
