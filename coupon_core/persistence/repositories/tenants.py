"""Tenants, their signing secrets and their API keys."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from coupon_core.domain.models import ApiKey, Page, Scope
from coupon_core.domain.rules.scopes import ORIGINAL_SCOPES
from coupon_core.persistence.repositories.tenant_deletions import (
    KEPT_TABLES,
    delete_links,
)
from coupon_core.persistence.row_locks import lock_rows
from coupon_core.persistence.tables import (
    ALL_TABLES,
    ApiKeyTable,
    TenantSecretTable,
    TenantTable,
)

EncryptedSecret = tuple[str, str, datetime]  # the id, encrypted secret and time


def insert(tenant_id: str, now: datetime) -> bool:
    """Insert a tenant; return False if the id exists."""
    row = {"tenant_id": tenant_id, "created_at": now}
    query = TenantTable.insert(row).on_conflict_ignore().as_rowcount()
    return bool(query.execute())


def exists(tenant_id: str) -> bool:
    """Return True if the tenant exists."""
    return bool(TenantTable.select().where(TenantTable.tenant_id == tenant_id).exists())


def erase(tenant_id: str) -> bool:
    """Delete a tenant and all its rows, except for the audit log.

    Returns False if the tenant does not exist.
    """
    delete_links(tenant_id)
    counts = [
        table.delete().where(table.tenant_id == tenant_id).execute()
        # Referenced tables come after the tables that refer to them.
        for table in reversed(ALL_TABLES)
        if table not in KEPT_TABLES
    ]
    return bool(counts[-1])


def list_tenants(page: Page) -> tuple[list[tuple[str, datetime]], int]:
    """Return tenants by id with their creation times, and their total."""
    query = TenantTable.select(TenantTable.tenant_id, TenantTable.created_at).order_by(
        TenantTable.tenant_id
    )
    rows = query.limit(page.limit).offset(page.offset).tuples()
    return list(rows), TenantTable.select().count()


def list_existing(tenant_ids: Sequence[str]) -> list[str]:
    """Return which of the tenants exist, ordered by id."""
    query = TenantTable.select(TenantTable.tenant_id).where(
        TenantTable.tenant_id.in_(tenant_ids)
    )
    return [row[0] for row in query.order_by(TenantTable.tenant_id).tuples()]


def lock(tenant_id: str) -> bool:
    """Lock the tenant until the transaction ends, so that no other call adds codes.

    Required before shared or imported codes are added. Returns False if the tenant does
    not exist.
    """
    return _lock_row(tenant_id, "FOR NO KEY UPDATE")


def lock_shared(tenant_id: str) -> bool:
    """Lock the tenant in share mode, so that no transaction holds `lock`.

    Required before codes are generated. Returns False if the tenant does not exist.
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
    """Insert a signing secret."""
    TenantSecretTable.insert(
        tenant_id=tenant_id,
        secret_id=secret_id,
        secret_sealed=encrypted_secret,
        created_at=now,
    ).execute()


def list_secrets(tenant_id: str) -> list[EncryptedSecret]:
    """Return the active signing secrets, newest first."""
    query = TenantSecretTable.select(
        TenantSecretTable.secret_id,
        TenantSecretTable.secret_sealed,
        TenantSecretTable.created_at,
    ).where(TenantSecretTable.tenant_id == tenant_id)
    return list(query.order_by(TenantSecretTable.secret_id.desc()).tuples())


def delete_secrets(tenant_id: str, secret_ids: Iterable[str]) -> int:
    """Delete signing secrets; return their number."""
    query = TenantSecretTable.delete().where(
        TenantSecretTable.tenant_id == tenant_id,
        TenantSecretTable.secret_id.in_(list(secret_ids)),
    )
    return int(query.execute())


def insert_key(key: ApiKey, sha256: str, encrypted_key: str) -> None:
    """Insert an API key."""
    ApiKeyTable.insert(
        tenant_id=key.tenant_id,
        key_id=key.key_id,
        name=key.name,
        # The previous release reads `scopes` only, and fails on unknown words there.
        scopes=sorted(key.scopes & ORIGINAL_SCOPES),
        added_scopes=sorted(key.scopes - ORIGINAL_SCOPES),
        key_sha256=sha256,
        key_sealed=encrypted_key,
        created_at=key.created_at,
        expires_at=key.expires_at,
    ).execute()


def find_key_by_hash(sha256: str) -> ApiKey | None:
    """Return the key with a SHA-256 hash, even if revoked or expired."""
    return _find_key(ApiKeyTable.key_sha256 == sha256)


def find_key_by_id(key_id: str) -> tuple[ApiKey, str] | None:
    """Return the key with an id, of any tenant, with its encrypted secret."""
    key = _find_key(ApiKeyTable.key_id == key_id)
    query = ApiKeyTable.select(ApiKeyTable.key_sealed).where(
        ApiKeyTable.key_id == key_id
    )
    return (key, query.scalar()) if key else None


def get_key(tenant_id: str, key_id: str) -> ApiKey | None:
    """Return a key of a tenant, or None."""
    return _find_key(ApiKeyTable.match_key(tenant_id, key_id))


def list_keys(tenant_id: str, page: Page) -> tuple[list[ApiKey], int]:
    """Return the keys of a tenant, newest first, and their total."""
    where = ApiKeyTable.tenant_id == tenant_id
    query = ApiKeyTable.select().where(where).order_by(ApiKeyTable.key_id.desc())
    rows = query.limit(page.limit).offset(page.offset)
    return [_to_key(row) for row in rows], query.count()


def revoke_key(tenant_id: str, key_id: str, now: datetime) -> bool:
    """Revoke a key; return False if it does not exist or is already revoked."""
    query = ApiKeyTable.update(revoked_at=now).where(
        ApiKeyTable.match_key(tenant_id, key_id), ApiKeyTable.revoked_at.is_null()
    )
    return bool(query.execute())


def _find_key(condition: object) -> ApiKey | None:
    row = ApiKeyTable.select().where(condition).first()
    return _to_key(row) if row else None


def _parse_scopes(words: Iterable[str]) -> frozenset[Scope]:
    """Return the scopes of stored words; those of a later release are ignored."""
    known_words = {scope.value for scope in Scope}
    return frozenset(Scope(word) for word in words if word in known_words)


def _to_key(row: ApiKeyTable) -> ApiKey:
    return ApiKey(
        tenant_id=row.tenant_id,
        key_id=row.key_id,
        name=row.name,
        scopes=_parse_scopes([*row.scopes, *row.added_scopes]),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
