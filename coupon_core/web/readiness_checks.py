"""The checks of a gateway's readiness, each with a deadline of its own."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import structlog

from coupon_core.observability.error_summary import kind_of

log = structlog.get_logger("coupon.web")

Checks: TypeAlias = Mapping[str, Callable[[], str]]
"""A word for each thing; who cannot do without it raises instead."""
DEADLINE_SECONDS = 1.5


class Watched:
    """A check that has failed once it takes longer than DEADLINE_SECONDS.

    It is made in a thread, for a frozen database keeps one waiting; never in two.
    """

    def __init__(self, name: str, check: Callable[[], str]) -> None:
        self.name = name
        self.check = check
        self.turn = threading.Lock()

    def begin(self, found: dict[str, str]) -> threading.Thread:
        """Let a thread make the check and note its word, if it can be done."""
        thread = threading.Thread(target=self._look, args=(found,), daemon=True)
        thread.start()
        return thread

    def _look(self, found: dict[str, str]) -> None:
        if not self.turn.acquire(timeout=DEADLINE_SECONDS):
            return  # the one before waits still
        try:
            found[self.name] = self.check()
        except Exception as error:  # whatever a driver raises means the same here
            log.warning("not ready", check=self.name, error=kind_of(error))
        finally:
            self.turn.release()


def words(watched: Sequence[Watched]) -> dict[str, str | None]:
    """What the checks found; None for one that failed, or took too long.

    They run side by side, so that all of them together take one deadline.
    """
    found: dict[str, str] = {}
    until = time.monotonic() + DEADLINE_SECONDS
    for thread in [one.begin(found) for one in watched]:
        thread.join(max(0.0, until - time.monotonic()))
    return {one.name: found.get(one.name) for one in watched}
