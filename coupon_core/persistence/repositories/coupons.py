"""Coupons: finding, listing, adding and revoking them."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any

from coupon_core.domain.codes import code_scope, to_lookup_key
from coupon_core.domain.models import (
    UNASSIGNED,
    CodeFormat,
    Coupon,
    Definition,
    IssuedCoupon,
    Page,
)
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import execute, execute_many, is_postgresql
from coupon_core.persistence.id_generation import get_min_id_at
from coupon_core.persistence.row_mapping import (
    CODE_MATCHES,
    REVOKED_AT_EXPRESSION,
    SELECT_ISSUED_COUPONS,
    to_coupon,
    to_issued_coupon,
)
from coupon_core.persistence.tables import CouponTable

# The same facts as rules.coupon_status, for filters and counts over many rows.
STATUS_EXPRESSION = f"""
    CASE WHEN {REVOKED_AT_EXPRESSION} IS NOT NULL OR c.returned_at IS NOT NULL THEN 'revoked'
    WHEN d.per_code_limit > 0 AND c.redemption_count >= d.per_code_limit
    THEN 'redeemed'
    WHEN COALESCE(c.expires_at, d.expires_at) < :now THEN 'expired'
    ELSE 'active' END
"""
FROM_COUPONS = """
    FROM coupon c
    JOIN definition d ON d.tenant_id = c.tenant_id AND d.definition_id = c.definition_id
"""


FILTER_CONDITIONS = {
    "definition_id": "c.definition_id = :definition_id",
    # Says again what the partial index says, so that it is used.
    "user_id": "c.user_id = :user_id AND c.user_id <> ''",
    "coupon_id": "c.coupon_id = :coupon_id",
    "code": f"c.code_key = :code_key AND {CODE_MATCHES}",
    "status": f"{STATUS_EXPRESSION} = :status",
    "redeemed": "c.redemption_count > 0",
    "kept": "c.returned_at IS NULL",
    "batch_id": "c.batch_id = :batch_id",
    # The ids are in the order of time and have an index; the times have none. Between
    # an id and its time may lie a long import, or clocks that differ.
    "generated_from": "c.generated_at >= :generated_from AND c.coupon_id >= :from_id",
    "generated_before": "c.generated_at < :generated_before "
    "AND c.coupon_id < :before_id",
}
ID_TOLERANCE = timedelta(days=1)
MIN_TIMESTAMP = datetime(1970, 1, 2, tzinfo=UTC)
MAX_TIMESTAMP = datetime(9999, 12, 30, tzinfo=UTC)


def list_coupons(
    tenant_id: str, filters: CouponFilter, page: Page, now: datetime
) -> tuple[list[IssuedCoupon], int]:
    """The chosen coupons, newest first (of redeemed ones: last used first).

    The number is that of all matches.
    """
    where_clause = build_where_clause(filters)
    order = (
        "c.redeemed_at DESC, c.coupon_id DESC"
        if filters.redeemed
        else "c.coupon_id DESC"
    )
    parameters = to_filter_parameters(tenant_id, filters, now)
    slice_ = {"limit": page.limit, "offset": page.offset}
    sql = f"{SELECT_ISSUED_COUPONS} {where_clause} ORDER BY {order} LIMIT :limit OFFSET :offset"
    rows = execute(sql, parameters | slice_).fetchall()
    if page.offset == 0 and len(rows) < page.limit:
        return [to_issued_coupon(row) for row in rows], len(rows)
    total = execute(f"SELECT count(*) {FROM_COUPONS} {where_clause}", parameters)
    return [to_issued_coupon(row) for row in rows], total.fetchone()[0]


def get(tenant_id: str, filters: CouponFilter, now: datetime) -> IssuedCoupon | None:
    """The one coupon that fits, if any."""
    return next(iter(find_up_to_two(tenant_id, filters, now)), None)


def find_up_to_two(
    tenant_id: str, filters: CouponFilter, now: datetime, lock: bool = False
) -> list[IssuedCoupon]:
    """Up to two coupons that fit; held until the transaction ends if locked."""
    lock_clause = " FOR UPDATE OF c" if lock and is_postgresql() else ""
    sql = f"{SELECT_ISSUED_COUPONS} {build_where_clause(filters)} LIMIT 2{lock_clause}"
    rows = execute(sql, to_filter_parameters(tenant_id, filters, now)).fetchall()
    return [to_issued_coupon(row) for row in rows]


def build_where_clause(filters: CouponFilter) -> str:
    """The SQL that chooses so, over `c` and `d`; `to_filter_parameters` has its values."""
    # Nobody's id is "", and yet it chooses.
    conditions = [
        sql
        for name, sql in FILTER_CONDITIONS.items()
        if getattr(filters, name) not in (None, False)
    ]
    return "WHERE " + " AND ".join(["c.tenant_id = :tenant_id", *conditions])


def to_filter_parameters(
    tenant_id: str, filters: CouponFilter, now: datetime
) -> dict[str, Any]:
    """The values for `build_where_clause`."""
    since, before = filters.generated_from, filters.generated_before
    return {
        "tenant_id": tenant_id,
        "definition_id": filters.definition_id,
        "user_id": filters.user_id,
        "coupon_id": filters.coupon_id,
        "code": filters.code,
        "code_key": to_lookup_key(filters.code or ""),
        "status": filters.status,
        "now": format_timestamp_milliseconds(now),
        "batch_id": filters.batch_id,
        "generated_from": format_timestamp_milliseconds(since),
        "generated_before": format_timestamp_milliseconds(before),
        "from_id": _get_min_id(since, -ID_TOLERANCE),
        "before_id": _get_min_id(before, ID_TOLERANCE),
    }


def _get_min_id(timestamp: datetime | None, tolerance: timedelta) -> str | None:
    """The least id of that moment, which is also in range near 1970 and 9999."""
    if timestamp is None:
        return None
    clamped = min(max(timestamp, MIN_TIMESTAMP), MAX_TIMESTAMP)
    return get_min_id_at(clamped + tolerance)


INSERT = """
    INSERT INTO coupon (tenant_id, coupon_id, definition_id, user_id, code,
        generated_at, expires_at, redemption_count, code_key, code_scope, copy_number)
    VALUES (:tenant_id, :coupon_id, :definition_id, :user_id, :code,
        :generated_at, :expires_at, 0, :code_key, :code_scope, :copy_number)
    ON CONFLICT (tenant_id, code_key, code_scope, copy_number) DO NOTHING
