"""Count events in this process only, without I/O and with bounded memory."""

import threading
import time
from collections.abc import Hashable
from itertools import islice

from coupon_core.security.rate_limiting.policy import RateLimit

MAX_WINDOWS = 20_000
_EVICTED_SHARE = 10


class ProcessCounters:
    """Counters with fixed windows that begin with the first counted event.

    At most `MAX_WINDOWS` are kept. When there are more, those that have ended are
    dropped, and then the oldest tenth.
    """

    def __init__(self) -> None:
        self._windows: dict[tuple[str, Hashable], list[float]] = {}
        self._lock = threading.Lock()

    def count(self, rate_limit: RateLimit, key: Hashable) -> tuple[int, float]:
        """Count an event; return the count and the remaining seconds of the window."""
        now = time.monotonic()
        with self._lock:
            window = self._windows.get((rate_limit.name, key))
            if window is None or window[0] <= now:
                window = self._open_window((rate_limit.name, key), now, rate_limit)
            window[1] += 1
            return int(window[1]), window[0] - now

    def _open_window(
        self, name: tuple[str, Hashable], now: float, rate_limit: RateLimit
    ) -> list[float]:
        self._windows.pop(name, None)  # so that the order is that of the beginnings
        if len(self._windows) >= MAX_WINDOWS:
            self._drop_windows(now)
        window = self._windows[name] = [now + rate_limit.seconds, 0]
        return window

    def _drop_windows(self, now: float) -> None:
        windows = self._windows
        for name in [name for name, window in windows.items() if window[0] <= now]:
            del windows[name]
        if len(windows) >= MAX_WINDOWS:
            for name in list(islice(windows, MAX_WINDOWS // _EVICTED_SHARE)):
                del windows[name]
