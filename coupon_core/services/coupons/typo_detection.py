"""Detection of mistyped codes by their check character, mostly without the database.

A code that begins with a checked prefix and has a wrong check character is never
stored. A stale cache therefore never causes an existing code to be refused.
"""

import threading

from cachetools import TTLCache, cached

from coupon_core.domain.codes import to_lookup_key
from coupon_core.persistence.repositories import (
    checked_prefixes as checked_prefix_repository,
)

CACHE_TTL_SECONDS = 10.0
MAX_CACHED_TENANTS = 10_000


def is_mistyped(tenant_id: str, code: str) -> bool:
    """Return True if a code cannot exist because its check character is wrong."""
    prefixes = _load_checked_prefixes(tenant_id)
    return bool(prefixes) and checked_prefix_repository.has_invalid_check_digit(
        to_lookup_key(code), prefixes
    )


@cached(TTLCache(MAX_CACHED_TENANTS, CACHE_TTL_SECONDS), key=str, lock=threading.Lock())
def _load_checked_prefixes(tenant_id: str) -> tuple[str, ...]:
    return checked_prefix_repository.list_prefixes(tenant_id)


def clear_cache() -> None:
    """Clear the cache, because the process now uses another database."""
    _load_checked_prefixes.cache_clear()
