"""The content of the database: all rows of all tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coupon_core.persistence.database import execute
from coupon_core.persistence.tables import ALL_TABLES

TableRows = dict[str, list[tuple[Any, ...]]]


# A gateway process stores refusals some seconds after their answers.
STORED_LATER = {
    "attempt",
    "refusal_count",
    "report_day",
    "report_quarter",
    "signal",
    "tenant_key",
}


def read_all_rows() -> TableRows:
    """Return the sorted rows of every table that only changes with a request."""
    return {name: sorted(_read_rows(name), key=repr) for name in _list_table_names()}


def _list_table_names() -> Sequence[str]:
    names = [table._meta.table_name for table in ALL_TABLES]
    return [name for name in names if name not in STORED_LATER]


def _read_rows(table: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in execute(f"SELECT * FROM {table}", {}).fetchall()]
