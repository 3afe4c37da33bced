"""Load the tenants' signing secrets and cache them for a second."""

import threading
from collections.abc import Iterator

from cachetools import TTLCache

from coupon_core.domain.identifiers import is_tenant_id
from coupon_core.domain.models import TenantSecret
from coupon_core.persistence.repositories import tenants
from coupon_core.security import encryption

CACHE_TTL_SECONDS = 1.0
MAX_CACHED_TENANTS = 1_024

_secrets_cache: TTLCache[str, tuple[str, ...]] = TTLCache(
    MAX_CACHED_TENANTS, CACHE_TTL_SECONDS
)
_cache_lock = threading.Lock()


def get_active_secrets(tenant_id: str) -> tuple[str, ...]:
    """Return a tenant's active secrets, cached for a second; empty if unknown."""
    with _cache_lock:
        cached = _secrets_cache.get(tenant_id)
    return _reload_secrets(tenant_id) if cached is None else cached


def candidate_secrets(tenant_id: str) -> Iterator[tuple[str, ...]]:
    """Yield the secrets to verify with: first the cached, then the current ones.

    Cached secrets may just have been replaced.
    """
    yield get_active_secrets(tenant_id)
    yield _reload_secrets(tenant_id)


def load_secrets(tenant_id: str) -> list[TenantSecret]:
    """Return a tenant's current signing secrets from the database, newest first.

    The list is empty if there is no such tenant.
    """
    return [
        TenantSecret(tenant_id, secret_id, encryption.decrypt(sealed), created_at)
        for secret_id, sealed, created_at in tenants.list_secrets(tenant_id)
    ]


def _reload_secrets(tenant_id: str) -> tuple[str, ...]:
    if not is_tenant_id(tenant_id):
        # Invalid ids are not looked up: NUL would be a database error.
        return ()
    secrets = tuple(secret.secret for secret in load_secrets(tenant_id))
    with _cache_lock:
        _secrets_cache[tenant_id] = secrets
    return secrets


def clear_cache() -> None:
    """Clear the cache, so that all secrets are loaded again."""
    with _cache_lock:
        _secrets_cache.clear()
