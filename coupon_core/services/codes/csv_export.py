"""Export of codes as CSV, one page in memory at a time."""

import csv
import io
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime

from coupon_core.domain.csv_columns import EXPORT_COLUMNS, TIMESTAMP_COLUMN_INDEXES
from coupon_core.domain.csv_escaping import escape_formula
from coupon_core.domain.models.filters import CouponFilter, PageCursor
from coupon_core.domain.models.inventory import CouponWithBatch
from coupon_core.domain.timestamps import format_timestamp
from coupon_core.persistence.database import release_connection, transaction
from coupon_core.persistence.repositories import inventory as inventory_repository
from coupon_core.persistence.repositories.inventory import ExportRow
from coupon_core.persistence.tables import to_datetime
from coupon_core.services import audit

PAGE_SIZE = 1_000


def export_pages(
    tenant_id: str, coupon_filter: CouponFilter, now: datetime
) -> Iterator[str]:
    """Yield a CSV header, then pages of the matching coupons, newest first.

    No database connection is held between pages, so that a slow reader does not block
    other requests. The export is audited before the first page.
    """
    _record_export(tenant_id, coupon_filter)
    yield _to_csv([list(EXPORT_COLUMNS)])
    cursor = PageCursor(PAGE_SIZE)
    while True:
        rows, last_id = inventory_repository.export_page(
            tenant_id, coupon_filter, cursor, now
        )
        release_connection()
        if rows:
            yield _to_csv([_format_row(row) for row in rows])
        if last_id is None:
            return
        cursor = PageCursor(PAGE_SIZE, last_id)


def list_printable(
    tenant_id: str, coupon_filter: CouponFilter, cursor: PageCursor, now: datetime
) -> tuple[list[CouponWithBatch], str | None]:
    """Return a page of coupons as `inventory.list_codes` does, audited as an export."""
    _record_export(tenant_id, coupon_filter)
    return inventory_repository.get_page(tenant_id, coupon_filter, cursor, now)


def _record_export(tenant_id: str, coupon_filter: CouponFilter) -> None:
    """Record who exports, and by which filters; their values may be player data."""
    filters = {name for name, value in asdict(coupon_filter).items() if value}
    with transaction():
        audit.record(
            tenant_id,
            "codes.exported",
            object_id=coupon_filter.definition_id or "",
            filters=filters,
        )


def _format_row(row: ExportRow) -> list[str]:
    cells = ["" if value is None else value for value in row[1:]]
    for index in TIMESTAMP_COLUMN_INDEXES:
        cells[index] = (
            format_timestamp(to_datetime(cells[index])) if cells[index] else ""
        )
    return [escape_formula(str(cell)) for cell in cells]


def _to_csv(rows: list[list[str]]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()
