"""Coupons: finding, listing, counting, adding and revoking them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from operator import itemgetter
from typing import Any

from coupon_core.codes import code_scope, lookup_key
from coupon_core.model import (
    NOBODY,
    CodeFormat,
    Coupon,
    CouponStatus,
    Definition,
    DefinitionStats,
    IssuedCoupon,
    Page,
    RewardItem,
)
from coupon_core.store.database import execute, execute_many, is_postgresql
from coupon_core.store.rows import (
    DEFINITION_COLUMNS,
    ISSUED,
    REWARD_ITEM_COLUMNS,
    coupon_of,
    definition_of,
    issued_of,
    reward_item_of,
)
from coupon_core.tables import Coupon as Table
from coupon_core.tables import SharedCode, as_stored_time

# Without user ids in the way a code is looked up by one probe of a unique index.
OF_CODE = "c.tenant_id = :tenant_id AND c.code_key = :code_key"
COMPARES = "(c.code = :code OR NOT d.case_sensitive)"

FOR_USER = f"""{ISSUED}
    WHERE {OF_CODE} AND c.code_scope IN ('', :user_id, :exact_scope)
    AND c.user_id IN ('', :user_id) AND {COMPARES}
    ORDER BY c.code = :code DESC LIMIT 1
"""
FOR_TENANT = f"{ISSUED} WHERE {OF_CODE} AND {COMPARES} LIMIT 2"

SHARED = f"""
    SELECT {DEFINITION_COLUMNS}, {REWARD_ITEM_COLUMNS}
    FROM shared_code s
    JOIN definition d ON d.tenant_id = s.tenant_id AND d.definition_id = s.definition_id
    JOIN reward_item r ON r.tenant_id = d.tenant_id AND r.item_id = d.reward_item_id
    WHERE s.tenant_id = :tenant_id AND s.code_key = :code_key
    AND s.code_exact IN ('', :code)
"""

# The same facts as rules.coupon_status, for filters and counts over many rows.
STATUS = """
    CASE WHEN c.revoked_at IS NOT NULL THEN 'revoked'
    WHEN d.per_code_limit > 0 AND c.redemption_count >= d.per_code_limit
    THEN 'redeemed'
    WHEN COALESCE(c.expires_at, d.expires_at) < :now THEN 'expired'
    ELSE 'active' END
"""
COUNTED = """
    FROM coupon c
    JOIN definition d ON d.tenant_id = c.tenant_id AND d.definition_id = c.definition_id
"""


def find_for_user(
    tenant_id: str, code: str, user_id: str, lock: bool = False
) -> IssuedCoupon | None:
    """The coupon that this code means for this user: theirs, or nobody's yet."""
    parameters = {
        "tenant_id": tenant_id,
        "code_key": lookup_key(code),
        "code": code,
        "user_id": user_id,
        "exact_scope": code_scope(code, True, user_id),
    }
    hold = " FOR UPDATE OF c" if lock and is_postgresql() else ""
    row = execute(FOR_USER + hold, parameters).fetchone()
    return issued_of(row) if row else None


def find_for_tenant(tenant_id: str, code: str) -> list[IssuedCoupon]:
    """The coupons of this code, whoever holds them; two stand for many."""
    parameters = {"tenant_id": tenant_id, "code_key": lookup_key(code), "code": code}
    return [issued_of(row) for row in execute(FOR_TENANT, parameters).fetchall()]


def find_shared(tenant_id: str, code: str) -> tuple[Definition, RewardItem] | None:
    """The definition that shares this code among its coupons."""
    parameters = {"tenant_id": tenant_id, "code_key": lookup_key(code), "code": code}
    row = execute(SHARED, parameters).fetchone()
    if row is None:
        return None
    end = len(row) - 8
    return definition_of(row[:end]), reward_item_of(row[end:])


@dataclass(frozen=True, slots=True)
class CouponFilter:
    """Which coupons of a tenant a list shows; None does not choose."""

    definition_id: str | None = None
    user_id: str | None = None
    coupon_id: str | None = None
    code: str | None = None
    status: CouponStatus | None = None
    redeemed: bool = False


CONDITIONS = {
    "definition_id": "c.definition_id = :definition_id",
    # Says again what the partial index says, so that it is used.
    "user_id": "c.user_id = :user_id AND c.user_id <> ''",
    "coupon_id": "c.coupon_id = :coupon_id",
    "code": f"c.code_key = :code_key AND {COMPARES}",
    "status": f"{STATUS} = :status",
    "redeemed": "c.redemption_count > 0",
}


def listed(
    tenant_id: str, which: CouponFilter, page: Page, now: datetime
) -> tuple[list[IssuedCoupon], int]:
    """The chosen coupons, newest first (of redeemed ones: last used first).

    The number is that of all matches.
    """
    where = _where(which)
    order = (
        "c.redeemed_at DESC, c.coupon_id DESC" if which.redeemed else "c.coupon_id DESC"
    )
    parameters = _parameters(tenant_id, which, now)
    slice_ = {"limit": page.limit, "offset": page.offset}
    sql = f"{ISSUED} {where} ORDER BY {order} LIMIT :limit OFFSET :offset"
    rows = execute(sql, parameters | slice_).fetchall()
    if page.offset == 0 and len(rows) < page.limit:
        return [issued_of(row) for row in rows], len(rows)
    total = execute(f"SELECT count(*) {COUNTED} {where}", parameters)
    return [issued_of(row) for row in rows], total.fetchone()[0]


