"""The query gateway behind a PgBouncer that pools transactions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from coupon_core.persistence import database
from coupon_core.settings.loader import Settings
from tests.conftest import get_reusable_databases
from tests.factories.tenant import create_tenant
from tests.query_gateway.caller import Caller, CallStyle
from tests.query_gateway.conftest import create_checked_app
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


def test_old_releases_need_the_setting(
    pgbouncer: PgBouncer, settings: Settings
) -> None:
    if pgbouncer.version >= FIRST_VERSION_WITH_PREPARED_STATEMENTS:
        pytest.skip("this PgBouncer follows prepared statements")
    app = create_checked_app(replace(settings, prepared_statements="1"))
    assert redeem_concurrently(app, 200).keys() - {200, 400}
