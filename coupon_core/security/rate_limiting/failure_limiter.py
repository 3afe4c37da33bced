"""Count failed lookups of users and tenants against their limits."""

from coupon_core.security.rate_limiting.blocklist import Blocklist
from coupon_core.security.rate_limiting.counters import Counters
from coupon_core.security.rate_limiting.policy import (
    GuessLimits,
    RateLimit,
    RateLimitExceeded,
)


class FailureLimiter:
    """The failures of users and tenants, in this process or in all processes."""

    def __init__(self, limits: GuessLimits) -> None:
        self._per_user, self._per_tenant = limits.per_user, limits.per_tenant
        self.counters = Counters(limits.url)
        rate_limits = filter(None, (limits.per_user, limits.per_tenant))
        self._blocklist = Blocklist(limits.url, self.counters, rate_limits)
        # The first call starts the listener.
        self._blocklist.has_entries()

    def check(self, tenant_id: str, user_id: str | None) -> None:
        """Check that tenant and user are not blocked, without I/O.

        Raises:
            RateLimitExceeded: The tenant or the user has failed too often.
        """
        if self._blocklist.has_entries():
            self._blocklist.check(tenant_id)
            self._blocklist.check(f"{tenant_id}/{user_id}")

    def count(self, tenant_id: str, user_id: str | None) -> None:
        """Count a failure.

        Raises:
            RateLimitExceeded: The failure exceeded a limit.
        """
        if user_id and self._per_user:
            self._count_failure(self._per_user, f"{tenant_id}/{user_id}")
        if self._per_tenant:
            self._count_failure(self._per_tenant, tenant_id)

    def close(self) -> None:
        """Stop receiving blocks of other processes."""
        self._blocklist.close()

    def _count_failure(self, rate_limit: RateLimit, key: str) -> None:
        count, remaining = self.counters.count(rate_limit, key)
        if count >= rate_limit.amount:
            self._blocklist.block(key, rate_limit, remaining)
        if count > rate_limit.amount:
            raise RateLimitExceeded(rate_limit, remaining)
