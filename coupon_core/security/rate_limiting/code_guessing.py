"""Guessing codes: who names too many unknown ones is not heard for a while.

Only failures count, against the user's budget and the tenant's. A use case opens a
`Guess`, which refuses who is blocked before the database is asked, and is told what
became of it. A failure is noted without any I/O, for use cases may be in the midst of a
transaction; `count` does the counting when the request is over.
"""

import threading
from types import TracebackType
from typing import TYPE_CHECKING

from coupon_core.domain.models import Reason, Refused
from coupon_core.security.rate_limiting.policy import Allowed

if TYPE_CHECKING:
    from coupon_core.security.rate_limiting.failure_limiter import Spending

FAILURES = frozenset({Reason.COUPON_NOT_FOUND})


_allowed = Allowed()
_spending: "Spending | None" = None
_opening = threading.Lock()
_failed = threading.local()


def allow(allowed: Allowed) -> None:
    """Set what this process allows, and forget what was counted here."""
    global _allowed, _spending
    if _spending:
        _spending.close()
    _allowed, _spending = allowed, None


def spending() -> "Spending":
    """What has been spent of the budgets; other processes are heard of from now on."""
    global _spending
    if _spending is None:
        # Not before it is needed: its libraries take longer to load than all the rest
        # that couponctl needs.
        from coupon_core.security.rate_limiting.failure_limiter import Spending

        with _opening:
            _spending = _spending or Spending(_allowed)
    return _spending


class Guess:
    """A code being looked up for a user, or for nobody in particular.

    OverBudget on the way in; on the way out a refusal that says that there is no such
    code is noted as a failure.
    """

    __slots__ = ("_tenant_id", "_user_id")

    def __init__(self, tenant_id: str, user_id: str | None) -> None:
        self._tenant_id, self._user_id = tenant_id, user_id

    def __enter__(self) -> "Guess":
        (_spending or spending()).check(self._tenant_id, self._user_id)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, Refused):
            self.judge(error.reason)

    def judge(self, reason: object) -> None:
        """Note a failure, if that is why the code was refused."""
        if reason in FAILURES:
            _failed.last = self._tenant_id, self._user_id


def count_failure() -> None:
    """Count the failure that this thread has noted, if any; OverBudget if one too many.

    Outside of any transaction: it asks Redis.
    """
    failed = getattr(_failed, "last", None)
    if failed is None:
        return
    _failed.last = None
    spending().count(*failed)
