"""Coupons: queries, inserts, locks and revocation."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
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
from coupon_core.persistence.database import (
    execute,
    execute_for_values,
    is_postgresql,
)
from coupon_core.persistence.repositories.code_scopes import select_by_scope
from coupon_core.persistence.repositories.coupon_filters import (
    FROM_COUPONS,
    build_where_clause,
    to_filter_parameters,
)
from coupon_core.persistence.repositories.definition_notices import mark_stocked
from coupon_core.persistence.row_locks import coupon_lock_clause
from coupon_core.persistence.row_mapping import (
    SELECT_ISSUED_COUPONS,
    to_coupon,
    to_issued_coupon,
)
from coupon_core.persistence.row_sets import execute_for_rows
from coupon_core.persistence.tables import CouponTable


def list_coupons(
    tenant_id: str, filters: CouponFilter, page: Page, now: datetime
) -> tuple[list[IssuedCoupon], int]:
    """Return the matching coupons, newest first, and the total of all matches.

    Redeemed coupons are ordered by their last use, latest first.
    """
    where_clause = build_where_clause(filters)
    order = (
        "c.redeemed_at DESC, c.coupon_id DESC"
        if filters.redeemed
        else "c.coupon_id DESC"
    )
    parameters = to_filter_parameters(tenant_id, filters, now=now)
    sql = f"""{SELECT_ISSUED_COUPONS} {where_clause}
        ORDER BY {order} LIMIT :limit OFFSET :offset"""
    page_parameters = {"limit": page.limit, "offset": page.offset}
    rows = execute(sql, parameters | page_parameters).fetchall()
    if page.offset == 0 and len(rows) < page.limit:
        return [to_issued_coupon(row) for row in rows], len(rows)
    total = execute(f"SELECT count(*) {FROM_COUPONS} {where_clause}", parameters)
    return [to_issued_coupon(row) for row in rows], total.fetchone()[0]


def get(tenant_id: str, filters: CouponFilter, now: datetime) -> IssuedCoupon | None:
    """Return the first matching coupon, or None."""
    return next(iter(find_up_to_two(tenant_id, filters, now=now)), None)


def find_up_to_two(
    tenant_id: str, filters: CouponFilter, now: datetime, lock: bool = False
) -> list[IssuedCoupon]:
    """Return up to two matching coupons.

    With `lock` they are locked until the transaction ends.
    """
    if lock:
        announce_coupon_write()
    condition = f"{build_where_clause(filters)} LIMIT 2"
    sql = (
        select_by_scope(condition, is_postgresql())
        if filters.code and filters.user_id
        else f"{SELECT_ISSUED_COUPONS} {condition}"
    ) + coupon_lock_clause(lock)
    rows = execute(sql, to_filter_parameters(tenant_id, filters, now=now)).fetchall()
    return [to_issued_coupon(row) for row in rows]


INSERT = """
    INSERT INTO coupon (tenant_id, coupon_id, definition_id, user_id, code,
        generated_at, expires_at, redemption_count, code_key, code_scope, copy_number)
    SELECT :tenant_id, r.coupon_id, r.definition_id, r.user_id, r.code,
        r.generated_at, r.expires_at, 0, r.code_key, r.code_scope, r.copy_number
    FROM {rows} WHERE true ORDER BY r.code_key, r.code_scope
    ON CONFLICT (tenant_id, code_key, code_scope, copy_number) DO NOTHING
    RETURNING coupon_id
