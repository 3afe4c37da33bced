"""What is stored: all rows of all tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coupon_core.persistence.database import execute
from coupon_core.persistence.tables import ALL

Rows = dict[str, list[tuple[Any, ...]]]


def all_rows() -> Rows:
    """Every row of every table, sorted."""
    return {name: sorted(_rows(name), key=repr) for name in _names()}


def _names() -> Sequence[str]:
    return [table._meta.table_name for table in ALL]


def _rows(table: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in execute(f"SELECT * FROM {table}", {}).fetchall()]
