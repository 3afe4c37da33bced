"""Test statements on a set of rows that is sent as one parameter."""

from __future__ import annotations

from coupon_core.persistence.row_sets import execute_for_rows
from tests.factories.tenant import TenantFactory

ROWS = [
    {"name": "plain", "size": 1},
    {"name": "", "size": 0},
    {"name": None, "size": None},
    {"name": "quotes \" ' \\ :name %s {rows}", "size": -(2**31)},
    {"name": "é 😀 \u2028\n\t", "size": 2**31 - 1},
    {"name": '{"json": "\\\\u0000"}', "size": 2},
]


def select_rows(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    sql = "SELECT :greeting, r.name, r.size FROM {rows}"
    parameters = {"greeting": "hello"}
    cursor = execute_for_rows(sql, "name text, size integer", rows, parameters)
    return [{"name": name, "size": size} for _, name, size in cursor.fetchall()]


def test_rows_arrive_as_they_are(tenant: TenantFactory) -> None:
    assert select_rows(ROWS) == ROWS


def test_no_rows_are_an_empty_table(tenant: TenantFactory) -> None:
    assert select_rows([]) == []
