"""The inventory of codes of a tenant: pages, exports and single coupons."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from datetime import datetime
from typing import Any

from coupon_core.domain.metadata import Metadata
from coupon_core.domain.models import Redemption
from coupon_core.domain.models.filters import CouponFilter, PageCursor
from coupon_core.domain.models.inventory import CouponEvent, CouponWithBatch
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import execute, is_postgresql
from coupon_core.persistence.repositories.coupon_filters import (
    FROM_COUPONS,
    STATUS_EXPRESSION,
    build_where_clause,
    to_filter_parameters,
)
from coupon_core.persistence.row_mapping import SELECT_ISSUED_COUPONS, to_issued_coupon
from coupon_core.persistence.tables import (
    CouponEventTable,
    CouponTable,
    RedemptionTable,
    parse_json,
)

# The status is not indexed, because every redemption would have to update the index.
# Therefore a page ends after this many examined coupons, whether they match or not.
FIRST_SCANNED_COUPONS, MAX_SCANNED_COUPONS = 1_000, 20_000
MAX_INSERTED_ROWS = 1_000

SELECT_STOCKED_COUPONS = SELECT_ISSUED_COUPONS.replace(
    "SELECT", "SELECT c.coupon_id, c.batch_id, c.metadata,", 1
)
SELECT_EXPORT_ROWS = f"""
    SELECT c.coupon_id, c.code, {STATUS_EXPRESSION}, c.user_id, c.definition_id, d.name,
    c.batch_id, c.generated_at, COALESCE(c.expires_at, d.expires_at), c.redeemed_at,
    c.redemption_count,
    CASE WHEN c.expires_at IS NULL THEN 'definition' ELSE 'coupon' END
    {FROM_COUPONS}
"""
ExportRow = Sequence[Any]


def get_page(
    tenant_id: str, filters: CouponFilter, cursor: PageCursor, now: datetime
) -> tuple[list[CouponWithBatch], str | None]:
    """Return a page of coupons, newest first, and the id after which to continue.

    The id is None at the end. Before the end a page may have fewer coupons than
    requested, or none.
    """
    rows, next_id = _fetch_page(
        SELECT_STOCKED_COUPONS, tenant_id, filters=filters, cursor=cursor, now=now
    )
    return [_to_coupon_with_batch(row) for row in rows], next_id


def _to_coupon_with_batch(row: Sequence[Any]) -> CouponWithBatch:
    return CouponWithBatch(
        to_issued_coupon(row[3:]), batch_id=row[1], metadata=parse_json(row[2] or "{}")
    )


def export_page(
    tenant_id: str, filters: CouponFilter, cursor: PageCursor, now: datetime
) -> tuple[list[ExportRow], str | None]:
    """Return the same page as rows of an export; the first column is the id."""
    return _fetch_page(
        SELECT_EXPORT_ROWS, tenant_id, filters=filters, cursor=cursor, now=now
    )


def _fetch_page(
    select: str,
    tenant_id: str,
    filters: CouponFilter,
    cursor: PageCursor,
    now: datetime,
) -> tuple[list[ExportRow], str | None]:
    parameters = to_filter_parameters(tenant_id, filters, now=now)
    parameters |= {"after_id": cursor.after_id, "limit": cursor.limit + 1}
    # Most filters match most coupons: PostgreSQL joins all that may be examined.
    few = cursor.limit + FIRST_SCANNED_COUPONS
    for scan_limit in (few, MAX_SCANNED_COUPONS):
        sql = build_page_sql(select, filters, cursor=cursor, scan_limit=scan_limit)
        rows = execute(sql, parameters).fetchall()
        if len(rows) > cursor.limit:
            return rows[: cursor.limit], rows[cursor.limit - 1][0]
        if not _has_unindexed_filters(filters):
            break
    if not _has_unindexed_filters(filters):
        return rows, None
    return rows, _find_scan_end(filters, cursor, parameters=parameters)


def build_page_sql(
    select: str,
    filters: CouponFilter,
    cursor: PageCursor,
    scan_limit: int = MAX_SCANNED_COUPONS,
) -> str:
    """Return the statement for a page, which follows one of the indexes.

    The coupons are selected before the join. Otherwise PostgreSQL may expect an almost
    empty result, and read and sort all coupons.
    """
    scanned = scan_limit if _has_unindexed_filters(filters) else ":limit"
    coupons = f"""(SELECT * FROM coupon c {_build_index_clause(filters, cursor)}
        ORDER BY {_get_key(filters)} DESC LIMIT {scanned}) c"""
    unindexed_filters = CouponFilter(code=filters.code, status=filters.status)
    return f"""{select.replace("FROM coupon c", f"FROM {coupons}", 1)}
        {build_where_clause(unindexed_filters)}
        ORDER BY c.coupon_id DESC LIMIT :limit"""


def _get_key(filters: CouponFilter) -> str:
    """Return the column by which coupons are read.

    Without statistics, SQLite would look for the few coupons of a code among all
    coupons, because those are in order. The sign hides the order.
    """
    hides_order = filters.code is not None and not is_postgresql()
    return "+c.coupon_id" if hides_order else "c.coupon_id"


def _has_unindexed_filters(filters: CouponFilter) -> bool:
    """Return True if a filter excludes coupons that the index leads to."""
    return filters.status is not None or filters.code is not None


def _build_index_clause(filters: CouponFilter, cursor: PageCursor) -> str:
    """Return the WHERE clause that an index covers."""
    key_condition = " AND c.code_key = :code_key" if filters.code is not None else ""
    is_later = f" AND {_get_key(filters)} < :after_id" if cursor.after_id else ""
    indexed_filters = replace(filters, status=None, code=None)
    return build_where_clause(indexed_filters) + key_condition + is_later


def _find_scan_end(
    filters: CouponFilter, cursor: PageCursor, parameters: Mapping[str, Any]
) -> str | None:
    """Return the id of the last coupon examined; None if no coupons remain."""
    sql = f"""SELECT c.coupon_id FROM coupon c {_build_index_clause(filters, cursor)}
        ORDER BY {_get_key(filters)} DESC LIMIT 2 OFFSET {MAX_SCANNED_COUPONS - 1}"""
    rows = execute(sql, parameters).fetchall()
    return rows[0][0] if len(rows) > 1 else None


def get(tenant_id: str, coupon_id: str) -> CouponWithBatch | None:
    """Return a coupon with its batch, or None."""
    sql = f"""{SELECT_STOCKED_COUPONS}
        WHERE c.tenant_id = :tenant_id AND c.coupon_id = :coupon_id"""
    row = execute(sql, {"tenant_id": tenant_id, "coupon_id": coupon_id}).fetchone()
    return _to_coupon_with_batch(row) if row else None


# The conditions were checked under the lock of the coupon. They are repeated so that
# the write itself is guarded.
ASSIGN = """
    UPDATE coupon SET user_id = :user_id,
        expires_at = COALESCE(expires_at, :expires_at)
    WHERE tenant_id = :tenant_id AND coupon_id = :coupon_id AND user_id = ''
    AND revoked_at IS NULL AND returned_at IS NULL
