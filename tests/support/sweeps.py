"""Sweeps over every row with every column, and their short form in the suite."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

import pytest

Row = TypeVar("Row")
Column = TypeVar("Column")


def choose_pairs(
    config: pytest.Config, rows: Iterable[Row], columns: Iterable[Column], *, share: int
) -> Iterator[tuple[Row, Column]]:
    """Yield every pair with --sweeps, and otherwise one of `share` pairs.

    Each row is then paired with other columns than the row before, so that every row
    and every column is tested if there are at least `share` of both.
    """
    every = list(columns)
    is_complete = config.getoption("sweeps")
    for row_number, row in enumerate(rows):
        for column_number, column in enumerate(every):
            if is_complete or (row_number + column_number) % share == 0:
                yield row, column