"""


def insert_new(coupons: Sequence[Coupon], definition: Definition) -> list[Coupon]:
    """Add coupons, leaving out those whose code is taken; gives the added ones."""
    # All in one order: two that insert the same codes would wait for each other.
    rows = sorted(
        (to_coupon_row(coupon, definition) for coupon in coupons),
        key=itemgetter("code_key", "code_scope"),
    )
    count = execute_many(INSERT, rows)
    if count == len(coupons):
        return list(coupons)
    here = _find_existing_ids(
        definition.tenant_id, [coupon.coupon_id for coupon in coupons]
    )
    return [coupon for coupon in coupons if coupon.coupon_id in here]


def to_coupon_row(coupon: Coupon, definition: Definition) -> dict[str, Any]:
    """The parameters that a new coupon is inserted with."""
    return {
        "tenant_id": coupon.tenant_id,
        "coupon_id": coupon.coupon_id,
        "definition_id": coupon.definition_id,
        "user_id": coupon.user_id,
        "code": coupon.code,
        "generated_at": format_timestamp_milliseconds(coupon.generated_at),
        "expires_at": format_timestamp_milliseconds(coupon.expires_at),
        "code_key": to_lookup_key(coupon.code),
        "code_scope": _get_code_scope(coupon, definition),
        "copy_number": coupon.copy_number,
    }


# A code of these formats is one coupon's own.
UNSHARED_CODE_FORMATS = frozenset({CodeFormat.RANDOM, CodeFormat.LISTED})


def _get_code_scope(coupon: Coupon, definition: Definition) -> str:
    if definition.code_format in UNSHARED_CODE_FORMATS:
        return ""
    return code_scope(coupon.code, definition.case_sensitive, coupon.user_id)


def _find_existing_ids(tenant_id: str, coupon_ids: Sequence[str]) -> set[str]:
    here = (CouponTable.tenant_id == tenant_id) & CouponTable.coupon_id.in_(coupon_ids)
    return {
        coupon_id
        for (coupon_id,) in CouponTable.select(CouponTable.coupon_id)
        .where(here)
        .tuples()
    }


def find_by_users(definition: Definition, user_ids: Sequence[str]) -> list[Coupon]:
    """The coupons that these users hold of a definition with a shared code."""
    columns = [getattr(CouponTable, field.name) for field in fields(Coupon)]
    of_tenant = CouponTable.tenant_id == definition.tenant_id
    of_definition = CouponTable.definition_id == definition.definition_id
    of_users = CouponTable.user_id.in_(user_ids) & (CouponTable.user_id != UNASSIGNED)
    rows = (
        CouponTable.select(*columns).where(of_tenant, of_definition, of_users).tuples()
    )
    return [to_coupon(row) for row in rows]


def lock_coupons_exclusively() -> None:
    """Until the transaction ends no coupon at all is made, used or revoked.

    For the rare change of a definition that must know how its coupons were used; it
    waits for the uses under way. Comes before any row is locked.
    """
    _lock_table("SHARE")


def announce_coupon_write() -> None:
    """This transaction will make or use coupons, while nobody holds them still.

    Comes before any row is locked: who holds them still may be waiting for that row.
    """
    _lock_table("ROW EXCLUSIVE")


def _lock_table(mode: str) -> None:
    # On SQLite the transaction itself is the lock.
    if is_postgresql():
        execute(f"LOCK TABLE coupon IN {mode} MODE", {})


def revoke(tenant_id: str, coupon_id: str, now: datetime) -> None:
    """Revoke a coupon; the first time stands."""
    this = (CouponTable.tenant_id == tenant_id) & (CouponTable.coupon_id == coupon_id)
    CouponTable.update(revoked_at=now).where(
        this, CouponTable.revoked_at.is_null()
    ).execute()
