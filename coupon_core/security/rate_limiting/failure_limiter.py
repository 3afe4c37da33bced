"""The budgets of failed guesses, and what has been spent of them."""

from coupon_core.security.rate_limiting.blocklist import Blocks
from coupon_core.security.rate_limiting.counters import Counters
from coupon_core.security.rate_limiting.policy import Allowed, Budget, OverBudget


class Spending:
    """What users and tenants have spent, in this process or in all of them."""

    def __init__(self, allowed: Allowed) -> None:
        self._per_user, self._per_tenant = allowed.per_user, allowed.per_tenant
        self.counters = Counters(allowed.url)
        budgets = [one for one in (allowed.per_user, allowed.per_tenant) if one]
        self._blocks = Blocks(allowed.url, self.counters, budgets)
        self._blocks.are_any()  # begins to hear of them

    def check(self, tenant_id: str, user_id: str | None) -> None:
        """OverBudget when the tenant or the user has failed too often; asks nobody."""
        if self._blocks.are_any():
            self._blocks.check(tenant_id)
            self._blocks.check(f"{tenant_id}/{user_id}")

    def count(self, tenant_id: str, user_id: str | None) -> None:
        """Count a failure. OverBudget when it was one too many."""
        if user_id and self._per_user:
            self._spend(self._per_user, f"{tenant_id}/{user_id}")
        if self._per_tenant:
            self._spend(self._per_tenant, tenant_id)

    def close(self) -> None:
        """Hear no more of other processes."""
        self._blocks.close()

    def _spend(self, budget: Budget, key: str) -> None:
        count, left = self.counters.count(budget, key)
        if count >= budget.amount:
            self._blocks.block(key, budget, left)
        if count > budget.amount:
            raise OverBudget(budget, left)
