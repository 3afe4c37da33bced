"""Coupons: finding, listing, adding and revoking them."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Any

from coupon_core.domain.codes import code_scope, lookup_key
from coupon_core.domain.models import (
    NOBODY,
    CodeFormat,
    Coupon,
    Definition,
    IssuedCoupon,
    Page,
)
from coupon_core.domain.models.filters import CouponFilter
from coupon_core.persistence.database import execute, execute_many, is_postgresql
from coupon_core.persistence.id_generation import first_id_of
from coupon_core.persistence.row_mapping import (
    COMPARES,
    ISSUED,
    REVOKED_AT,
    coupon_of,
    issued_of,
)
from coupon_core.persistence.tables import Coupon as Table
from coupon_core.persistence.tables import as_stored_time

# The same facts as rules.coupon_status, for filters and counts over many rows.
STATUS = f"""
    CASE WHEN {REVOKED_AT} IS NOT NULL OR c.returned_at IS NOT NULL THEN 'revoked'
    WHEN d.per_code_limit > 0 AND c.redemption_count >= d.per_code_limit
    THEN 'redeemed'
    WHEN COALESCE(c.expires_at, d.expires_at) < :now THEN 'expired'
    ELSE 'active' END
"""
COUNTED = """
    FROM coupon c
    JOIN definition d ON d.tenant_id = c.tenant_id AND d.definition_id = c.definition_id
