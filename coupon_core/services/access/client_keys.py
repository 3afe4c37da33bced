"""Client keys: credentials of the PlayCamp and Mambo SDKs."""

import secrets
from collections.abc import Mapping
from datetime import datetime

from coupon_core.domain.models import AdminReason, Page
from coupon_core.domain.models.client_keys import (
    ClientKey,
    ClientKeyKind,
    StoredClientKey,
)
from coupon_core.persistence.database import transaction
from coupon_core.persistence.repositories import client_keys as client_key_repository
from coupon_core.security import encryption
from coupon_core.services import audit
from coupon_core.services.access import tenants
from coupon_core.services.errors import require_found

# The vendors document IDs with these prefixes (`docs/api-contracts.md` 3.1).
KEY_ID_PREFIXES: Mapping[ClientKeyKind, str] = {
    ClientKeyKind.PLAYCAMP_SERVER: "ak_server_",
    ClientKeyKind.PLAYCAMP_CLIENT: "ak_client_",
    ClientKeyKind.MAMBO: "mk_",
}


def create(
    tenant_id: str,
    kind: ClientKeyKind,
    name: str,
    expires_at: datetime | None,
    now: datetime,
) -> tuple[ClientKey, str]:
    """Create a key; return it and its secret, which cannot be read again.

    Neither the key ID nor the secret contains a colon, because a colon separates them
    in requests.

    Raises:
        Refused: The tenant is unknown.
    """
    tenants.require(tenant_id)
    key_id = KEY_ID_PREFIXES[kind] + secrets.token_hex(12)
    secret = secrets.token_urlsafe(32)
    key = ClientKey(
        tenant_id=tenant_id,
        key_id=key_id,
        kind=kind,
        name=name,
        created_at=now,
        expires_at=expires_at,
        revoked_at=None,
    )
    stored = StoredClientKey(
        key, encryption.fingerprint(secret), encryption.encrypt(secret)
    )
    with transaction():
        client_key_repository.insert(stored)
        audit.record(
            tenant_id, "client_key.created", key_id, after=key, kind=kind.value
        )
    return key, secret


def list_client_keys(
    tenant_id: str, page: Page, kind: ClientKeyKind | None = None
) -> tuple[list[ClientKey], int]:
    """Return a page of a tenant's keys, newest first, and the number of matches."""
    return client_key_repository.list_keys(tenant_id, page, kind)


def get(tenant_id: str, key_id: str) -> ClientKey:
    """Return one key.

    Raises:
        Refused: The key is unknown.
    """
    key = client_key_repository.get(tenant_id, key_id)
    return require_found(key, AdminReason.CLIENT_KEY_NOT_FOUND)


def revoke(tenant_id: str, key_id: str, now: datetime) -> ClientKey:
    """Revoke a key immediately and return it (idempotent).

    Raises:
        Refused: The key is unknown.
    """
    with transaction():
        before = get(tenant_id, key_id)
        is_changed = client_key_repository.revoke(tenant_id, key_id, now)
        key = get(tenant_id, key_id)
        if is_changed:
            audit.record(
                tenant_id, "client_key.revoked", key_id, before=before, after=key
            )
        return key