"""


def assign(
    tenant_id: str, coupon_id: str, user_id: str, expires_at: datetime | None = None
) -> bool:
    """Assign an unassigned coupon to a user; return False if it is not unassigned.

    `expires_at` applies unless the coupon has its own expiry.
    """
    parameters = {
        "tenant_id": tenant_id,
        "coupon_id": coupon_id,
        "user_id": user_id,
        "expires_at": format_timestamp_milliseconds(expires_at),
    }
    return bool(execute(ASSIGN, parameters).rowcount == 1)


def set_metadata(tenant_id: str, coupon_ids: Sequence[str], metadata: Metadata) -> int:
    """Set the metadata of coupons; return the number of coupons that exist."""
    query = CouponTable.update(metadata=metadata or None).where(
        CouponTable.tenant_id == tenant_id, CouponTable.coupon_id.in_(coupon_ids)
    )
    return int(query.execute())


def insert_events(events: Sequence[CouponEvent]) -> None:
    """Insert events of coupons."""
    rows = [asdict(event) for event in events]
    for start in range(0, len(rows), MAX_INSERTED_ROWS):
        CouponEventTable.insert_many(rows[start : start + MAX_INSERTED_ROWS]).execute()


def list_events(tenant_id: str, coupon_id: str) -> list[CouponEvent]:
    """Return the events of a coupon, oldest first."""
    query = CouponEventTable.select().where(
        CouponEventTable.tenant_id == tenant_id, CouponEventTable.coupon_id == coupon_id
    )
    rows = query.order_by(CouponEventTable.event_id).tuples()
    return [CouponEvent(*row) for row in rows]


def list_redemptions(
    tenant_id: str, coupon_id: str, limit: int | None = None
) -> list[tuple[Redemption, datetime | None, str | None]]:
    """Return the redemptions of a coupon in order, or only the last `limit` of them.

    Each has the time at which its use was given back, and the reason of a reversal.
    """
    names = [field.name for field in fields(Redemption)]
    columns = [
        getattr(RedemptionTable, name)
        for name in (*names, "refunded_at", "reversal_reason")
    ]
    query = RedemptionTable.select(*columns).where(
        RedemptionTable.tenant_id == tenant_id, RedemptionTable.coupon_id == coupon_id
    )
    rows = query.order_by(RedemptionTable.use_number.desc()).limit(limit).tuples()
    return [(Redemption(*row[:-2]), *row[-2:]) for row in rows][::-1]
