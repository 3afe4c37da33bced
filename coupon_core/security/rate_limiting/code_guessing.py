"""Limit code guessing: too many unknown codes block a caller or tenant for a while.

Only failures count. A text that cannot be a code is a typing error and does not count.
Failures of a user count against the limits of the user and of the tenant; those of a
credential that names no user count against a limit of that credential alone, so that a
key that ships in a game client cannot block the users of its tenant.

A use case enters a `CodeLookupGuard`, which refuses blocked callers before the database
is queried. Counting may use Redis, so it happens outside of transactions: a refused
command leaves the guard as `FailedLookup`, which is counted after the rollback.
"""

import threading
from types import TracebackType
from typing import Protocol

from coupon_core.domain.models import ImpossibleCode, Reason, Refused
from coupon_core.security.rate_limiting.policy import GuessLimits, RateLimit

FAILURE_REASONS = frozenset({Reason.COUPON_NOT_FOUND})


class EventCounters(Protocol):
    """Counters with windows, shared by all processes if they have a Redis."""

    def count(self, rate_limit: RateLimit, key: str) -> tuple[int, float]:
        """Count an event; return the count and the remaining seconds of the window."""

    def read(self, rate_limit: RateLimit, key: str) -> tuple[int, float]:
        """Return the same without counting an event."""


class Limiter(Protocol):
    """The counters of failures that this process uses."""

    @property
    def counters(self) -> EventCounters:
        """Return the counters, which also count requests."""

    def check(
        self, tenant_id: str, user_id: str | None, key_id: str | None = None
    ) -> None:
        """Raise RateLimitExceeded if the caller or the tenant is blocked."""

    def count(
        self, tenant_id: str, user_id: str | None, key_id: str | None = None
    ) -> None:
        """Count a failure; raise RateLimitExceeded if it exceeded a limit."""

    def count_remaining(self, tenant_id: str, user_id: str) -> int | None:
        """Return how many failures a user has left, or None if that is not known."""

    def close(self) -> None:
        """Stop receiving blocks of other processes."""


_limits = GuessLimits()
_limiter: Limiter | None = None
_limiter_lock = threading.Lock()


def configure(limits: GuessLimits) -> None:
    """Set the limits of this process and reset its counters."""
    global _limits, _limiter
    if _limiter:
        _limiter.close()
    _limits, _limiter = limits, None


def limiter() -> Limiter:
    """Return the limiter of this process; create it on first use."""
    global _limiter
    if _limiter is None:
        # Imported only when needed: its libraries take longer to load than everything
        # else that couponctl needs.
        from coupon_core.security.rate_limiting.failure_limiter import FailureLimiter

        with _limiter_lock:
            _limiter = _limiter or FailureLimiter(_limits)
    return _limiter


class FailedLookup(Refused):
    """A refusal because of an unknown code, which still has to be counted.

    Call `count_failure` outside of transactions.
    """

    def __init__(
        self, refused: Refused, tenant_id: str, user_id: str | None, key_id: str | None
    ) -> None:
        super().__init__(refused.reason, refused.detail, refused.definition)
        self._caller = tenant_id, user_id, key_id

    def count_failure(self) -> None:
        """Count the failure.

        Raises:
            RateLimitExceeded: The failure exceeded a limit.
        """
        limiter().count(*self._caller)


class CodeLookupGuard:
    """A context in which a code is looked up by a user, or by a credential without one.

    Entering it raises RateLimitExceeded for blocked callers. A refusal because of an
    unknown code leaves it as `FailedLookup`. `key_id` is None for callers that
    authenticate with the secret of the tenant.
    """

    __slots__ = ("_key_id", "_tenant_id", "_user_id")

    def __init__(
        self, tenant_id: str, user_id: str | None, key_id: str | None = None
    ) -> None:
        self._tenant_id, self._user_id, self._key_id = tenant_id, user_id, key_id

    def __enter__(self) -> "CodeLookupGuard":
        (_limiter or limiter()).check(self._tenant_id, self._user_id, self._key_id)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, ImpossibleCode):
            return
        if isinstance(error, Refused) and error.reason in FAILURE_REASONS:
            raise FailedLookup(
                error, self._tenant_id, user_id=self._user_id, key_id=self._key_id
            ) from None

    def count_outcome(self, reason: object) -> None:
        """Count a failure at once if the reason is an unknown code.

        For use cases that return the reason; must not be called in a transaction.

        Raises:
            RateLimitExceeded: The failure exceeded a limit.
        """
        if reason in FAILURE_REASONS:
            limiter().count(self._tenant_id, self._user_id, self._key_id)
