"""Tenants, their signing secrets, and the admins' API keys."""

from collections.abc import Iterable
from datetime import datetime

from coupon_core.domain.models import ApiKey, Page, Scope
from coupon_core.persistence.row_locks import lock_rows
from coupon_core.persistence.tables import (
    ALL_TABLES,
    ApiKeyTable,
    AuditEntryTable,
    TenantSecretTable,
    TenantTable,
)

EncryptedSecret = tuple[str, str, datetime]  # secret id, sealed secret, created at


def insert(tenant_id: str, now: datetime) -> bool:
    """Add a tenant; False when there is one of that id."""
    row = {"tenant_id": tenant_id, "created_at": now}
    query = TenantTable.insert(row).on_conflict_ignore().as_rowcount()
    return bool(query.execute())


def exists(tenant_id: str) -> bool:
    """True for a known tenant."""
    return bool(TenantTable.select().where(TenantTable.tenant_id == tenant_id).exists())


def erase(tenant_id: str) -> bool:
    """Remove a tenant and every row that is its; False when there was none.

    But not what was done, by whom: the audit log stays.
    """
    counts = [
        table.delete().where(table.tenant_id == tenant_id).execute()
        # Referenced tables come after the tables that refer to them.
        for table in reversed(ALL_TABLES)
        if table is not AuditEntryTable
    ]
    return bool(counts[-1])


def list_tenants(page: Page) -> tuple[list[tuple[str, datetime]], int]:
    """Tenants by id with their creation times, and how many there are."""
    query = TenantTable.select(TenantTable.tenant_id, TenantTable.created_at).order_by(
        TenantTable.tenant_id
    )
    rows = query.limit(page.limit).offset(page.offset).tuples()
    return list(rows), TenantTable.select().count()


def lock(tenant_id: str) -> bool:
    """Until the transaction ends nobody else names codes of this tenant by hand.

    False for an unknown tenant.
    """
    return _lock_row(tenant_id, "FOR NO KEY UPDATE")


def lock_shared(tenant_id: str) -> bool:
    """Until the transaction ends nobody names codes of this tenant by hand.

    False for an unknown tenant.
    """
    return _lock_row(tenant_id, "FOR SHARE")


def _lock_row(tenant_id: str, lock_mode: str) -> bool:
    query = TenantTable.select(TenantTable.tenant_id).where(
        TenantTable.tenant_id == tenant_id
    )
    return lock_rows(query, lock_mode).tuples().first() is not None


def add_secret(
    tenant_id: str, secret_id: str, encrypted_secret: str, now: datetime
) -> None:
    """Store one more signing secret."""
    TenantSecretTable.insert(
        tenant_id=tenant_id,
        secret_id=secret_id,
        secret_sealed=encrypted_secret,
        created_at=now,
    ).execute()


def list_secrets(tenant_id: str) -> list[EncryptedSecret]:
    """The active signing secrets, newest first."""
    query = TenantSecretTable.select(
        TenantSecretTable.secret_id,
        TenantSecretTable.secret_sealed,
        TenantSecretTable.created_at,
    ).where(TenantSecretTable.tenant_id == tenant_id)
    return list(query.order_by(TenantSecretTable.secret_id.desc()).tuples())


def delete_secrets(tenant_id: str, secret_ids: Iterable[str]) -> int:
    """Retire signing secrets; gives how many there were."""
    query = TenantSecretTable.delete().where(
        TenantSecretTable.tenant_id == tenant_id,
        TenantSecretTable.secret_id.in_(list(secret_ids)),
    )
    return int(query.execute())


def insert_key(key: ApiKey, sha256: str, encrypted_key: str) -> None:
    """Add an API key."""
    ApiKeyTable.insert(
        tenant_id=key.tenant_id,
        key_id=key.key_id,
        name=key.name,
        scopes=sorted(key.scopes),
        key_sha256=sha256,
        key_sealed=encrypted_key,
        created_at=key.created_at,
        expires_at=key.expires_at,
    ).execute()


def find_key_by_hash(sha256: str) -> ApiKey | None:
    """The key with that SHA-256, also when revoked or past its time."""
    return _find_key(ApiKeyTable.key_sha256 == sha256)


def find_key_by_id(key_id: str) -> tuple[ApiKey, str] | None:
    """The key of that id, of whichever tenant, with its sealed secret."""
    key = _find_key(ApiKeyTable.key_id == key_id)
    query = ApiKeyTable.select(ApiKeyTable.key_sealed).where(
        ApiKeyTable.key_id == key_id
    )
    return (key, query.scalar()) if key else None


def get_key(tenant_id: str, key_id: str) -> ApiKey | None:
    """One of a tenant's keys."""
    return _find_key(ApiKeyTable.match_key(tenant_id, key_id))


def list_keys(tenant_id: str, page: Page) -> tuple[list[ApiKey], int]:
    """A tenant's keys, newest first, and how many there are."""
    where = ApiKeyTable.tenant_id == tenant_id
    query = ApiKeyTable.select().where(where).order_by(ApiKeyTable.key_id.desc())
    rows = query.limit(page.limit).offset(page.offset)
    return [_to_key(row) for row in rows], query.count()


def revoke_key(tenant_id: str, key_id: str, now: datetime) -> bool:
    """Revoke a key; False when there is none that was not revoked before."""
    query = ApiKeyTable.update(revoked_at=now).where(
        ApiKeyTable.match_key(tenant_id, key_id), ApiKeyTable.revoked_at.is_null()
    )
    return bool(query.execute())


def _find_key(condition: object) -> ApiKey | None:
    row = ApiKeyTable.select().where(condition).first()
    return _to_key(row) if row else None


def _to_key(row: ApiKeyTable) -> ApiKey:
    return ApiKey(
        tenant_id=row.tenant_id,
        key_id=row.key_id,
        name=row.name,
        scopes=frozenset(Scope(scope) for scope in row.scopes),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