"""
COUPON_ROW_COLUMNS = """coupon_id uuid, definition_id uuid, user_id text, code text,
    generated_at timestamptz, expires_at timestamptz, code_key text, code_scope text,
    copy_number integer"""


def insert_new(coupons: Sequence[Coupon], definition: Definition) -> list[Coupon]:
    """Insert the coupons whose code is free, and return these."""
    rows = [to_coupon_row(coupon, definition) for coupon in coupons]
    inserted_ids = insert_rows(definition.tenant_id, rows)
    return [coupon for coupon in coupons if coupon.coupon_id in inserted_ids]


def insert_rows(tenant_id: str, rows: Sequence[Mapping[str, Any]]) -> set[str]:
    """Insert the rows of `to_coupon_row` whose code is free; return their coupon IDs.

    They are inserted in a fixed order: otherwise two transactions with the same codes
    could deadlock.
    """
    mark_stocked(
        tenant_id,
        {row["definition_id"] for row in rows if row["user_id"] == UNASSIGNED},
    )
    cursor = execute_for_rows(
        INSERT, COUPON_ROW_COLUMNS, rows=rows, parameters={"tenant_id": tenant_id}
    )
    return {coupon_id for (coupon_id,) in cursor.fetchall()}


def to_coupon_row(coupon: Coupon, definition: Definition) -> dict[str, Any]:
    """Return the parameters to insert a new coupon."""
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


# A code of these formats belongs to one coupon.
UNSHARED_CODE_FORMATS = frozenset({CodeFormat.RANDOM, CodeFormat.LISTED})


def _get_code_scope(coupon: Coupon, definition: Definition) -> str:
    if definition.code_format in UNSHARED_CODE_FORMATS:
        return ""
    return code_scope(coupon.code, definition.case_sensitive, user_id=coupon.user_id)


def find_by_users(definition: Definition, user_ids: Sequence[str]) -> list[Coupon]:
    """Return the coupons that users have of a definition with a shared code."""
    columns = [getattr(CouponTable, field.name) for field in fields(Coupon)]
    query = CouponTable.select(*columns).where(
        CouponTable.tenant_id == definition.tenant_id,
        CouponTable.definition_id == definition.definition_id,
        CouponTable.user_id.in_(user_ids),
        CouponTable.user_id != UNASSIGNED,
    )
    return [to_coupon(row) for row in query.tuples()]


def lock_coupons_exclusively() -> None:
    """Block others' coupon writes until the transaction ends (SHARE ROW EXCLUSIVE).

    For rare changes of a definition that depend on how its coupons were used. Waits for
    running redemptions and for other such changes: each may write coupons, for which
    two of them would wait for each other. Call it before any row is locked.
    """
    _lock_table("SHARE ROW EXCLUSIVE")


def announce_coupon_write() -> None:
    """Announce that this transaction writes coupons (LOCK TABLE … ROW EXCLUSIVE).

    Waits for another transaction that holds `lock_coupons_exclusively`. Call it before
    any row is locked: that transaction may be waiting for the row.
    """
    _lock_table("ROW EXCLUSIVE")


def _lock_table(mode: str) -> None:
    # On SQLite the write transaction itself is the lock.
    if is_postgresql():
        execute(f"LOCK TABLE coupon IN {mode} MODE", {})


LOCK_IN_ORDER = """
    SELECT c.coupon_id FROM coupon c
    WHERE c.tenant_id = :tenant_id AND c.coupon_id {among}
    ORDER BY c.coupon_id FOR UPDATE OF c
"""


def lock_in_order(tenant_id: str, coupon_ids: Collection[str]) -> None:
    """Lock several coupons in the order of their IDs until the transaction ends."""
    if len(coupon_ids) > 1 and is_postgresql():
        parameters = {"tenant_id": tenant_id}
        execute_for_values(LOCK_IN_ORDER, "uuid", [*coupon_ids], parameters)


def revoke(tenant_id: str, coupon_id: str, now: datetime) -> None:
    """Revoke a coupon; an earlier revocation time is kept."""
    CouponTable.update(revoked_at=now).where(
        CouponTable.match_key(tenant_id, coupon_id), CouponTable.revoked_at.is_null()
    ).execute()


def restore(tenant_id: str, coupon_id: str) -> None:
    """Undo the revocation of a coupon."""
    _update(tenant_id, coupon_id, revoked_at=None)


def change_expiry(tenant_id: str, coupon_id: str, expires_at: datetime | None) -> None:
    """Set the expiry of a coupon, to be announced again; None is its definition's."""
    _update(tenant_id, coupon_id, expires_at=expires_at, swept_at=None)


def replace(tenant_id: str, coupon_id: str, replacement_id: str) -> None:
    """Record the coupon that was issued in the place of another one."""
    _update(tenant_id, coupon_id, replaced_by=replacement_id)


def get_replacement_id(tenant_id: str, coupon_id: str) -> str | None:
    """Return the ID of the coupon that was issued in the place of another, or None."""
    query = CouponTable.select(CouponTable.replaced_by).where(
        CouponTable.match_key(tenant_id, coupon_id)
    )
    row: tuple[str | None] = query.tuples().get()
    return row[0]


def _update(tenant_id: str, coupon_id: str, **values: Any) -> None:
    key_condition = CouponTable.match_key(tenant_id, coupon_id)
    CouponTable.update(**values).where(key_condition).execute()
