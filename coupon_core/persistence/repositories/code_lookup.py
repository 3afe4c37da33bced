"""Lookup of codes: which coupon a code means for a user, and which codes are taken."""

from collections.abc import Collection, Iterable, Sequence

from coupon_core.domain.codes import to_lookup_key
from coupon_core.domain.models import Definition, IssuedCoupon, SharedCode
from coupon_core.persistence.database import (
    execute,
    execute_many,
    execute_prepared,
    is_postgresql,
)
from coupon_core.persistence.repositories import checked_prefixes
from coupon_core.persistence.repositories.code_scopes import (
    CODE_CONDITION,
    SELECT_UNSHARED,
    select_by_scope,
    to_code_parameters,
)
from coupon_core.persistence.row_locks import coupon_lock_clause
from coupon_core.persistence.row_mapping import (
    CODE_MATCHES,
    DEFINITION_COLUMN_COUNT,
    REDEEMED_DEFINITION_COLUMNS,
    REWARD_ITEM_COLUMNS,
    SELECT_ISSUED_COUPONS,
    to_definition,
    to_issued_coupon,
    to_reward_item,
)
from coupon_core.persistence.tables import (
    CouponTable,
    ImportRowTable,
    SharedCodeTable,
    to_datetime,
)

MAX_SHARED_KEYS = 10_000

FOR_USER_CONDITION = f"""WHERE {CODE_MATCHES}
    AND (c.user_id = :user_id OR c.user_id = '' AND NOT d.awarded_only)
    AND c.returned_at IS NULL ORDER BY c.copy_number"""
SELECT_UNSHARED_FOR_USER = f"{SELECT_UNSHARED} {FOR_USER_CONDITION}"
RETURNED_CONDITION = f"""WHERE {CODE_MATCHES}
    AND c.user_id = :user_id AND c.returned_at IS NOT NULL
    ORDER BY c.copy_number DESC LIMIT 1"""
SELECT_FOR_TENANT = f"""{SELECT_ISSUED_COUPONS}
    WHERE c.tenant_id = :tenant_id AND {CODE_CONDITION} LIMIT 2"""

SELECT_SHARED_CODE = f"""
    SELECT s.code, s.creator_key, s.revoked_at,
        {REDEEMED_DEFINITION_COLUMNS}, {REWARD_ITEM_COLUMNS}
    FROM shared_code s
    JOIN definition d ON d.tenant_id = :tenant_id AND d.definition_id = s.definition_id
    JOIN reward_item r ON r.tenant_id = :tenant_id AND r.item_id = d.reward_item_id
    WHERE s.tenant_id = :tenant_id AND s.code_key = :code_key
    AND s.code_exact IN ('', :code)
"""


def find_for_user(
    tenant_id: str, code: str, user_id: str, lock: bool = False
) -> list[IssuedCoupon]:
    """Return the coupons that a code means for a user: their own, or unassigned ones.

    With `lock` they are locked until the transaction ends.
    """
    parameters = to_code_parameters(tenant_id, code, user_id)
    key, locking = (tenant_id, parameters["code_key"]), coupon_lock_clause(lock)
    if key not in _shared_keys:
        sql = SELECT_UNSHARED_FOR_USER + locking
        if rows := execute_prepared(sql, parameters).fetchall():
            return [to_issued_coupon(row) for row in rows]
    sql = select_by_scope(FOR_USER_CONDITION, is_postgresql()) + locking
    rows = execute_prepared(sql, parameters).fetchall()
    if rows:
        _remember_shared_key(key)
    return [to_issued_coupon(row) for row in rows]


# All scopes are searched at once for these keys. A key that has become one of another
# kind of code since then costs time, and is found nevertheless.
_shared_keys: set[tuple[str, str]] = set()


def _remember_shared_key(key: tuple[str, str]) -> None:
    if len(_shared_keys) >= MAX_SHARED_KEYS:
        _shared_keys.clear()
    _shared_keys.add(key)


def find_returned(tenant_id: str, code: str, user_id: str) -> IssuedCoupon | None:
    """Return the coupon of a user that was returned for its points last, or None."""
    parameters = to_code_parameters(tenant_id, code, user_id)
    sql = select_by_scope(RETURNED_CONDITION, is_postgresql())
    row = execute(sql, parameters).fetchone()
    return to_issued_coupon(row) if row else None


