"""The budgets of failed guesses, and what has been spent of them."""

from coupon_core.security.rate_limiting.blocklist import Blocklist
from coupon_core.security.rate_limiting.counters import Counters
from coupon_core.security.rate_limiting.policy import (
    GuessLimits,
    RateLimit,
    RateLimitExceeded,
)


class FailureLimiter:
    """What users and tenants have spent, in this process or in all of them."""

    def __init__(self, limits: GuessLimits) -> None:
        self._per_user, self._per_tenant = limits.per_user, limits.per_tenant
        self.counters = Counters(limits.url)
        rate_limits = filter(None, (limits.per_user, limits.per_tenant))
        self._blocklist = Blocklist(limits.url, self.counters, rate_limits)
        self._blocklist.has_entries()  # begins to hear of them

    def check(self, tenant_id: str, user_id: str | None) -> None:
        """OverBudget when the tenant or the user has failed too often; asks nobody."""
        if self._blocklist.has_entries():
            self._blocklist.check(tenant_id)
            self._blocklist.check(f"{tenant_id}/{user_id}")

    def count(self, tenant_id: str, user_id: str | None) -> None:
        """Count a failure. OverBudget when it was one too many."""
        if user_id and self._per_user:
            self._count_failure(self._per_user, f"{tenant_id}/{user_id}")
        if self._per_tenant:
            self._count_failure(self._per_tenant, tenant_id)

    def close(self) -> None:
        """Hear no more of other processes."""
        self._blocklist.close()

    def _count_failure(self, rate_limit: RateLimit, key: str) -> None:
        count, remaining = self.counters.count(rate_limit, key)
        if count >= rate_limit.amount:
            self._blocklist.block(key, rate_limit, remaining)
        if count > rate_limit.amount:
            raise RateLimitExceeded(rate_limit, remaining)
