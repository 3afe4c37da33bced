"""All rows about one user: read them, and replace the user's ID in them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coupon_core.domain.timestamps import format_timestamp_milliseconds
from coupon_core.persistence.database import execute, execute_for_values
from coupon_core.persistence.repositories import audit as audit_repository
from coupon_core.persistence.tables import (
    ActivityTable,
    AttemptTable,
    BaseTable,
    CodeJobTable,
    CouponEventTable,
    CouponTable,
    EarnedCouponTable,
    ErasedUserTable,
    ImportRowTable,
    KnownUserTable,
    PointEntryTable,
    PurchaseTable,
    RedemptionTable,
    ReservationTable,
    SignalTable,
    TenantKeyTable,
    UserPeriodUsageTable,
    UserUsageTable,
    WalletTable,
    to_datetime,
)

# Most tables have no index by user. Rows about coupons are found through the coupons,
# whose index has only assigned ones: SQLite uses it only if the condition says so.
OF_COUPONS = """ AND coupon_id IN (SELECT c.coupon_id FROM coupon c
    WHERE c.tenant_id = :tenant_id AND c.user_id = :user_id AND c.user_id <> '')"""
OF_DEFINITIONS = """ AND definition_id IN (SELECT c.definition_id FROM coupon c
    WHERE c.tenant_id = :tenant_id AND c.user_id = :user_id AND c.user_id <> ''
    UNION SELECT v.definition_id FROM reservation v
    WHERE v.tenant_id = :tenant_id AND v.user_id = :user_id)"""
ERASE_NOTES = ", reference = NULL, metadata = NULL, reversal_reason = NULL"
# The ID is also part of the scope in which a shared code is unique.
ERASE_COUPON = """, metadata = NULL, code_scope = CASE code_scope
    WHEN :user_id THEN :pseudonym
    WHEN code || '/' || :user_id THEN code || '/' || :pseudonym
    ELSE code_scope END"""


@dataclass(frozen=True, slots=True)
class PersonalTable:
    """A table with user IDs in a column; `erased` are more assignments of an UPDATE.

    `condition` restricts the rows to those that an index finds.
    """

    table: type[BaseTable]
    condition: str = ""
    erased: str = ""
    column: str = "user_id"

    @property
    def name(self) -> str:
        """The name of the table."""
        return str(self.table._meta.table_name)


# Reservations follow the counters, and coupons come last, because the conditions of
# those before refer to them.
PERSONAL_TABLES = (
    PersonalTable(RedemptionTable, OF_COUPONS, ERASE_NOTES),
    PersonalTable(UserUsageTable, OF_DEFINITIONS),
    PersonalTable(UserPeriodUsageTable, OF_DEFINITIONS),
    PersonalTable(EarnedCouponTable, OF_DEFINITIONS),
    PersonalTable(ReservationTable, erased=", reference = NULL, metadata = NULL"),
    PersonalTable(PurchaseTable, OF_COUPONS),
    PersonalTable(CouponEventTable, OF_COUPONS),
    PersonalTable(WalletTable),
    PersonalTable(PointEntryTable),
    PersonalTable(ActivityTable, erased=", attributes = '{}'"),
    PersonalTable(CodeJobTable),
    PersonalTable(ImportRowTable),
    PersonalTable(AttemptTable),
    PersonalTable(SignalTable, " AND kind = 'user_failures'", column="subject"),
    PersonalTable(KnownUserTable),
    PersonalTable(CouponTable, " AND user_id <> ''", ERASE_COUPON),
)
# A wallet refers to its user, who is therefore copied first and deleted last.
COPY_KNOWN_USER = """
    INSERT INTO known_user (tenant_id, user_id, is_member, details, tags, created_at,
        updated_at)
    SELECT :tenant_id, :pseudonym, is_member, '{}', '[]', created_at, updated_at
    FROM known_user WHERE tenant_id = :tenant_id AND user_id = :user_id
"""
# The signals of references that a user has used, before the references are deleted.
DELETE_REFERENCE_SIGNALS = f"""
    DELETE FROM signal WHERE tenant_id = :tenant_id AND kind = 'reference_reused'
    AND subject IN (SELECT r.reference FROM redemption r
        WHERE r.tenant_id = :tenant_id AND r.user_id = :user_id{OF_COUPONS})
