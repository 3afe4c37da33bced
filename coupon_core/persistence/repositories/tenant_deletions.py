"""Tenants that are being deleted, table by table."""

from datetime import datetime

from coupon_core.persistence.database import execute
from coupon_core.persistence.tables import (
    ALL_TABLES,
    AuditEntryTable,
    BaseTable,
    OperatorInvitationTable,
    OperatorSessionTable,
    OperatorTable,
    TenantDeletionTable,
    TenantTable,
)

KEPT_TABLES = (
    AuditEntryTable,
    TenantDeletionTable,
    OperatorTable,  # an operator can work for other tenants
    OperatorSessionTable,
    OperatorInvitationTable,
)
"""The tables that keep their rows of a deleted tenant."""
# Without credentials nobody can act for the tenant.
CREDENTIAL_TABLES = ("api_key", "client_key", "tenant_secret", "operator_membership")
_DELETED_TABLES = [table for table in reversed(ALL_TABLES) if table not in KEPT_TABLES]


def insert(tenant_id: str, now: datetime) -> bool:
    """Record that a tenant is being deleted; return False if it is already."""
    query = TenantDeletionTable.insert(tenant_id=tenant_id, requested_at=now)
    return bool(query.on_conflict_ignore().as_rowcount().execute())


def remove(tenant_id: str) -> None:
    """Record that nothing of a tenant is left to delete."""
    TenantDeletionTable.delete().where(
        TenantDeletionTable.tenant_id == tenant_id
    ).execute()


def exists(tenant_id: str) -> bool:
    """Return True if the tenant is being deleted."""
    query = TenantDeletionTable.select().where(
        TenantDeletionTable.tenant_id == tenant_id
    )
    return bool(query.exists())


def list_tenant_ids() -> list[str]:
    """Return the tenants that are being deleted, the first requested first."""
    query = TenantDeletionTable.select(TenantDeletionTable.tenant_id)
    rows = query.order_by(TenantDeletionTable.requested_at).tuples()
    return [tenant_id for (tenant_id,) in rows]


def delete_credentials(tenant_id: str) -> None:
    """Delete all keys, secrets, memberships and invitations of a tenant."""
    for table in CREDENTIAL_TABLES:
        sql = f"DELETE FROM {table} WHERE tenant_id = :tenant_id"
        execute(sql, {"tenant_id": tenant_id})
    delete_links(tenant_id)


def delete_links(tenant_id: str) -> None:
    """Delete the one-time links to a tenant; a later one may have the same name."""
    OperatorInvitationTable.delete().where(
        OperatorInvitationTable.target_tenant == tenant_id
    ).execute()


def delete_some_rows(tenant_id: str, limit: int) -> int:
    """Delete up to `limit` rows of one table; return their number, 0 if none is left.

    Tables that others refer to come after those.
    """
    for table in _DELETED_TABLES:
        if table is TenantTable:
            continue
        parameters = {"tenant_id": tenant_id, "limit": limit}
        deleted = execute(_build_delete(table), parameters).rowcount
        if deleted:
            return int(deleted)
    return 0


def _build_delete(table: type[BaseTable]) -> str:
    name = table._meta.table_name
    keys = ", ".join(
        field.column_name
        for field in table._meta.get_primary_keys()
        if field.column_name != "tenant_id"
    )
    if not keys:  # one row for each tenant
        return f"DELETE FROM {name} WHERE tenant_id = :tenant_id"
    return f"""DELETE FROM {name} WHERE tenant_id = :tenant_id AND ({keys}) IN (
        SELECT {keys} FROM {name} WHERE tenant_id = :tenant_id LIMIT :limit)"""


def count_rows(tenant_id: str) -> dict[str, int]:
    """Return the number of a tenant's rows by table, without empty tables."""
    counts = {}
    for table in _DELETED_TABLES:
        name = table._meta.table_name
        sql = f"SELECT count(*) FROM {name} WHERE tenant_id = :tenant_id"
        counts[name] = int(execute(sql, {"tenant_id": tenant_id}).fetchone()[0])
    return {name: count for name, count in counts.items() if count}
