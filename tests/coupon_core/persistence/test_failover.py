"""Test database URLs with several hosts, and servers that no longer accept writes."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread

import pytest
from psycopg.conninfo import conninfo_to_dict

from coupon_core.persistence import database
from coupon_core.persistence.connection_pools import create_database
from coupon_core.persistence.database import execute, transaction
from coupon_core.persistence.database_url import HostOrder
from tests.support.concurrency import Unavailable, run_task, started_core
from tests.support.servers import Postgres
from tests.support.settings import build_settings

WRITE = "COMMENT ON DATABASE postgres IS NULL"  # changes nothing


@contextmanager
def refusing_server() -> Iterator[tuple[int, list[int]]]:
    """Yield a port that closes each connection at once, and a list with one per try."""
    attempts: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def refuse() -> None:
            try:
                while True:
                    server.accept()[0].close()
                    attempts.append(port)
            except OSError:
                return

        thread = Thread(target=refuse, daemon=True)
        thread.start()
        yield port, attempts
        server.shutdown(socket.SHUT_RDWR)
        thread.join(60)


@pytest.fixture
def url_with_dead_host(postgres: Postgres) -> Iterator[tuple[str, list[int]]]:
    with refusing_server() as (port, attempts):
        hosts = f"127.0.0.1:{port},127.0.0.1:{postgres.port}"
        query = "?target_session_attrs=read-write"
        yield f"postgresql://postgres@{hosts}/postgres{query}", attempts


def test_a_dead_host_is_tried_once_and_not_for_each_connection(
    url_with_dead_host: tuple[str, list[int]], tmp_path: Path
) -> None:
    url, attempts = url_with_dead_host
    with started_core(build_settings(url, tmp_path)):
        for _ in range(3):
            execute(WRITE, {})
            database.database_proxy.manual_close()
    assert len(attempts) == 1


@pytest.mark.parametrize(
    ("url", "last", "host", "port"),
    [
        ("postgresql://a:1,b:2,c:3/n", ("b", "2"), "b,c,a", "2,3,1"),
        ("postgresql://a,b:2/n", ("b", "2"), "b,a", "2,"),
        ("postgresql://a,b/n?port=7", ("b", "7"), "b,a", "7,7"),
        ("postgresql://a:1,b:2/n", ("other", "2"), "a,b", "1,2"),
        ("postgresql://a:1,b:2/n?hostaddr=::1,::2", ("b", "2"), "a,b", "1,2"),
        ("postgresql://a:1/n", ("a", "1"), "a", "1"),
    ],
)
def test_the_host_of_the_last_connection_comes_first(
    url: str, last: tuple[str, str], host: str, port: str
) -> None:
    order = HostOrder()
    order.remember(*last)
    parameters = conninfo_to_dict(order.apply(url))
    assert (parameters["host"], parameters["port"]) == (host, port)
    assert parameters["dbname"] == "n"


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("postgresql://a,b/n", "read-write"),
        ("postgresql://a,b?connect_timeout=1", "read-write"),
        ("postgresql://a,b/n?target_session_attrs=any", "any"),
        ("postgresql://a/n", None),
        ("postgresql:///n?host=/run,/tmp", "read-write"),
    ],
)
def test_of_several_hosts_the_one_that_accepts_writes_is_used(
    url: str, target: str | None
) -> None:
    pool = create_database(url, 1)
    assert conninfo_to_dict(pool.database).get("target_session_attrs") == target


def test_a_server_that_became_read_only_is_left(
    postgres: Postgres, tmp_path: Path
) -> None:
    with started_core(build_settings(postgres.url(), tmp_path)):
        for _ in range(2):  # a failover may be repeated
            execute("SET default_transaction_read_only = on", {})
            outcome = run_task(lambda: execute(WRITE, {}))
            assert isinstance(outcome, Unavailable)
            execute(WRITE, {})
            with transaction():
                execute(WRITE, {})


def test_statements_are_not_prepared_behind_an_old_pgbouncer(
    postgres: Postgres, tmp_path: Path
) -> None:
    for setting, expected in (("0", 0), ("1", 1)):
        settings = build_settings(postgres.url(), tmp_path)
        with started_core(replace(settings, prepared_statements=setting)):
            for _ in range(10):
                execute("SELECT 1", {})
            sql = "SELECT count(*) FROM pg_prepared_statements"
            assert execute(sql, {}).fetchone() == (expected,)
