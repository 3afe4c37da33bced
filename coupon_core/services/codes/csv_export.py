"""Codes as CSV, page by page: any number of them in the memory of one page."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime

from coupon_core.domain import serialization
from coupon_core.domain.csv_columns import COLUMNS, TIMES
from coupon_core.domain.csv_escaping import escaped
from coupon_core.domain.models.filters import CouponFilter, Place
from coupon_core.persistence.database import release
from coupon_core.persistence.repositories import inventory as store
from coupon_core.persistence.repositories.inventory import Row
from coupon_core.persistence.tables import as_time

PAGE = 1_000


def pages(tenant_id: str, which: CouponFilter, now: datetime) -> Iterator[str]:
    """The chosen coupons as CSV, newest first, the head of the table before them.

    Between pages no connection is held, so that a slow reader keeps none from others.
    """
    yield _text([list(COLUMNS)])
    place = Place(PAGE)
    while True:
        rows, last = store.export(tenant_id, which, place, now)
        release()
        if rows:
            yield _text([_cells(row) for row in rows])
        if last is None:
            return
        place = Place(PAGE, last)


def _cells(row: Row) -> list[str]:
    cells = ["" if value is None else value for value in row[1:]]
    for at in TIMES:
        cells[at] = serialization.time_text(as_time(cells[at])) if cells[at] else ""
    return [escaped(str(cell)) for cell in cells]


def _text(rows: list[list[str]]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue()
