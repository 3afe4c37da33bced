"""Prepared statements, after everything that may end them or make them fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from peewee import PeeweeException

from coupon_core.persistence import database
from coupon_core.persistence.database import execute, execute_prepared
from tests.support.concurrency import run_concurrently, started_core
from tests.support.servers import Postgres
from tests.support.settings import build_settings

ECHO = "SELECT CAST(:value AS text)"
LIST_PREPARED = "SELECT name, statement FROM pg_prepared_statements ORDER BY name"


@pytest.fixture(autouse=True)
def _core(postgres: Postgres, tmp_path: Path) -> Iterator[None]:
    with started_core(build_settings(postgres.url(), tmp_path)):
        yield
        database.release_connection()


def echo(value: Any = "a") -> Any:
    [(answer,)] = execute_prepared(ECHO, {"value": value}).fetchall()
    return answer


@pytest.mark.parametrize("ending", ["DISCARD ALL", "DEALLOCATE ALL"])
def test_a_statement_that_the_session_has_lost_is_prepared_again(ending: str) -> None:
    for value in ("a", "b"):
        assert echo(value) == value
        execute(ending, {})


@pytest.mark.parametrize(
    "fail",
    [
        lambda: echo("a\0b"),
        lambda: echo({"no": "text"}),
        lambda: execute_prepared("SELEC :value", {"value": 1}),
        lambda: execute_prepared("SELECT 1 / CAST(:value AS integer)", {"value": 0}),
    ],
    ids=["NUL", "type", "syntax", "division"],
)
def test_a_failed_execution_leaves_the_connection_usable(
    fail: Callable[[], Any],
) -> None:
    for _ in range(2):
        with pytest.raises(PeeweeException):
            fail()
        assert echo() == "a"


def test_sizes_and_types_of_parameters() -> None:
    for value, expected in [("ü" * 1_000_000,) * 2, (None, None), (7, "7")]:
        assert echo(value) == expected


def test_equal_names_mean_equal_statements() -> None:
    statements = [ECHO, "SELECT 1", "SELECT 2"]

    def prepare(shift: int) -> list[tuple[str, str]]:
        for sql in statements[shift:] + statements[:shift]:
            execute_prepared(sql, {"value": "a"})
        rows = execute(LIST_PREPARED, {}).fetchall()
        database.database_proxy.manual_close()
        return list(rows)

    lists = run_concurrently([lambda shift=shift: prepare(shift) for shift in range(3)])
    assert lists[0] == lists[1] == lists[2]
    assert len(lists[0]) == len(statements)