"""


CONDITIONS = {
    "definition_id": "c.definition_id = :definition_id",
    # Says again what the partial index says, so that it is used.
    "user_id": "c.user_id = :user_id AND c.user_id <> ''",
    "coupon_id": "c.coupon_id = :coupon_id",
    "code": f"c.code_key = :code_key AND {COMPARES}",
    "status": f"{STATUS} = :status",
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
FIRST_MOMENT = datetime(1970, 1, 2, tzinfo=UTC)
LAST_MOMENT = datetime(9999, 12, 30, tzinfo=UTC)


def listed(
    tenant_id: str, which: CouponFilter, page: Page, now: datetime
) -> tuple[list[IssuedCoupon], int]:
    """The chosen coupons, newest first (of redeemed ones: last used first).

    The number is that of all matches.
    """
    chosen = where(which)
    order = (
        "c.redeemed_at DESC, c.coupon_id DESC" if which.redeemed else "c.coupon_id DESC"
    )
    parameters = parameters_of(tenant_id, which, now)
    slice_ = {"limit": page.limit, "offset": page.offset}
    sql = f"{ISSUED} {chosen} ORDER BY {order} LIMIT :limit OFFSET :offset"
    rows = execute(sql, parameters | slice_).fetchall()
    if page.offset == 0 and len(rows) < page.limit:
        return [issued_of(row) for row in rows], len(rows)
    total = execute(f"SELECT count(*) {COUNTED} {chosen}", parameters)
    return [issued_of(row) for row in rows], total.fetchone()[0]


def get(tenant_id: str, which: CouponFilter, now: datetime) -> IssuedCoupon | None:
    """The one coupon that fits, if any."""
    return next(iter(some(tenant_id, which, now)), None)


def some(
    tenant_id: str, which: CouponFilter, now: datetime, lock: bool = False
) -> list[IssuedCoupon]:
    """Up to two coupons that fit; held until the transaction ends if locked."""
    hold = " FOR UPDATE OF c" if lock and is_postgresql() else ""
    sql = f"{ISSUED} {where(which)} LIMIT 2{hold}"
    rows = execute(sql, parameters_of(tenant_id, which, now)).fetchall()
    return [issued_of(row) for row in rows]


def where(which: CouponFilter) -> str:
    """The SQL that chooses so, over `c` and `d`; `parameters_of` has its values."""
    # Nobody's id is "", and yet it chooses.
    chosen = [
        sql
        for name, sql in CONDITIONS.items()
        if getattr(which, name) not in (None, False)
    ]
    return "WHERE " + " AND ".join(["c.tenant_id = :tenant_id", *chosen])


def parameters_of(tenant_id: str, which: CouponFilter, now: datetime) -> dict[str, Any]:
    """The values for `where`."""
    since, before = which.generated_from, which.generated_before
    return {
        "tenant_id": tenant_id,
        "definition_id": which.definition_id,
        "user_id": which.user_id,
        "coupon_id": which.coupon_id,
        "code": which.code,
        "code_key": lookup_key(which.code or ""),
        "status": which.status,
        "now": as_stored_time(now),
        "batch_id": which.batch_id,
        "generated_from": as_stored_time(since),
        "generated_before": as_stored_time(before),
        "from_id": _first_id(since, -ID_TOLERANCE),
        "before_id": _first_id(before, ID_TOLERANCE),
    }


def _first_id(moment: datetime | None, tolerance: timedelta) -> str | None:
    """The least id of that moment, which is also in range near 1970 and 9999."""
    if moment is None:
        return None
    plain = min(max(moment, FIRST_MOMENT), LAST_MOMENT)
    return first_id_of(plain + tolerance)


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
        (new_row(coupon, definition) for coupon in coupons),
        key=itemgetter("code_key", "code_scope"),
    )
    count = execute_many(INSERT, rows)
    if count == len(coupons):
        return list(coupons)
    here = _present(definition.tenant_id, [coupon.coupon_id for coupon in coupons])
    return [coupon for coupon in coupons if coupon.coupon_id in here]


def new_row(coupon: Coupon, definition: Definition) -> dict[str, Any]:
    """The parameters that a new coupon is inserted with."""
    return {
        "tenant_id": coupon.tenant_id,
        "coupon_id": coupon.coupon_id,
        "definition_id": coupon.definition_id,
        "user_id": coupon.user_id,
        "code": coupon.code,
        "generated_at": as_stored_time(coupon.generated_at),
        "expires_at": as_stored_time(coupon.expires_at),
        "code_key": lookup_key(coupon.code),
        "code_scope": _scope(coupon, definition),
        "copy_number": coupon.copy_number,
    }


# A code of these formats is one coupon's own.
OWN_CODES = frozenset({CodeFormat.RANDOM, CodeFormat.LISTED})


def _scope(coupon: Coupon, definition: Definition) -> str:
    if definition.code_format in OWN_CODES:
        return ""
    return code_scope(coupon.code, definition.case_sensitive, coupon.user_id)


def _present(tenant_id: str, coupon_ids: Sequence[str]) -> set[str]:
    here = (Table.tenant_id == tenant_id) & Table.coupon_id.in_(coupon_ids)
    return {
        coupon_id for (coupon_id,) in Table.select(Table.coupon_id).where(here).tuples()
    }


def shared_by(definition: Definition, user_ids: Sequence[str]) -> list[Coupon]:
    """The coupons that these users hold of a definition with a shared code."""
    columns = [getattr(Table, field.name) for field in fields(Coupon)]
    of_tenant = Table.tenant_id == definition.tenant_id
    of_definition = Table.definition_id == definition.definition_id
    of_users = Table.user_id.in_(user_ids) & (Table.user_id != NOBODY)
    rows = Table.select(*columns).where(of_tenant, of_definition, of_users).tuples()
    return [coupon_of(row) for row in rows]


def still() -> None:
    """Until the transaction ends no coupon at all is made, used or revoked.

    For the rare change of a definition that must know how its coupons were used; it
    waits for the uses under way. Comes before any row is locked.
    """
    _hold_table("SHARE")


def expect_change() -> None:
    """This transaction will make or use coupons, while nobody holds them still.

    Comes before any row is locked: who holds them still may be waiting for that row.
    """
    _hold_table("ROW EXCLUSIVE")


def _hold_table(mode: str) -> None:
    # On SQLite the transaction itself is the lock.
    if is_postgresql():
        execute(f"LOCK TABLE coupon IN {mode} MODE", {})


def revoke(tenant_id: str, coupon_id: str, now: datetime) -> None:
    """Revoke a coupon; the first time stands."""
    this = (Table.tenant_id == tenant_id) & (Table.coupon_id == coupon_id)
    Table.update(revoked_at=now).where(this, Table.revoked_at.is_null()).execute()
