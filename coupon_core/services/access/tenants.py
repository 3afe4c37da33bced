"""Tenants, the secrets that sign for them, and the keys of their admins."""

import secrets
from collections.abc import Set
from datetime import datetime

from coupon_core.domain.models import (
    AdminReason,
    ApiKey,
    Page,
    Principal,
    Refused,
    Scope,
    TenantSecret,
)
from coupon_core.persistence.database import transaction
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories import tenants as tenant_repository
from coupon_core.security import encryption
from coupon_core.security.authentication.tenant_secrets import load_secrets
from coupon_core.services import audit
from coupon_core.services.errors import require_found

# Words of the paths: a tenant of such a name would make a path mean two things. What
# Mambo's paths mean two things by is a tenant all the same to Phoenix's.
PHOENIX_PATH_SEGMENTS = frozenset(
    ["user", "definitions", "validate", "redeem", "server", "client", "tenants"]
)
MAMBO_PATH_SEGMENTS = frozenset(["activities", "coupons"])
RESERVED_TENANT_IDS = PHOENIX_PATH_SEGMENTS | MAMBO_PATH_SEGMENTS
MAX_ACTIVE_SECRETS = 2
ALL_SCOPES = frozenset(Scope)


def create(tenant_id: str, now: datetime) -> tuple[TenantSecret, ApiKey, str]:
    """Add a tenant; gives its secret, its first API key and that key's plain text.

    Refused when the id is taken or is a word of the paths.
    """
    if tenant_id.lower() in RESERVED_TENANT_IDS:
        raise Refused(AdminReason.TENANT_ID_RESERVED)
    with transaction():
        if not tenant_repository.insert(tenant_id, now):
            raise Refused(AdminReason.TENANT_EXISTS)
        secret = _add_secret(tenant_id, now)
        key, plaintext = _add_key(tenant_id, "first key", ALL_SCOPES, None, now)
        audit.record(tenant_id, "tenant.created", tenant_id, api_key=key.key_id)
    return secret, key, plaintext


def list_tenants(page: Page) -> tuple[list[tuple[str, datetime]], int]:
    """Tenants by id with their creation times, and how many there are in all."""
    return tenant_repository.list_tenants(page)


def require(tenant_id: str) -> None:
    """Refused when there is no such tenant."""
    if not tenant_repository.exists(tenant_id):
        raise Refused(AdminReason.TENANT_NOT_FOUND)


def erase(tenant_id: str) -> None:
    """Remove a tenant and all that is its. Refused when there is none."""
    with transaction():
        tenant_repository.lock(tenant_id)
        if not tenant_repository.erase(tenant_id):
            raise Refused(AdminReason.TENANT_NOT_FOUND)
        audit.record(tenant_id, "tenant.erased", tenant_id)


def rotate_secret(tenant_id: str, now: datetime) -> TenantSecret:
    """A new signing secret; the one before it stays good until the next rotation."""
    require(tenant_id)
    with transaction():
        tenant_repository.lock(tenant_id)
        # First the old ones go: by a clock that is behind the new one looks old too.
        outdated = tenant_repository.list_secrets(tenant_id)[MAX_ACTIVE_SECRETS - 1 :]
        tenant_repository.delete_secrets(
            tenant_id, [secret_id for secret_id, *_ in outdated]
        )
        secret = _add_secret(tenant_id, now)
        audit.record(tenant_id, "secret.rotated", secret.secret_id)
    return secret


def retire_secret(tenant_id: str, secret_id: str) -> None:
    """Make a signing secret worthless. Refused when unknown or the only one."""
    with transaction():
        tenant_repository.lock(tenant_id)
        active_secrets = tenant_repository.list_secrets(tenant_id)
        active_ids = [active_id for active_id, *_ in active_secrets]
        if secret_id not in active_ids:
            raise Refused(AdminReason.SECRET_NOT_FOUND)
        if len(active_ids) == 1:
            raise Refused(AdminReason.LAST_SECRET)
        tenant_repository.delete_secrets(tenant_id, [secret_id])
        audit.record(tenant_id, "secret.retired", secret_id)


def list_secrets(tenant_id: str) -> list[TenantSecret]:
    """Return a tenant's signing secrets, newest first; none for an unknown tenant."""
    return load_secrets(tenant_id)


def _add_secret(tenant_id: str, now: datetime) -> TenantSecret:
    secret = TenantSecret(
        tenant_id, generate_id(), f"ts_{secrets.token_urlsafe(32)}", now
    )
    tenant_repository.add_secret(
        tenant_id, secret.secret_id, encryption.encrypt(secret.secret), now
    )
    return secret


def create_key(
    principal: Principal | None,
    tenant_id: str,
    name: str,
    scopes: Set[Scope],
    expires_at: datetime | None,
    now: datetime,
) -> tuple[ApiKey, str]:
    """A new API key and its plain text, which is shown only here.

    Refused when the caller's own key may not do all of that; the operator of the
    system, who has no principal, may.
    """
    if principal and not scopes <= principal.scopes:
        raise Refused(AdminReason.SCOPE_TOO_WIDE)
    require(tenant_id)
    with transaction():
        key, plaintext = _add_key(tenant_id, name, scopes, expires_at, now)
        audit.record(tenant_id, "api_key.created", key.key_id, scopes=scopes)
    return key, plaintext


def _add_key(
    tenant_id: str,
    name: str,
    scopes: Set[Scope],
    expires_at: datetime | None,
    now: datetime,
) -> tuple[ApiKey, str]:
    plaintext = f"pk_{secrets.token_urlsafe(32)}"
    key = ApiKey(
        tenant_id=tenant_id,
        key_id=generate_id(),
        name=name,
        scopes=frozenset(scopes),
        created_at=now,
        expires_at=expires_at,
        revoked_at=None,
    )
    tenant_repository.insert_key(
        key, encryption.fingerprint(plaintext), encryption.encrypt(plaintext)
    )
    return key, plaintext


def list_keys(tenant_id: str, page: Page) -> tuple[list[ApiKey], int]:
    """A tenant's API keys, newest first, and how many there are in all."""
    return tenant_repository.list_keys(tenant_id, page)


def get_key(tenant_id: str, key_id: str) -> ApiKey:
    """One API key. Refused when there is none."""
    key = tenant_repository.get_key(tenant_id, key_id)
    return require_found(key, AdminReason.API_KEY_NOT_FOUND)


def revoke_key(tenant_id: str, key_id: str, now: datetime) -> ApiKey:
    """Make an API key worthless at once; again changes nothing."""
    with transaction():
        if tenant_repository.revoke_key(tenant_id, key_id, now):
            audit.record(tenant_id, "api_key.revoked", key_id)
        return get_key(tenant_id, key_id)
