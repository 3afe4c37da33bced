"""Codes as CSV, page by page: any number of them in the memory of one page."""

import csv
import io
from collections.abc import Iterator
from datetime import datetime

from coupon_core import phoenix
from coupon_core.cells import escaped
from coupon_core.store import inventory as store
from coupon_core.store.coupons import CouponFilter
from coupon_core.store.database import release
from coupon_core.store.inventory import Place, Row
from coupon_core.tables import as_time

COLUMNS = (
    "code",
    "status",
    "user_id",
    "definition_id",
    "definition_name",
    "batch_id",
    "generated_at",
    "expires_at",
    "redeemed_at",
    "redemption_count",
)
TIMES = tuple(at for at, name in enumerate(COLUMNS) if name.endswith("_at"))
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
        cells[at] = phoenix.time_text(as_time(cells[at])) if cells[at] else ""
    return [escaped(str(cell)) for cell in cells]


def _text(rows: list[list[str]]) -> str:
    written = io.StringIO()
    csv.writer(written).writerows(rows)
    return written.getvalue()
