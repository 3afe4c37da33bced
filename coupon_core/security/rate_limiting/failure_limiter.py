"""Count failed lookups of users, credentials and tenants against their limits."""

import json
from datetime import timedelta

from coupon_core.domain.clock import utc_now
from coupon_core.domain.models.attempts import GuessingBlock
from coupon_core.observability import attempt_buffer
from coupon_core.security.rate_limiting.blocklist import Blocklist
from coupon_core.security.rate_limiting.counters import Counters
from coupon_core.security.rate_limiting.policy import (
    GuessLimits,
    RateLimit,
    RateLimitExceeded,
    format_key,
)


class FailureLimiter:
    """The failures of all callers, in this process or in all processes."""

    def __init__(self, limits: GuessLimits) -> None:
        self._per_user, self._per_tenant = limits.per_user, limits.per_tenant
        self._per_key = limits.per_key
        self.counters = Counters(limits.url)
        rate_limits = filter(None, (limits.per_user, limits.per_key, limits.per_tenant))
        self._blocklist = Blocklist(limits.url, self.counters, rate_limits)
        # The first call starts the listener.
        self._blocklist.has_entries()

    def check(
        self, tenant_id: str, user_id: str | None, key_id: str | None = None
    ) -> None:
        """Check that the tenant and the caller are not blocked, without I/O.

        Raises:
            RateLimitExceeded: The tenant or the caller has failed too often.
        """
        if self._blocklist.has_entries():
            self._blocklist.check(_format_tenant_key(tenant_id))
            self._blocklist.check(_format_caller_key(tenant_id, user_id, key_id))

    def count(
        self, tenant_id: str, user_id: str | None, key_id: str | None = None
    ) -> None:
        """Count a failure of a user, or of a credential that names no user.

        The latter does not count against the tenant: one credential must not use up
        the limit that all users share.

        Raises:
            RateLimitExceeded: The failure exceeded a limit.
        """
        caller_key = _format_caller_key(tenant_id, user_id, key_id)
        if not user_id:
            self._count_failure(self._per_key, caller_key)
            return
        self._count_failure(self._per_user, caller_key)
        self._count_failure(self._per_tenant, _format_tenant_key(tenant_id))

    def count_remaining(self, tenant_id: str, user_id: str) -> int | None:
        """Return how many unknown codes a user may still enter.

        None if there is no limit, or if each process counts on its own.
        """
        rate_limit = self._per_user
        if rate_limit is None or not self.counters.is_shared:
            return None
        key = _format_caller_key(tenant_id, user_id, None)
        count, _ = self.counters.read(rate_limit, key)
        return max(0, rate_limit.amount - count)

    def close(self) -> None:
        """Stop receiving blocks of other processes."""
        self._blocklist.close()

    def _count_failure(self, rate_limit: RateLimit | None, key: str) -> None:
        if rate_limit is None:
            return
        count, remaining = self.counters.count(rate_limit, key)
        if count >= rate_limit.amount:
            self._blocklist.block(key, rate_limit, remaining)
        if count == rate_limit.amount:  # once in each window
            _note_block(key, rate_limit, remaining)
        if count > rate_limit.amount:
            raise RateLimitExceeded(rate_limit, remaining)


def _note_block(key: str, rate_limit: RateLimit, seconds: float) -> None:
    """Announce the block of a key, with the user or credential that the key names."""
    _, tenant_id, *subject = json.loads(key)
    now = utc_now()
    attempt_buffer.note_block(
        GuessingBlock(
            tenant_id,
            rate_limit.name,
            subject=(subject[0] if subject else tenant_id) or "",
            amount=rate_limit.amount,
            window_seconds=rate_limit.seconds,
            blocked_at=now,
            blocked_until=now + timedelta(seconds=seconds),
        )
    )


def _format_tenant_key(tenant_id: str) -> str:
    return format_key("tenant", tenant_id)


def _format_caller_key(tenant_id: str, user_id: str | None, key_id: str | None) -> str:
    if user_id:
        return format_key("user", tenant_id, user_id)
    return format_key("key", tenant_id, key_id)