"""
SELECT_ERASURES = """
    SELECT pseudonym, started_at FROM erased_user
    WHERE tenant_id = :tenant_id AND pseudonym {among}
"""
DELETE_KNOWN_USER = """
    DELETE FROM known_user WHERE tenant_id = :tenant_id AND user_id = :user_id
"""


def list_rows(tenant_id: str, user_id: str) -> dict[str, list[dict[str, Any]]]:
    """Return all rows about a user by the name of their table, without `tenant_id`."""
    parameters = {"tenant_id": tenant_id, "user_id": user_id}
    rows = {}
    for personal in PERSONAL_TABLES:
        fields = personal.table._meta.sorted_fields[1:]
        columns = ", ".join(field.column_name for field in fields)
        sql = f"""SELECT {columns} FROM {personal.name}
            WHERE tenant_id = :tenant_id
            AND {personal.column} = :user_id{personal.condition}"""
        rows[personal.name] = [
            {
                field.column_name: _to_json_value(field.python_value(value))
                for field, value in zip(fields, row, strict=True)
            }
            for row in execute(sql, parameters).fetchall()
        ]
    return rows


def _to_json_value(value: Any) -> Any:
    is_time = isinstance(value, datetime)
    return format_timestamp_milliseconds(value) if is_time else value


def replace_user_id(tenant_id: str, user_id: str, pseudonym: str) -> dict[str, int]:
    """Replace a user's ID in all rows, and return the number of rows by table.

    The caller must hold `lock_coupons_exclusively`.
    """
    parameters = {"tenant_id": tenant_id, "user_id": user_id, "pseudonym": pseudonym}
    execute(DELETE_REFERENCE_SIGNALS, parameters)
    known_count = execute(COPY_KNOWN_USER, parameters).rowcount
    counts = {
        personal.name: execute(_build_update(personal), parameters).rowcount
        for personal in PERSONAL_TABLES
        if personal.table is not KnownUserTable
    }
    execute(DELETE_KNOWN_USER, parameters)
    audit_repository.replace_user_id(tenant_id, user_id, pseudonym)
    return {**counts, "known_user": known_count}


def _build_update(personal: PersonalTable) -> str:
    column = personal.column
    return f"""UPDATE {personal.name} SET {column} = :pseudonym{personal.erased}
        WHERE tenant_id = :tenant_id AND {column} = :user_id{personal.condition}"""


def get_key(tenant_id: str, purpose: str) -> str | None:
    """Return an encrypted key of a tenant, or None."""
    key_condition = TenantKeyTable.match_key(tenant_id, purpose)
    query = TenantKeyTable.select(TenantKeyTable.key_sealed).where(key_condition)
    key: str | None = query.scalar()
    return key


def insert_key(tenant_id: str, purpose: str, key_sealed: str, now: datetime) -> None:
    """Insert an encrypted key of a tenant, unless it has one for the purpose."""
    row = {"tenant_id": tenant_id, "purpose": purpose, "key_sealed": key_sealed}
    TenantKeyTable.insert({**row, "created_at": now}).on_conflict_ignore().execute()


def is_finished(tenant_id: str, pseudonym: str) -> bool | None:
    """Return True if an erasure has finished, False if it has begun, else None."""
    key_condition = ErasedUserTable.match_key(tenant_id, pseudonym)
    row = ErasedUserTable.select().where(key_condition).first()
    return None if row is None else row.finished_at is not None


def list_erasures(
    tenant_id: str, pseudonyms: Iterable[str]
) -> list[tuple[str, datetime]]:
    """Return those pseudonyms that have replaced an ID, and since when."""
    rows = execute_for_values(
        SELECT_ERASURES, "text", list(pseudonyms), {"tenant_id": tenant_id}
    ).fetchall()
    return [(pseudonym, to_datetime(started_at)) for pseudonym, started_at in rows]


def insert_erasure(tenant_id: str, pseudonym: str, now: datetime) -> None:
    """Record that an erasure has begun."""
    row = {"tenant_id": tenant_id, "pseudonym": pseudonym, "started_at": now}
    ErasedUserTable.insert(row).on_conflict_ignore().execute()


def finish_erasure(tenant_id: str, pseudonym: str, now: datetime) -> None:
    """Record that an erasure has finished."""
    key_condition = ErasedUserTable.match_key(tenant_id, pseudonym)
    ErasedUserTable.update(finished_at=now).where(key_condition).execute()
