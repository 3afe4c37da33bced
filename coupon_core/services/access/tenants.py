"""Tenants, their signing secrets, and the API keys of their administrators."""

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
from coupon_core.domain.rules.scopes import find_missing_scopes
from coupon_core.persistence.database import transaction
from coupon_core.persistence.id_generation import generate_id
from coupon_core.persistence.repositories import tenants as tenant_repository
from coupon_core.security import encryption
from coupon_core.security.authentication.tenant_secrets import load_secrets
from coupon_core.services import audit
from coupon_core.services.errors import require_found

# A tenant with one of these IDs would make URL paths ambiguous. The Mambo segments are
# ambiguous in Mambo's paths only: Phoenix still accepts tenants with these IDs.
PHOENIX_PATH_SEGMENTS = frozenset(
    ["user", "definitions", "validate", "redeem", "reserve", "reservations"]
) | {"server", "client", "tenants"}
MAMBO_PATH_SEGMENTS = frozenset(["activities", "coupons"])
RESERVED_TENANT_IDS = PHOENIX_PATH_SEGMENTS | MAMBO_PATH_SEGMENTS
MAX_ACTIVE_SECRETS = 2
ALL_SCOPES = frozenset(Scope)


def create(tenant_id: str, now: datetime) -> tuple[TenantSecret, ApiKey, str]:
    """Create a tenant; return its secret, its first API key and the key's plain text.

    Raises:
        Refused: The tenant ID is taken or reserved.
    """
    if tenant_id.lower() in RESERVED_TENANT_IDS:
        raise Refused(AdminReason.TENANT_ID_RESERVED)
    with transaction():
        if not tenant_repository.insert(tenant_id, now):
            raise Refused(AdminReason.TENANT_EXISTS)
        secret = _add_secret(tenant_id, now)
        key, plaintext = _add_key(
            tenant_id, "first key", scopes=ALL_SCOPES, expires_at=None, now=now
        )
        audit.record(tenant_id, "tenant.created", tenant_id, api_key=key.key_id)
    return secret, key, plaintext


def list_tenants(page: Page) -> tuple[list[tuple[str, datetime]], int]:
    """Return a page of tenant IDs with creation times, and the number of tenants."""
    return tenant_repository.list_tenants(page)


def list_with_reserved_ids() -> list[str]:
    """Return the tenants whose ID was reserved only after they were created."""
    return tenant_repository.list_existing(sorted(RESERVED_TENANT_IDS))


def require(tenant_id: str) -> None:
    """Require that a tenant exists.

    Raises:
        Refused: The tenant is unknown.
    """
    if not tenant_repository.exists(tenant_id):
        raise Refused(AdminReason.TENANT_NOT_FOUND)


def erase(tenant_id: str) -> None:
    """Delete a tenant and all of its data except the audit log.

    Raises:
        Refused: The tenant is unknown.
    """
    with transaction():
        tenant_repository.lock(tenant_id)
        if not tenant_repository.erase(tenant_id):
            raise Refused(AdminReason.TENANT_NOT_FOUND)
        audit.record(tenant_id, "tenant.erased", tenant_id)


def rotate_secret(tenant_id: str, now: datetime) -> TenantSecret:
    """Create a signing secret; the previous one remains valid until the next rotation.

    Raises:
        Refused: The tenant is unknown.
    """
    require(tenant_id)
    with transaction():
        tenant_repository.lock(tenant_id)
        # Delete the outdated secrets first: on a machine whose clock is slow, the new
        # secret would be sorted behind them.
        outdated = tenant_repository.list_secrets(tenant_id)[MAX_ACTIVE_SECRETS - 1 :]
        tenant_repository.delete_secrets(
            tenant_id, [secret_id for secret_id, *_ in outdated]
        )
        secret = _add_secret(tenant_id, now)
        audit.record(tenant_id, "secret.rotated", secret.secret_id)
    return secret


def retire_secret(tenant_id: str, secret_id: str) -> None:
    """Revoke a signing secret.

    Raises:
        Refused: The secret is unknown or the only one.
    """
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
    """Create an API key; return it and its plain text, which cannot be read again.

    The `principal` is None for commands on the server itself, which may grant any
    scope.

    Raises:
        Refused: The principal lacks one of the scopes, or the tenant is unknown.
    """
    if principal and find_missing_scopes(principal.scopes, scopes):
        raise Refused(AdminReason.SCOPE_TOO_WIDE)
    require(tenant_id)
    with transaction():
        key, plaintext = _add_key(
            tenant_id, name, scopes=scopes, expires_at=expires_at, now=now
        )
        audit.record(tenant_id, "api_key.created", key.key_id, after=key, scopes=scopes)
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
    """Return a page of a tenant's API keys, newest first, and their number."""
    return tenant_repository.list_keys(tenant_id, page)


def get_key(tenant_id: str, key_id: str) -> ApiKey:
    """Return one API key.

    Raises:
        Refused: The key is unknown.
    """
    key = tenant_repository.get_key(tenant_id, key_id)
    return require_found(key, AdminReason.API_KEY_NOT_FOUND)


def revoke_key(tenant_id: str, key_id: str, now: datetime) -> ApiKey:
    """Revoke an API key immediately and return it (idempotent).

    Raises:
        Refused: The key is unknown.
    """
    with transaction():
        before = get_key(tenant_id, key_id)
        is_changed = tenant_repository.revoke_key(tenant_id, key_id, now)
        key = get_key(tenant_id, key_id)
        if is_changed:
            audit.record(tenant_id, "api_key.revoked", key_id, before=before, after=key)
        return key