def find_for_tenant(
    tenant_id: str, code: str, lock: bool = False
) -> list[IssuedCoupon]:
    """Return up to two coupons with a code, of any user.

    With `lock` they are locked until the transaction ends.
    """
    parameters = to_code_parameters(tenant_id, code)
    sql = SELECT_FOR_TENANT + coupon_lock_clause(lock)
    return [to_issued_coupon(row) for row in execute(sql, parameters).fetchall()]


def find_shared_code(tenant_id: str, code: str) -> SharedCode | None:
    """Return a shared code with the definition that it belongs to, or None."""
    parameters = {"tenant_id": tenant_id, "code_key": to_lookup_key(code), "code": code}
    rows = execute_prepared(SELECT_SHARED_CODE, parameters).fetchall()
    if not rows:
        return None
    _remember_shared_key((tenant_id, parameters["code_key"]))
    (plain, creator_key, revoked_at), rest = rows[0][:3], rows[0][3:]
    return SharedCode(
        code=plain,
        creator_key=creator_key,
        revoked_at=to_datetime(revoked_at) if revoked_at else None,
        definition=to_definition(rest[:DEFINITION_COLUMN_COUNT]),
        reward_item=to_reward_item(rest[DEFINITION_COLUMN_COUNT:]),
    )


def find_taken_by_shared_codes(tenant_id: str, codes: Iterable[str]) -> set[str]:
    """Return the codes that no coupon may own.

    They are shared, reserved by an import, or would be taken for mistyped codes.
    """
    keys = {to_lookup_key(code): code for code in codes}
    taken = {
        key
        for table in (SharedCodeTable, ImportRowTable)
        for key in find_existing_keys(table, tenant_id, keys=keys)
    }
    return {keys[key] for key in taken} | checked_prefixes.find_invalid_check_digits(
        tenant_id, keys.values()
    )


def find_existing_keys(
    table: type[CouponTable | SharedCodeTable | ImportRowTable],
    tenant_id: str,
    keys: Collection[str],
) -> set[str]:
    """Return the lookup keys that exist in a table."""
    query = table.select(table.code_key).where(
        table.tenant_id == tenant_id, table.code_key.in_(list(keys))
    )
    return {key for (key,) in query.tuples()}


def find_taken_by_coupons(tenant_id: str, codes: Iterable[str]) -> set[str]:
    """Return the codes that a coupon owns."""
    keys = {to_lookup_key(code): code for code in codes}
    rows = CouponTable.select(CouponTable.code_key).where(
        CouponTable.tenant_id == tenant_id,
        CouponTable.code_scope == "",
        CouponTable.code_key.in_(list(keys)),
    )
    return {keys[key] for (key,) in rows.tuples()}


INSERT_SHARED_CODE = """
    INSERT INTO shared_code (tenant_id, code_key, code_exact, code, definition_id,
        creator_key)
    VALUES (:tenant_id, :code_key, '', :code, :definition_id, :creator_key)
"""


def add_shared_codes(
    definition: Definition, codes: Sequence[str], creator_key: str = ""
) -> set[str]:
    """Add case-insensitive shared codes to a definition; return the taken ones.

    The caller must hold the lock of the tenant, so that no code is created meanwhile.
    `codes` contains no duplicates.
    """
    taken = find_taken(definition.tenant_id, codes)
    insert_shared_codes(
        [(definition, code, creator_key) for code in codes if code not in taken]
    )
    return taken


def find_taken(tenant_id: str, codes: Sequence[str]) -> set[str]:
    """Return the codes that are in use, reserved or mistyped."""
    if not codes:
        return set()
    return find_taken_by_coupons(tenant_id, codes) | find_taken_by_shared_codes(
        tenant_id, codes
    )


def insert_shared_codes(codes: Sequence[tuple[Definition, str, str]]) -> None:
    """Insert free codes, each with its definition and the key of its creator."""
    if codes:
        rows = [
            _to_shared_code_row(definition, code, creator_key=creator_key)
            for definition, code, creator_key in codes
        ]
        execute_many(INSERT_SHARED_CODE, rows)


def _to_shared_code_row(
    definition: Definition, code: str, creator_key: str
) -> dict[str, str]:
    return {
        "tenant_id": definition.tenant_id,
        "code_key": to_lookup_key(code),
        "code": code,
        "definition_id": definition.definition_id,
        "creator_key": creator_key,
    }
