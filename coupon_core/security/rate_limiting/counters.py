"""Count events in Redis, or in this process while Redis is unavailable."""

import time
from collections.abc import Callable
from typing import Any

import structlog
from limits.limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage, RedisStorage, Storage
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from coupon_core.messaging import sentinel
from coupon_core.security.rate_limiting.policy import IN_MEMORY_URL, RateLimit

log = structlog.get_logger("coupon.limits")
REDIS_TIMEOUT_SECONDS = 0.25  # for one response of Redis
REDIS_ERRORS = (RedisError, OSError)
KEY_PREFIX = "coupon-limits"


def build_redis_options(timeout_seconds: float) -> dict[str, Any]:
    """Return options of a client with this timeout and without retries."""
    return {
        "socket_timeout": timeout_seconds,
        "socket_connect_timeout": REDIS_TIMEOUT_SECONDS,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,  # responses have a different structure in version 3
    }


class Counters:
    """Counters with fixed windows that begin with the first counted event.

    `is_shared` is False while Redis is unavailable. The first failing call sets it, and
    only `Blocklist` tests whether Redis is back, so that no other request waits for it.
    """

    def __init__(self, url: str) -> None:
        options = build_redis_options(REDIS_TIMEOUT_SECONDS)
        self._redis_storage = (
            None if url == IN_MEMORY_URL else _create_redis_storage(url, options)
        )
        self._memory_storage = MemoryStorage()
        self.is_shared = self._redis_storage is not None

    def count(self, rate_limit: RateLimit, key: str) -> tuple[int, float]:
        """Count an event; return the count and the remaining seconds of the window."""
        return self._count_with_fallback(
            lambda storage: _increment(storage, rate_limit, key)
        )

    def read(self, rate_limit: RateLimit, key: str) -> tuple[int, float]:
        """Return the same as `count` without counting an event."""
        return self._count_with_fallback(
            lambda storage: _read_count(storage, rate_limit, key)
        )

    def fall_back_to_memory(self) -> None:
        """Count in this process until `resume_redis` is called."""
        if self.is_shared:
            self.is_shared = False
            log.warning("Redis is away: this process counts alone")

    def resume_redis(self) -> None:
        """Count in Redis again."""
        if not self.is_shared:
            self.is_shared = True
            log.warning("Redis is there: counting together")

    def _count_with_fallback(
        self, operation: Callable[[Storage], tuple[int, float]]
    ) -> tuple[int, float]:
        if self._redis_storage and self.is_shared:
            try:
                return operation(self._redis_storage)
            except REDIS_ERRORS:
                self.fall_back_to_memory()
        return operation(self._memory_storage)


def _create_redis_storage(url: str, options: dict[str, Any]) -> RedisStorage:
    if sentinel.is_sentinel_url(url):
        pool = sentinel.create_client(url, **options).connection_pool
        return RedisStorage("redis://", connection_pool=pool, key_prefix=KEY_PREFIX)
    # The library `limits` has its own URL scheme for sockets and refuses `unix:`.
    redis_url = (
        url.replace("unix:", "redis+unix:", 1) if url.startswith("unix:") else url
    )
    return RedisStorage(redis_url, key_prefix=KEY_PREFIX, **options)


def _read_count(storage: Storage, rate_limit: RateLimit, key: str) -> tuple[int, float]:
    name = _create_item(rate_limit).key_for(key)
    return storage.get(name), storage.get_expiry(name) - time.time()


def _create_item(rate_limit: RateLimit) -> RateLimitItemPerSecond:
    return RateLimitItemPerSecond(
        rate_limit.amount, rate_limit.seconds, rate_limit.name
    )


def _increment(storage: Storage, rate_limit: RateLimit, key: str) -> tuple[int, float]:
    item = _create_item(rate_limit)
    name = item.key_for(key)
    count = storage.incr(name, item.get_expiry())
    if count < rate_limit.amount:
        return count, float(rate_limit.seconds)
    return count, storage.get_expiry(name) - time.time()
