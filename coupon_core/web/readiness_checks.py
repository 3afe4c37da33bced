"""Readiness checks of a gateway, each with its own deadline."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from coupon_core.observability.outage_log import OutageLog

CheckFunctions: TypeAlias = Mapping[str, Callable[[], str]]
"""Checks by name; each returns one word, or raises if the gateway is not ready."""
CheckResult: TypeAlias = tuple[str, bool]
"""The word of a check, and whether the gateway is ready in this respect."""
DEADLINE_SECONDS = 1.5
UNAVAILABLE = "unavailable"


class NotReady(Exception):
    """The gateway is not ready; `status` is the word that says why."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class ReadinessCheck:
    """A check that fails if it takes longer than `DEADLINE_SECONDS`.

    It runs in a thread, because a frozen database would block the request. The lock
    keeps a check that hangs from running a second time at once.
    """

    def __init__(self, name: str, check: Callable[[], str]) -> None:
        self.name = name
        self.check = check
        self.lock = threading.Lock()
        self.outages = OutageLog()

    def start(self, results: dict[str, CheckResult]) -> threading.Thread:
        """Start the check in a thread that stores its result."""
        thread = threading.Thread(target=self._run, args=(results,), daemon=True)
        thread.start()
        return thread

    def _run(self, results: dict[str, CheckResult]) -> None:
        if not self.lock.acquire(timeout=DEADLINE_SECONDS):
            return  # the previous run still waits
        try:
            results[self.name] = self.check(), True
            self.outages.recover(self)
        except NotReady as error:
            results[self.name] = error.status, False
            self.outages.fail("not ready", error.status, self.name, self)
        except Exception as error:  # any driver error means not ready
            results[self.name] = UNAVAILABLE, False
            self.outages.fail("not ready", error, self.name, self)
        finally:
            self.lock.release()


def run_checks(checks: Sequence[ReadinessCheck]) -> dict[str, CheckResult]:
    """Return the results of the checks; one that took too long is unavailable.

    The checks run in parallel, so that together they take one deadline.
    """
    results: dict[str, CheckResult] = {}
    deadline = time.monotonic() + DEADLINE_SECONDS
    for thread in [check.start(results) for check in checks]:
        thread.join(max(0.0, deadline - time.monotonic()))
    overdue = UNAVAILABLE, False
    return {check.name: results.get(check.name, overdue) for check in checks}
