"""A log of outages that does not repeat itself while they last."""

import threading
import time
from collections.abc import Callable

import structlog

from coupon_core.observability.error_summary import describe_error

log = structlog.get_logger("coupon.outage")

REPEAT_SECONDS = 60.0


class OutageLog:
    """Logs each failure once when it begins, then once a minute, and the recovery.

    Several reporters (threads, checks) share it. The outage is over when the last of
    them has recovered, so that they cannot contradict one another.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._reporters: set[object] = set()
        self._logged_at: dict[tuple[str, str], float] = {}

    def fail(
        self,
        event: str,
        error: BaseException | str,
        subject: str,
        reporter: object = None,
        **fields: object,
    ) -> None:
        """Log that `subject` fails, unless that was logged within the last minute.

        The reporter is this thread by default.
        """
        description = error if isinstance(error, str) else describe_error(error)
        now = self._clock()
        with self._lock:
            self._reporters.add(reporter or threading.get_ident())
            key = subject, description
            is_due = now >= self._logged_at.get(key, -REPEAT_SECONDS) + REPEAT_SECONDS
            if is_due:
                self._logged_at[key] = now
        if is_due:
            log.warning(event, subject=subject, error=description, **fields)

    def recover(self, reporter: object = None) -> None:
        """Log the end of an outage if this reporter was the last one that failed."""
        if not self._reporters:  # the usual case, without the lock
            return
        with self._lock:
            self._reporters.discard(reporter or threading.get_ident())
            is_over = bool(self._logged_at) and not self._reporters
            if is_over:
                self._logged_at.clear()
        if is_over:
            log.info("recovered")
