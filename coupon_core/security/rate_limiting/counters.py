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

from coupon_core.security.rate_limiting.policy import ALONE, Budget

log = structlog.get_logger("coupon.limits")
DEADLINE_SECONDS = 0.25  # what one answer of Redis may take
AWAY = (RedisError, OSError)
PREFIX = "coupon-limits"


def redis_options(seconds: float) -> dict[str, Any]:
    """Options of a client that does not wait longer, and does not try again."""
    return {
        "socket_timeout": seconds,
        "socket_connect_timeout": DEADLINE_SECONDS,
        "retry": Retry(NoBackoff(), 0),
        "protocol": 2,  # answers have another shape in the third
    }


class Counters:
    """Counts in windows of a budget's length that begin with the first of it.

    `is_shared` is False while Redis is away. Who finds it away says so, and only
    `Blocks` looks whether it is back: so no request waits for it but the first.
    """

    def __init__(self, url: str) -> None:
        options = redis_options(DEADLINE_SECONDS)
        self._shared = None if url == ALONE else _redis(url, options)
        self._own = MemoryStorage()
        self.is_shared = self._shared is not None

    def count(self, budget: Budget, key: str) -> tuple[int, float]:
        """Count one more; gives how many there are now, and the window's rest in s."""
        return self._try(lambda storage: _count(storage, budget, key))

    def count_alone(self) -> None:
        """Redis is away: until `share` nobody asks it."""
        if self.is_shared:
            self.is_shared = False
            log.warning("Redis is away: this process counts alone")

    def share(self) -> None:
        """Redis is there: count in it."""
        if not self.is_shared:
            self.is_shared = True
            log.warning("Redis is there: counting together")

    def _try(self, ask: Callable[[Storage], tuple[int, float]]) -> tuple[int, float]:
        if self._shared and self.is_shared:
            try:
                return ask(self._shared)
            except AWAY:
                self.count_alone()
        return ask(self._own)


def _redis(url: str, options: dict[str, Any]) -> RedisStorage:
    # limits has its own name for sockets, and would take the driver's for a mistake.
    own = url.replace("unix:", "redis+unix:", 1) if url.startswith("unix:") else url
    return RedisStorage(own, key_prefix=PREFIX, **options)


def _count(storage: Storage, budget: Budget, key: str) -> tuple[int, float]:
    item = RateLimitItemPerSecond(budget.amount, budget.seconds, budget.name)
    name = item.key_for(key)
    count = storage.incr(name, item.get_expiry())
    if count < budget.amount:
        return count, float(budget.seconds)
    return count, storage.get_expiry(name) - time.time()
