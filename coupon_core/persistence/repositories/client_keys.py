"""API keys for the SDKs of other systems."""

from datetime import datetime

from coupon_core.domain.models import Page
from coupon_core.domain.models.client_keys import (
    ClientKey,
    ClientKeyKind,
    StoredClientKey,
)
from coupon_core.persistence.tables import ClientKeyTable


def insert(stored: StoredClientKey) -> None:
    """Insert a key."""
    key = stored.key
    ClientKeyTable.insert(
        tenant_id=key.tenant_id,
        key_id=key.key_id,
        kind=key.kind,
        name=key.name,
        secret_sha256=stored.secret_sha256,
        secret_sealed=stored.secret_sealed,
        created_at=key.created_at,
        expires_at=key.expires_at,
    ).execute()


def find_by_id(key_id: str) -> StoredClientKey | None:
    """Return the key with an id, of any tenant, even if revoked or expired."""
    row = ClientKeyTable.select().where(ClientKeyTable.key_id == key_id).first()
    if row is None:
        return None
    return StoredClientKey(
        key=_to_key(row),
        secret_sha256=row.secret_sha256,
        secret_sealed=row.secret_sealed,
    )


def get(tenant_id: str, key_id: str) -> ClientKey | None:
    """Return a key of a tenant, or None."""
    row = (
        ClientKeyTable.select()
        .where(ClientKeyTable.match_key(tenant_id, key_id))
        .first()
    )
    return _to_key(row) if row else None


def list_keys(
    tenant_id: str, page: Page, kind: ClientKeyKind | None = None
) -> tuple[list[ClientKey], int]:
    """Return the keys of a tenant, newest first, and the total of all matches."""
    query = ClientKeyTable.select().where(ClientKeyTable.tenant_id == tenant_id)
    if kind:
        query = query.where(ClientKeyTable.kind == kind)
    newest = query.order_by(ClientKeyTable.created_at.desc(), ClientKeyTable.key_id)
    rows = newest.limit(page.limit).offset(page.offset)
    return [_to_key(row) for row in rows], query.count()


def revoke(tenant_id: str, key_id: str, now: datetime) -> bool:
    """Revoke a key; return False if it does not exist or is already revoked."""
    query = ClientKeyTable.update(revoked_at=now).where(
        ClientKeyTable.match_key(tenant_id, key_id),
        ClientKeyTable.revoked_at.is_null(),
    )
    return bool(query.execute())


def _to_key(row: ClientKeyTable) -> ClientKey:
    return ClientKey(
        tenant_id=row.tenant_id,
        key_id=row.key_id,
        kind=ClientKeyKind(row.kind),
        name=row.name,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
