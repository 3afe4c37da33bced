"""Readiness checks of a gateway, each with its own deadline."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import structlog

from coupon_core.observability.error_summary import describe_error

log = structlog.get_logger("coupon.web")

CheckFunctions: TypeAlias = Mapping[str, Callable[[], str]]
"""Checks by name; each returns one word, or raises if the gateway is not ready."""
DEADLINE_SECONDS = 1.5


class ReadinessCheck:
    """A check that fails if it takes longer than `DEADLINE_SECONDS`.

    It runs in a thread, because a frozen database would block the request. The lock
    keeps a check that hangs from running a second time at once.
    """

    def __init__(self, name: str, check: Callable[[], str]) -> None:
        self.name = name
        self.check = check
        self.lock = threading.Lock()

    def start(self, results: dict[str, str]) -> threading.Thread:
        """Start the check in a thread that stores its word unless the check fails."""
        thread = threading.Thread(target=self._run, args=(results,), daemon=True)
        thread.start()
        return thread

    def _run(self, results: dict[str, str]) -> None:
        if not self.lock.acquire(timeout=DEADLINE_SECONDS):
            return  # the previous run still waits
        try:
            results[self.name] = self.check()
        except Exception as error:  # any driver error means not ready
            log.warning("not ready", check=self.name, error=describe_error(error))
        finally:
            self.lock.release()


def run_checks(checks: Sequence[ReadinessCheck]) -> dict[str, str | None]:
    """Return the words of the checks; None for one that failed or took too long.

    The checks run in parallel, so that together they take one deadline.
    """
    results: dict[str, str] = {}
    deadline = time.monotonic() + DEADLINE_SECONDS
    for thread in [check.start(results) for check in checks]:
        thread.join(max(0.0, deadline - time.monotonic()))
    return {check.name: results.get(check.name) for check in checks}
