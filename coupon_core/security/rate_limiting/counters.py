"""Counting what happens: in Redis for all processes, in this one while it is away."""

import time
from collections.abc import Callable
from typing import Any

import structlog
from limits.limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage, RedisStorage, Storage
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from coupon_core.security.rate_limiting.policy import IN_MEMORY_URL, RateLimit

log = structlog.get_logger("coupon.limits")
REDIS_TIMEOUT_SECONDS = 0.25  # what one answer of Redis may take
REDIS_ERRORS = (RedisError, OSError)
KEY_PREFIX = "coupon-limits"


def build_redis_options(timeout_seconds: float) -> dict[str, Any]:
    """Options of a client that does not wait longer, and does not try again."""
    return {
        "socket_timeout": timeout_seconds,
        "socket_connect_timeout": REDIS_TIMEOUT_SECONDS,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,  # answers have another shape in the third
    }


class Counters:
    """Counts in windows of a budget's length that begin with the first of it.

    `is_shared` is False while Redis is away. Who finds it away says so, and only
    `Blocks` looks whether it is back: so no request waits for it but the first.
    """

    def __init__(self, url: str) -> None:
        options = build_redis_options(REDIS_TIMEOUT_SECONDS)
        self._redis_storage = (
            None if url == IN_MEMORY_URL else _create_redis_storage(url, options)
        )
        self._memory_storage = MemoryStorage()
        self.is_shared = self._redis_storage is not None

    def count(self, rate_limit: RateLimit, key: str) -> tuple[int, float]:
        """Count one more; gives how many there are now, and the window's rest in s."""
        return self._count_with_fallback(
            lambda storage: _increment(storage, rate_limit, key)
        )

    def fall_back_to_memory(self) -> None:
        """Redis is away: until `resume_redis` nobody asks it."""
        if self.is_shared:
            self.is_shared = False
            log.warning("Redis is away: this process counts alone")

    def resume_redis(self) -> None:
        """Redis is there: count in it."""
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
    # limits has its own name for sockets, and would take the driver's for a mistake.
    redis_url = (
        url.replace("unix:", "redis+unix:", 1) if url.startswith("unix:") else url
    )
    return RedisStorage(redis_url, key_prefix=KEY_PREFIX, **options)


def _increment(storage: Storage, rate_limit: RateLimit, key: str) -> tuple[int, float]:
    item = RateLimitItemPerSecond(
        rate_limit.amount, rate_limit.seconds, rate_limit.name
    )
    name = item.key_for(key)
    count = storage.incr(name, item.get_expiry())
    if count < rate_limit.amount:
        return count, float(rate_limit.seconds)
    return count, storage.get_expiry(name) - time.time()
