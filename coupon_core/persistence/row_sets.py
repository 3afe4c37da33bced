"""Statements on a set of rows that the database receives as one parameter."""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from coupon_core.json_encoding import encode_json
from coupon_core.persistence.database import execute, is_postgresql


def execute_for_rows(
    sql: str,
    columns: str,
    rows: Iterable[Mapping[str, Any]],
    parameters: Mapping[str, Any],
) -> Any:
    """Run a statement in which `{rows}` is the table `r` of rows sent as one parameter.

    `columns` are the columns of `r` with their PostgreSQL types, as in "code text".
    In an INSERT with ON CONFLICT the SELECT needs a WHERE clause: SQLite would parse
    ON CONFLICT as the condition of a join.
    """
    return execute(*build_for_rows(sql, columns, rows, parameters))


def build_for_rows(
    sql: str,
    columns: str,
    rows: Iterable[Mapping[str, Any]],
    parameters: Mapping[str, Any],
) -> tuple[str, dict[str, Any]]:
    """Return a statement of `execute_for_rows` as text, and its parameters."""
    text = _with_rows_source(sql, columns, is_postgresql())
    return text, {**parameters, "rows": encode_json(list(rows)).decode()}


@cache
def _with_rows_source(sql: str, columns: str, on_postgresql: bool) -> str:
    if on_postgresql:
        source = f"json_to_recordset(CAST(:rows AS json)) AS r({columns})"
    else:
        names = [column.split()[0] for column in columns.split(",")]
        values = ", ".join(
            f"json_extract(value, '$.{name}') AS {name}" for name in names
        )
        source = f"(SELECT {values} FROM json_each(:rows)) AS r"
    return sql.replace("{rows}", source)
