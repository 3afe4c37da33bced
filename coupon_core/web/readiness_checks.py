"""The checks of a gateway's readiness, each with a deadline of its own."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import structlog

from coupon_core.observability.error_summary import describe_error

log = structlog.get_logger("coupon.web")

CheckFunctions: TypeAlias = Mapping[str, Callable[[], str]]
"""A word for each thing; who cannot do without it raises instead."""
DEADLINE_SECONDS = 1.5


class ReadinessCheck:
    """A check that has failed once it takes longer than DEADLINE_SECONDS.

    It is made in a thread, for a frozen database keeps one waiting; never in two.
    """

    def __init__(self, name: str, check: Callable[[], str]) -> None:
        self.name = name
        self.check = check
        self.lock = threading.Lock()

    def start(self, results: dict[str, str]) -> threading.Thread:
        """Let a thread make the check and note its word, if it can be done."""
        thread = threading.Thread(target=self._run, args=(results,), daemon=True)
        thread.start()
        return thread

    def _run(self, results: dict[str, str]) -> None:
        if not self.lock.acquire(timeout=DEADLINE_SECONDS):
            return  # the one before waits still
        try:
            results[self.name] = self.check()
        except Exception as error:  # whatever a driver raises means the same here
            log.warning("not ready", check=self.name, error=describe_error(error))
        finally:
            self.lock.release()


def run_checks(checks: Sequence[ReadinessCheck]) -> dict[str, str | None]:
    """What the checks found; None for one that failed, or took too long.

    They run side by side, so that all of them together take one deadline.
    """
    results: dict[str, str] = {}
    deadline = time.monotonic() + DEADLINE_SECONDS
    for thread in [check.start(results) for check in checks]:
        thread.join(max(0.0, deadline - time.monotonic()))
    return {check.name: results.get(check.name) for check in checks}
