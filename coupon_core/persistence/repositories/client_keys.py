"""Keys of other systems' SDKs."""

from datetime import datetime

from coupon_core.domain.models import Page
from coupon_core.domain.models.client_keys import (
    ClientKey,
    ClientKeyKind,
    StoredClientKey,
)
from coupon_core.persistence.tables import ClientKey as Table


def insert(stored: StoredClientKey) -> None:
    """Add a key."""
    key = stored.key
    Table.insert(
        tenant_id=key.tenant_id,
        key_id=key.key_id,
        kind=key.kind,
        name=key.name,
        secret_sha256=stored.secret_sha256,
        secret_sealed=stored.secret_sealed,
        created_at=key.created_at,
        expires_at=key.expires_at,
    ).execute()


def by_id(key_id: str) -> StoredClientKey | None:
    """The key of that id, whosever it is, also when revoked or past its time."""
    row = Table.select().where(Table.key_id == key_id).first()
    if row is None:
        return None
    return StoredClientKey(_key_of(row), row.secret_sha256, row.secret_sealed)


def of_tenant(tenant_id: str, key_id: str) -> ClientKey | None:
    """One key of a tenant."""
    row = Table.select().where(*_is(tenant_id, key_id)).first()
    return _key_of(row) if row else None


def listed(
    tenant_id: str, page: Page, kind: ClientKeyKind | None = None
) -> tuple[list[ClientKey], int]:
    """A tenant's keys, newest first, and how many match."""
    query = Table.select().where(Table.tenant_id == tenant_id)
    if kind:
        query = query.where(Table.kind == kind)
    newest = query.order_by(Table.created_at.desc(), Table.key_id)
    rows = newest.limit(page.limit).offset(page.offset)
    return [_key_of(row) for row in rows], query.count()


def revoke(tenant_id: str, key_id: str, now: datetime) -> bool:
    """Revoke a key; False when there is none that was not revoked before."""
    this = *_is(tenant_id, key_id), Table.revoked_at.is_null()
    return bool(Table.update(revoked_at=now).where(*this).execute())


def _is(tenant_id: str, key_id: str) -> tuple[object, object]:
    return Table.tenant_id == tenant_id, Table.key_id == key_id


def _key_of(row: Table) -> ClientKey:
    ids = row.tenant_id, row.key_id, ClientKeyKind(row.kind), row.name
    return ClientKey(*ids, row.created_at, row.expires_at, row.revoked_at)
