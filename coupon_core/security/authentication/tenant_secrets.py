"""The tenants' signing secrets, remembered for a second."""

import threading
from collections.abc import Iterator

from cachetools import TTLCache

from coupon_core.domain.identifiers import is_tenant_id
from coupon_core.domain.models import TenantSecret
from coupon_core.persistence.repositories import tenants
from coupon_core.security import encryption

CACHE_TTL_SECONDS = 1.0  # for which a tenant's secrets are not read again
MAX_CACHED_TENANTS = 1_024

_secrets_cache: TTLCache[str, tuple[str, ...]] = TTLCache(
    MAX_CACHED_TENANTS, CACHE_TTL_SECONDS
)
_cache_lock = threading.Lock()


def get_active_secrets(tenant_id: str) -> tuple[str, ...]:
    """A tenant's active secrets, at most a second old; none for an unknown tenant."""
    with _cache_lock:
        cached = _secrets_cache.get(tenant_id)
    return _reload_secrets(tenant_id) if cached is None else cached


def candidate_secrets(tenant_id: str) -> Iterator[tuple[str, ...]]:
    """The secrets to verify with: those known and, should none fit, those of now.

    Secrets that are a second old may just have been replaced.
    """
    yield get_active_secrets(tenant_id)
    yield _reload_secrets(tenant_id)


def load_secrets(tenant_id: str) -> list[TenantSecret]:
    """Return a tenant's signing secrets, newest first, as the database has them now.

    The list is empty if there is no such tenant.
    """
    return [
        TenantSecret(tenant_id, secret_id, encryption.decrypt(sealed), created_at)
        for secret_id, sealed, created_at in tenants.list_secrets(tenant_id)
    ]


def _reload_secrets(tenant_id: str) -> tuple[str, ...]:
    if not is_tenant_id(tenant_id):
        return ()  # nor may it come near the database: NUL is an error there
    secrets = tuple(secret.secret for secret in load_secrets(tenant_id))
    with _cache_lock:
        _secrets_cache[tenant_id] = secrets
    return secrets


def clear_cache() -> None:
    """Read all secrets anew."""
    with _cache_lock:
        _secrets_cache.clear()
