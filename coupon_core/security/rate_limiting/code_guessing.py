"""Guessing codes: who names too many unknown ones is not heard for a while.

Only failures count, against the user's budget and the tenant's. A use case opens a
`CodeLookupGuard`, which refuses who is blocked before the database is asked. A failure
is noted without any I/O, for use cases may be in the midst of a transaction;
`count_failure` does the counting when the request is over.
"""

import threading
from types import TracebackType
from typing import TYPE_CHECKING

from coupon_core.domain.models import Reason, Refused
from coupon_core.security.rate_limiting.policy import GuessLimits

if TYPE_CHECKING:
    from coupon_core.security.rate_limiting.failure_limiter import FailureLimiter

FAILURE_REASONS = frozenset({Reason.COUPON_NOT_FOUND})


_limits = GuessLimits()
_limiter: "FailureLimiter | None" = None
_limiter_lock = threading.Lock()
_noted_failure = threading.local()


def configure(limits: GuessLimits) -> None:
    """Set what this process allows, and forget what was counted here."""
    global _limits, _limiter
    if _limiter:
        _limiter.close()
    _limits, _limiter = limits, None


def limiter() -> "FailureLimiter":
    """What has been spent of the budgets; other processes are heard of from now on."""
    global _limiter
    if _limiter is None:
        # Not before it is needed: its libraries take longer to load than all the rest
        # that couponctl needs.
        from coupon_core.security.rate_limiting.failure_limiter import FailureLimiter

        with _limiter_lock:
            _limiter = _limiter or FailureLimiter(_limits)
    return _limiter


class CodeLookupGuard:
    """A code being looked up for a user, or for nobody in particular.

    OverBudget on the way in; on the way out a refusal that says that there is no such
    code is noted as a failure.
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
        if isinstance(error, Refused):
            self.note_outcome(error.reason)

    def note_outcome(self, reason: object) -> None:
        """Note a failure, if that is why the code was refused."""
        if reason in FAILURE_REASONS:
            _noted_failure.last = self._tenant_id, self._user_id


def count_failure() -> None:
    """Count the failure that this thread has noted, if any; OverBudget if one too many.

    Outside of any transaction: it asks Redis.
    """
    failed = getattr(_noted_failure, "last", None)
    if failed is None:
        return
    _noted_failure.last = None
    tenant_id, user_id = failed
    limiter().count(tenant_id, user_id)
