"""Detection of mistyped codes by their check character, mostly without the database.

A code that begins with a checked prefix and has a wrong check character is never
stored. A stale cache therefore never causes an existing code to be refused.
"""

import time

from coupon_core.domain.codes import to_lookup_key
from coupon_core.persistence.repositories import (
    checked_prefixes as checked_prefix_repository,
)

CACHE_TTL_SECONDS = 10.0
MAX_CACHED_TENANTS = 10_000

_prefixes_by_tenant: dict[str, tuple[float, tuple[str, ...]]] = {}


def is_mistyped(tenant_id: str, code: str) -> bool:
    """Return True if a code cannot exist because its check character is wrong."""
    prefixes = _load_checked_prefixes(tenant_id)
    return bool(prefixes) and checked_prefix_repository.has_invalid_check_digit(
        to_lookup_key(code), prefixes
    )


def clear_cache() -> None:
    """Clear the cache, because the process now uses another database."""
    _prefixes_by_tenant.clear()


def _load_checked_prefixes(tenant_id: str) -> tuple[str, ...]:
    expires_at, prefixes = _prefixes_by_tenant.get(tenant_id, (0.0, ()))
    if time.monotonic() < expires_at:
        return prefixes
    if len(_prefixes_by_tenant) >= MAX_CACHED_TENANTS:
        clear_cache()
    prefixes = checked_prefix_repository.list_prefixes(tenant_id)
    _prefixes_by_tenant[tenant_id] = time.monotonic() + CACHE_TTL_SECONDS, prefixes
    return prefixes