def get(tenant_id: str, which: CouponFilter, now: datetime) -> IssuedCoupon | None:
    """The one coupon that fits, if any."""
    return next(iter(some(tenant_id, which, now)), None)


def some(
    tenant_id: str, which: CouponFilter, now: datetime, lock: bool = False
) -> list[IssuedCoupon]:
    """Up to two coupons that fit; held until the transaction ends if locked."""
    hold = " FOR UPDATE OF c" if lock and is_postgresql() else ""
    sql = f"{ISSUED} {_where(which)} LIMIT 2{hold}"
    rows = execute(sql, _parameters(tenant_id, which, now)).fetchall()
    return [issued_of(row) for row in rows]


def _where(which: CouponFilter) -> str:
    # Nobody's id is "", and yet it chooses.
    chosen = [
        sql
        for name, sql in CONDITIONS.items()
        if getattr(which, name) not in (None, False)
    ]
    return "WHERE " + " AND ".join(["c.tenant_id = :tenant_id", *chosen])


def _parameters(tenant_id: str, which: CouponFilter, now: datetime) -> dict[str, Any]:
    return {
        "tenant_id": tenant_id,
        "definition_id": which.definition_id,
        "user_id": which.user_id,
        "coupon_id": which.coupon_id,
        "code": which.code,
        "code_key": lookup_key(which.code or ""),
        "status": which.status,
        "now": as_stored_time(now),
    }


def stats(tenant_id: str, definition_id: str, now: datetime) -> DefinitionStats:
    """How the coupons of a definition stand now."""
    which = CouponFilter(definition_id=definition_id)
    sql = f"""SELECT {STATUS} AS status, count(*), sum(c.redemption_count)
        {COUNTED} {_where(which)} GROUP BY 1"""
    rows = execute(sql, _parameters(tenant_id, which, now)).fetchall()
    found = {CouponStatus(status): count for status, count, _ in rows}
    counts = {status: found.get(status, 0) for status in CouponStatus}
    return DefinitionStats(counts, int(sum(uses for _, _, uses in rows)))


def most_uses(tenant_id: str, definition_id: str) -> tuple[int, int, int]:
    """Of a definition: its coupons, the most uses of one, and all uses together."""
    sql = """SELECT count(*), COALESCE(max(redemption_count), 0),
        COALESCE(sum(redemption_count), 0) FROM coupon
        WHERE tenant_id = :tenant_id AND definition_id = :definition_id"""
    parameters = {"tenant_id": tenant_id, "definition_id": definition_id}
    count, most, together = execute(sql, parameters).fetchone()
    return count, most, int(together)


def count_up_to(tenant_id: str, definition_id: str, most: int) -> int:
    """How many coupons a definition has, counted no further than `most`."""
    of_definition = Table.definition_id == definition_id
    query = Table.select(Table.coupon_id).where(
        Table.tenant_id == tenant_id, of_definition
    )
    return int(query.limit(most).count())


INSERT = """
    INSERT INTO coupon (tenant_id, coupon_id, definition_id, user_id, code,
        generated_at, expires_at, redemption_count, code_key, code_scope)
    VALUES (:tenant_id, :coupon_id, :definition_id, :user_id, :code,
        :generated_at, :expires_at, 0, :code_key, :code_scope)
    ON CONFLICT (tenant_id, code_key, code_scope) DO NOTHING
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
    }


def _scope(coupon: Coupon, definition: Definition) -> str:
    if definition.code_format == CodeFormat.RANDOM:
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


def taken_by_shared_codes(tenant_id: str, codes: Iterable[str]) -> set[str]:
    """Those of the codes that a definition shares, and that no coupon may own."""
    keys = {lookup_key(code): code for code in codes}
    of_tenant = SharedCode.tenant_id == tenant_id
    rows = SharedCode.select(SharedCode.code_key).where(of_tenant)
    taken = rows.where(SharedCode.code_key.in_(list(keys))).tuples()
    return {keys[key] for (key,) in taken}


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


def taken_by_coupons(tenant_id: str, codes: Iterable[str]) -> set[str]:
    """Those of the codes that a coupon owns."""
    keys = {lookup_key(code): code for code in codes}
    owned = (Table.tenant_id == tenant_id) & (Table.code_scope == "")
    rows = Table.select(Table.code_key).where(owned, Table.code_key.in_(list(keys)))
    return {keys[key] for (key,) in rows.tuples()}


def revoke(tenant_id: str, coupon_id: str, now: datetime) -> None:
    """Revoke a coupon; the first time stands."""
    this = (Table.tenant_id == tenant_id) & (Table.coupon_id == coupon_id)
    Table.update(revoked_at=now).where(this, Table.revoked_at.is_null()).execute()
