"""Limit code guessing: too many unknown codes block a user or tenant for a while.

Only failures count, against the limit of the user and that of the tenant. A text that
cannot be a code is a typing error and does not count. A use case
enters a `CodeLookupGuard`, which refuses blocked callers before the database is
queried. A failure is noted without I/O, because use cases may be inside a transaction;
`count_failure` counts it at the end of the request.
"""

import threading
from types import TracebackType
from typing import TYPE_CHECKING

from coupon_core.domain.models import ImpossibleCode, Reason, Refused
from coupon_core.security.rate_limiting.policy import GuessLimits

if TYPE_CHECKING:
    from coupon_core.security.rate_limiting.failure_limiter import FailureLimiter

FAILURE_REASONS = frozenset({Reason.COUPON_NOT_FOUND})


_limits = GuessLimits()
_limiter: "FailureLimiter | None" = None
_limiter_lock = threading.Lock()
_noted_failure = threading.local()


def configure(limits: GuessLimits) -> None:
    """Set the limits of this process and reset its counters."""
    global _limits, _limiter
    if _limiter:
        _limiter.close()
    _limits, _limiter = limits, None


def limiter() -> "FailureLimiter":
    """Return the limiter of this process; create it on first use."""
    global _limiter
    if _limiter is None:
        # Imported only when needed: its libraries take longer to load than everything
        # else that couponctl needs.
        from coupon_core.security.rate_limiting.failure_limiter import FailureLimiter

        with _limiter_lock:
            _limiter = _limiter or FailureLimiter(_limits)
    return _limiter


class CodeLookupGuard:
    """A context in which a code is looked up, for a user or only for a tenant.

    Entering it raises RateLimitExceeded for blocked callers. Leaving it with a refusal
    because of an unknown code notes a failure.
    """

    __slots__ = ("_tenant_id", "_user_id")

    def __init__(self, tenant_id: str, user_id: str | None) -> None:
        self._tenant_id, self._user_id = tenant_id, user_id

    def __enter__(self) -> "CodeLookupGuard":
        (_limiter or limiter()).check(self._tenant_id, self._user_id)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, Refused) and not isinstance(error, ImpossibleCode):
            self.note_outcome(error.reason)

    def note_outcome(self, reason: object) -> None:
        """Note a failure if the reason is an unknown code."""
        if reason in FAILURE_REASONS:
            _noted_failure.last = self._tenant_id, self._user_id


def count_failure() -> None:
    """Count the failure that this thread has noted, if any.

    Must be called outside of transactions, because it uses Redis.

    Raises:
        RateLimitExceeded: The failure exceeded a limit.
    """
    failed = getattr(_noted_failure, "last", None)
    if failed is None:
        return
    _noted_failure.last = None
    tenant_id, user_id = failed
    limiter().count(tenant_id, user_id)
